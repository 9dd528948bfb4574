"""With any length of chat, a session can be entered, read to its first line, and closed."""

import asyncio
import re
import time

import aiohttp
import pytest

from signaling.chat import AUTHOR_BYTES, EVENT_LINES, stored_bytes
from tests.people import Person, Refused, Wire
from tests.serving import Server
from tests.web.pages.long_chat import planned, write
from web.connections import sockets
from web.keys import STORE


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
            lines = [line for line in await wire.chat() if line["kind"] == "text"]
            assert [line["text"][:4] for line in lines] == [f"{n:04}" for n in range(3000)]
        between = await desk.chat_page(after=7, before=10)
        assert [line["position"] for line in between] == [8, 9]
        assert (await desk.chat_page(after=2999))[0]["position"] == 3000
        await amina.say("still here")
        await desk.say("so am I")
        await desk.command("terminate_consultation", choice="close")
        assert await amina.end() == 4410


async def test_nobody_is_too_slow_for_their_own_welcome(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MAX_QUEUED_BYTES", 5_000)
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


class Neighbor:
    """Write in another session all the time. Returns the longest wait for an acknowledgement."""

    def __init__(self, wire: Wire) -> None:
        self._writing = asyncio.create_task(self._write(wire))
        self.slowest = 0.0

    async def _write(self, wire: Wire) -> None:
        while True:
            began = time.monotonic()
            await wire.say("and I am here")
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        self._writing.cancel()
        await asyncio.wait([self._writing])


@pytest.mark.soak
async def test_a_hundred_thousand_lines_are_entered_read_back_closed_and_exported(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [
        f"{number:06} Two of them in the morning, and one at night" for number in range(100_000)
    ]
    began = time.monotonic()
    done: list[str] = []

    def note(what: str) -> None:
        done.append(f"{what} at {time.monotonic() - began:.1f} s, slowest {neighbor.slowest:.2f} s")
        neighbor.slowest = 0.0

    async with Person(server) as nurse, Person(server) as phone, Person(server) as other:
        laid = await planned(server, nurse, phone)
        neighbor = Neighbor(await other.enter(invite_id=await other.join(await nurse.invite())))
        authors = (laid.seat, laid.scheduler_id, "somebody-else")
        stored = [(authors[number % 3], text) for number, text in enumerate(texts)]
        await write(server, laid.consultation_id, stored)
        note("written")
        amina = await phone.enter(invite_id=laid.seat)
        desk = await nurse.enter(consultation_id=laid.consultation_id)
        await desk.command("start_consultation")
        note("entered")
        for lines in await asyncio.gather(amina.chat(), desk.chat()):
            assert [line["text"] for line in lines if line["kind"] == "text"] == texts
        note("read back")
        await amina.say("the last one")
        await desk.command("terminate_consultation", choice="close")
        assert await amina.end() == 4410
        note("closed")
        assert (
            len(await server.app[STORE].read.chat.of_consultation(laid.consultation_id)) > 100_000
        )
        note("opened for an export")
        address = f"/sessions/{laid.consultation_id}/report.pdf"
        parts = re.findall(r'name="part" value="(\d+)"', (await nurse.get(address)).text)
        assert len(parts) > 1
        for part in parts:
            exported = await nurse.ask(
                "GET", f"{address}?part={part}", timeout=aiohttp.ClientTimeout(3600)
            )
            assert exported.body.startswith(b"%PDF")
            note(f"exported part {part}, {len(exported.body) / 2**20:.1f} MiB,")
        await neighbor.stop()
    with capsys.disabled():
        print("", *done, sep="\n")
