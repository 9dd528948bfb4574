"""However much was written, a session can be entered, read to its first line, and closed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.chat import AUTHOR_BYTES, EVENT_LINES, stored_bytes
from tests.people import Person, Refused
from tests.serving import Server, serving
from tests.web.long_chat import planned, read_back, write
from web import socket


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        await running.account()
        yield running


async def test_much_that_was_written_keeps_nobody_out(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as phone:
        laid = await planned(server, nurse, phone)
        authors = (laid.seat, laid.scheduler_id)
        await write(
            server,
            laid.consultation_id,
            [(authors[number % 2], f"{number:04}" + "x" * 3996) for number in range(3000)],
        )
        amina = await phone.enter(invite_id=laid.seat)
        desk = await nurse.enter(consultation_id=laid.consultation_id)
        await desk.command("start_consultation")
        for wire in (amina, desk):
            lines = [line for line in await read_back(wire) if line["kind"] == "text"]
            assert [line["text"][:4] for line in lines] == [f"{n:04}" for n in range(3000)]
        await amina.say("still here")
        await desk.say("so am I")
        await desk.command("terminate_consultation", choice="close")
        assert await amina.end() == 4410


async def test_nobody_is_too_slow_for_their_own_welcome(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "MAX_QUEUED_BYTES", 5_000)
    async with Person(server) as nurse, Person(server) as phone:
        laid = await planned(server, nurse, phone)
        await write(server, laid.consultation_id, [(laid.seat, "x" * 4000)] * 10)
        amina = await phone.enter(invite_id=laid.seat)
        await amina.say("here")


async def test_an_author_is_told_before_the_chat_is_full_and_nothing_else_stops(
    server: Server,
) -> None:
    async with Person(server) as nurse, Person(server) as phone:
        laid = await planned(server, nurse, phone)
        full = AUTHOR_BYTES // stored_bytes("x" * 4000)
        await write(server, laid.consultation_id, [(laid.seat, "x" * 4000)] * (full - 1))
        amina = await phone.enter(invite_id=laid.seat)
        desk = await nurse.enter(consultation_id=laid.consultation_id)
        await desk.command("start_consultation")
        last = await amina.say("x" * 4000, "message-last")
        assert last["nearly_full"] is True
        with pytest.raises(Refused, match="chat_full"):
            await amina.say("x" * 4000)
        assert await amina.say("x" * 4000, "message-last") == last
        assert "nearly_full" not in await desk.say("I can still answer")
        await desk.command("terminate_consultation", choice="close")
        assert await amina.end() == 4410


async def test_who_has_come_and_gone_too_often_still_comes_and_the_session_still_closes(
    server: Server,
) -> None:
    async with Person(server) as nurse, Person(server) as phone:
        laid = await planned(server, nurse, phone)
        for author in (laid.seat, laid.scheduler_id):
            await write(server, laid.consultation_id, [(author, "")] * EVENT_LINES, "left")
        amina = await phone.enter(invite_id=laid.seat)
        desk = await nurse.enter(consultation_id=laid.consultation_id)
        await desk.command("start_consultation")
        first = await amina.say("here")
        assert first["position"] == 2 * EVENT_LINES + 1
        await desk.command("terminate_consultation", choice="close")
        assert await amina.end() == 4410
