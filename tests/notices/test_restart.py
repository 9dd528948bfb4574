"""Messages that must not be repeated, across a restart of the server."""

import asyncio
from datetime import timedelta
from pathlib import Path

from signaling.flows.notices.claiming import claim
from signaling.flows.notices.sending import IN_HAND
from tests.notices.desk import Desk, Outside, desk
from web.keys import SENDING, STORE


async def states(nurse: Desk) -> list[str]:
    read = nurse.server.app[STORE].read
    account = await read.accounts.by_email("nurse@example.org")
    assert account is not None
    found = []
    for consultation in await read.consultations.visible_to(account.id, ("planned",)):
        for notice in await read.notices.of_consultation(consultation.id):
            found += [attempt.state for attempt in await read.notices.attempts(notice.id)]
    return sorted(found)


async def test_only_what_may_have_left_stays_unknown(tmp_path: Path, around: Outside) -> None:
    async with desk(tmp_path / "data", around) as nurse:
        form = {"kind": "remote", "first_name": "A", "language": "en", "channel": "sms"}
        sending = nurse.server.app[SENDING]
        async with sending._busy:  # nothing is handed over while the server is being stopped
            for number in range(3):
                typed = {**form, "address": f"+4179123456{number}"}
                assert (await nurse.person.post("/invites/new", typed)).status == 303
            jobs = await nurse.server.app[STORE].write(
                lambda records: claim(records, nurse.now, IN_HAND)
            )
            assert len(jobs) == 3
            assert await sending._take(jobs[0])  # it leaves, and then the power fails
            assert await states(nurse) == ["queued", "queued", "sending"]
            now = nurse.now
            nurse.server.app[SENDING]._timers.cancel("notices")

    async with desk(tmp_path / "data", around, now) as nurse:
        await nurse.deliver()
        assert await states(nurse) == ["sent", "sent", "unknown"]
        reached = {each["to"] for each in around.phones.messages}
        assert len(around.phones.messages) == 2
        assert jobs[0].envelope.address.lstrip("+") not in reached


async def test_a_stopping_server_receives_the_answer_it_waits_for(
    tmp_path: Path, around: Outside
) -> None:
    around.mail.released = asyncio.Event()
    async with desk(tmp_path / "data", around) as nurse:
        form = {"kind": "remote", "first_name": "A", "language": "en", "address": "a@example.org"}
        assert (await nurse.person.post("/invites/new", form)).status == 303
        await around.mail.arrived.wait()
        now = nurse.now
        asyncio.get_running_loop().call_later(0.3, around.mail.released.set)
    async with desk(tmp_path / "data", around, now + timedelta(hours=1)) as nurse:
        await nurse.deliver()
        assert await states(nurse) == ["sent"]
    assert len(around.mail.received) == 1


async def test_what_was_canceled_meanwhile_does_not_leave(tmp_path: Path, around: Outside) -> None:
    async with desk(tmp_path / "data", around) as nurse:
        sending = nurse.server.app[SENDING]
        async with sending._busy:
            form = {"kind": "remote", "first_name": "A", "language": "en", "channel": "sms"}
            await nurse.person.post("/invites/new", {**form, "address": "+41791234567"})
            [job] = await nurse.server.app[STORE].write(
                lambda records: claim(records, nurse.now, IN_HAND)
            )
            page = (await nurse.person.get("/invites")).text
            session = page.split('data-consultation-id="')[1].split('"')[0]
            assert (await nurse.person.post(f"/sessions/{session}/cancel")).status == 303
            assert not await sending._take(job)
        now = nurse.now
    texts = len(around.texts)
    async with desk(tmp_path / "data", around, now) as nurse:
        await nurse.deliver()
        assert all("invites you" not in text for text in around.texts[texts:])
