"""Notices that cannot be settled, read or sent block no others."""

import asyncio
import json
from datetime import datetime, timedelta

from signaling.flows.notices.claiming import recover
from signaling.flows.notices.sending import DOMAIN_AT_ONCE, IN_HAND
from tests.engines.databases import run
from tests.notices.desk import Desk
from tests.notices.test_phones import SMS, attempts
from web.keys import CLOCKWORK, SENDING, STORE

FORM = {"kind": "remote", "first_name": "A", "language": "en"}


async def queue(nurse: Desk, address: str, **fields: str) -> None:
    """Invite without waiting for the delivery."""
    answer = await nurse.person.post("/invites/new", {**FORM, "address": address, **fields})
    assert answer.status == 303, answer.text


async def recover_everything(nurse: Desk, now: datetime) -> None:
    """As after the end of the host that sends."""
    store = nurse.server.app[STORE]
    await run(store, "UPDATE notice SET claimed_by = 'a-host-that-died'")
    await store.write(lambda records: recover(records, now, lambda: 0.5))


async def damage_keys(nurse: Desk) -> None:
    """Damage the keys of all consultations so far, as a bad disk would."""
    store = nurse.server.app[STORE]
    await run(store, "UPDATE vault_key SET wrapped = ?", bytes(60))
    store.read.notices._vault._opened.clear()


async def ready(nurse: Desk) -> tuple[int, str]:
    answer = await nurse.person.get("/readyz")
    return answer.status, answer.text


async def test_an_outcome_for_a_notice_moved_elsewhere_does_not_block_the_next(
    nurse: Desk,
) -> None:
    nurse.outside.mail.released = asyncio.Event()
    await queue(nurse, "a@example.org")
    await nurse.outside.mail.arrived.wait()
    await recover_everything(nurse, nurse.now + timedelta(hours=25))
    nurse.outside.mail.released.set()
    await nurse.invite(address="b@example.org")
    assert nurse.outside.mail.asked == ["a@example.org", "b@example.org"]
    assert not nurse.server.app[SENDING]._done
    states = {state for _, state, _ in await attempts(nurse)}
    assert states == {"abandoned", "sent"}


async def test_an_answer_that_comes_before_the_next_try_spares_it(nurse: Desk) -> None:
    nurse.outside.mail.released = asyncio.Event()
    await queue(nurse, "a@example.org")
    await nurse.outside.mail.arrived.wait()
    await recover_everything(nurse, nurse.now)
    assert ("email", "failed", "interrupted") in await attempts(nurse)
    nurse.outside.mail.released.set()
    await nurse.deliver()
    assert await attempts(nurse) == [("email", "sent", "")]
    nurse.move(hours=2)
    await nurse.deliver()
    assert nurse.outside.mail.asked == ["a@example.org"]


async def sessions(nurse: Desk) -> list[str]:
    """Ids of the stored sessions, oldest first."""
    rows = await nurse.server.app[STORE]._database.read.rows("SELECT id FROM consultation")
    return [row["id"] for row in rows]


async def pass_days(nurse: Desk, days: int) -> None:
    for _ in range(days):
        nurse.move(hours=25)
        await nurse.server.app[CLOCKWORK].run_due()


async def test_a_damaged_key_blocks_no_mail_and_no_purge(nurse: Desk) -> None:
    async with nurse.server.app[SENDING]._busy:
        await queue(nurse, "a@example.org", note="for the first")
        await damage_keys(nurse)
        [damaged] = await sessions(nurse)
        await queue(nurse, "b@example.org", note="for the second")
    nurse.server.app[SENDING].wake()
    await nurse.deliver()
    assert nurse.outside.mail.asked == ["b@example.org"]
    assert damaged in await sessions(nurse)
    await pass_days(nurse, 2)  # one to expire, one to be purged
    assert await sessions(nurse) == []


async def test_what_cannot_be_purged_blocks_no_other_purge(nurse: Desk) -> None:
    await nurse.invite(address="a@example.org")
    [stubborn] = await sessions(nurse)
    await nurse.invite(address="b@example.org")
    store = nurse.server.app[STORE]
    await run(store, "CREATE TABLE stubborn (id TEXT REFERENCES consultation (id))")
    await run(store, "INSERT INTO stubborn VALUES (?)", stubborn)
    await pass_days(nurse, 2)
    assert await sessions(nurse) == [stubborn]
    await run(store, "DROP TABLE stubborn")
    await pass_days(nurse, 1)
    assert await sessions(nurse) == []


async def test_an_sms_leaves_while_more_mails_hang_than_may_be_claimed(nurse: Desk) -> None:
    nurse.outside.mail.hanging_domain = "hanging.example"
    async with nurse.server.app[SENDING]._busy:
        for number in range(IN_HAND["email"] + 1):
            await queue(nurse, f"a{number}@hanging.example")
    nurse.server.app[SENDING].wake()
    await nurse.outside.mail.hanging.acquire()
    await queue(nurse, **SMS)
    await nurse.outside.phones.arrived.wait()
    assert {state for channel, state, _ in await attempts(nurse) if channel == "email"} == {
        "sending"
    }
    nurse.outside.mail.awake.set()


async def test_a_domain_that_hangs_leaves_a_connection_for_others(nurse: Desk) -> None:
    nurse.outside.mail.hanging_domain = "hanging.example"
    async with nurse.server.app[SENDING]._busy:
        for number in range(10):
            await queue(nurse, f"a{number}@hanging.example")
    nurse.server.app[SENDING].wake()
    for _ in range(DOMAIN_AT_ONCE):
        await nurse.outside.mail.hanging.acquire()
    await queue(nurse, "b@example.org")
    await nurse.outside.mail.arrived.wait()
    assert {state for _, state, _ in await attempts(nurse)} <= {"sending", "sent"}
    assert [each.recipients for each in nurse.outside.mail.received] == [["b@example.org"]]
    nurse.outside.mail.awake.set()


async def test_a_lost_wake_is_made_up_for(nurse: Desk) -> None:
    async with nurse.server.app[SENDING]._busy:
        await queue(nurse, "a@example.org")
        nurse.server.app[CLOCKWORK].cancel("notices")
        await nurse.server.app[CLOCKWORK].run_due()
    nurse.move(minutes=1)
    await nurse.server.app[CLOCKWORK].run_due()
    assert nurse.outside.mail.asked == ["a@example.org"]


async def test_readiness_reports_a_stuck_queue_and_not_an_unreachable_provider(
    nurse: Desk,
) -> None:
    nurse.outside.mail.on_recipient = lambda address: "451 4.3.0 Come back later"
    await nurse.invite(address="a@example.org")
    nurse.move(minutes=11)
    await nurse.deliver()
    assert (await ready(nurse))[0] == 200
    async with nurse.server.app[SENDING]._busy:  # as one that never comes back would
        nurse.move(minutes=13)
        await nurse.server.app[CLOCKWORK].run_due()
        status, said = await ready(nurse)
        assert (status, json.loads(said)["status"]) == (503, "outbox")
    nurse.move(minutes=1)
    await nurse.server.app[CLOCKWORK].run_due()
    assert (await ready(nurse))[0] == 200
