"""What somebody in a session can add to the database has an end that honest people never meet."""

from collections.abc import AsyncIterator

import pytest

from signaling.chat import EVENT_LINES
from signaling.command import MOST, Command
from signaling.ports.store import Records
from tests.people import Person, Refused, an_id
from tests.serving import Server
from tests.web.pages.long_chat import Written, planned, write
from web.keys import STORE


@pytest.fixture
async def laid(server: Server) -> AsyncIterator[Written]:
    async with Person(server) as nurse, Person(server) as phone:
        yield await planned(server, nurse, phone)


async def count(server: Server, sql: str, *values: str) -> int:
    found = await server.app[STORE]._database.read.row(f"SELECT COUNT(*) AS n FROM {sql}", values)
    assert found is not None
    return int(found["n"])


async def test_who_has_called_too_often_calls_no_more_and_keeps_nobody_else_from_it(
    server: Server, laid: Written
) -> None:
    async def work(records: Records) -> None:
        for _ in range(MOST - 3):
            command = Command(laid.seat, an_id())
            await records.commands.mark_done(laid.consultation_id, command)

    await server.app[STORE].write(work)
    amina = await laid.phone.enter(invite_id=laid.seat)
    desk = await laid.nurse.enter(consultation_id=laid.consultation_id)
    await desk.command("start_consultation")
    await amina.command("call_start", id="call-000001", media="audio")
    await amina.command("call_leave", call_id="call-000001")
    await amina.command("call_start", id="call-000002", media="audio")
    await desk.command("call_accept", call_id="call-000002")
    await amina.command("call_leave", call_id="call-000002")
    rows = await count(server, "call"), await count(server, "command"), await count(server, "audit")
    for _ in range(3):
        with pytest.raises(Refused, match="calls_full"):
            await amina.command("call_start", media="audio")
    assert rows == (
        await count(server, "call"), await count(server, "command"), await count(server, "audit"),
    )  # fmt: skip
    await amina.command("call_start", id="call-000002", media="audio")
    await desk.command("call_start", id="call-000003", media="audio")
    with pytest.raises(Refused, match="calls_full"):
        await amina.command("call_accept", call_id="call-000003")
    await amina.command("call_decline", call_id="call-000003")
    await amina.say("still here")


async def test_a_call_of_another_session_is_not_touched(server: Server, laid: Written) -> None:
    async with Person(server) as other:
        elsewhere = await planned(server, laid.nurse, other)
        amina = await laid.phone.enter(invite_id=laid.seat)
        paul = await other.enter(invite_id=elsewhere.seat)
        for session in (laid, elsewhere):
            desk = await laid.nurse.enter(consultation_id=session.consultation_id)
            await desk.command("start_consultation")
        await amina.command("call_start", id="call-of-amina", media="audio")
        with pytest.raises(Refused, match="conflict"):
            await paul.command("call_start", id="call-of-amina", media="video")
        await paul.command("call_start", media="video")
        assert await count(server, "call WHERE consultation_id = ?", laid.consultation_id) == 1
        stored = await server.app[STORE].read.calls.current(laid.consultation_id)
        assert stored is not None and stored.started_by == laid.seat


async def test_a_call_cannot_be_started_again_by_somebody_else(
    server: Server, laid: Written
) -> None:
    amina = await laid.phone.enter(invite_id=laid.seat)
    desk = await laid.nurse.enter(consultation_id=laid.consultation_id)
    await desk.command("start_consultation")
    for call in ("call-000001", "call-000002"):
        await amina.command("call_start", id=call, media="audio")
        await amina.command("call_leave", call_id=call)
    for call in ("call-000001", "call-000002"):
        with pytest.raises(Refused, match="conflict"):
            await desk.command("call_start", id=call, media="audio")
        await amina.command("call_start", id=call, media="audio")
    assert await count(server, "call WHERE state = 'ended'") == 2


async def test_coming_again_and_again_adds_no_more_to_the_audit_than_to_the_chat(
    server: Server, laid: Written
) -> None:
    await write(server, laid.consultation_id, [(laid.seat, "")] * EVENT_LINES, "left")
    before = await count(server, "audit")
    for _ in range(3):
        amina = await laid.phone.enter(invite_id=laid.seat)
        await amina.say("here")
        await amina.ws.close()
    assert await count(server, "audit") == before
