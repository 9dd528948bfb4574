"""With a virus scanner: what it finds is refused, and so is everything while it does not answer."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from tests.files import BLOCK, photo
from tests.people import PATIENCE, Person
from tests.web.attachments.clamd import EICAR, STREAM_MEGABYTES, running_daemon
from tests.web.pages.ward import MIB, Ward, opened, raw, refused

pytestmark = pytest.mark.slow


async def scanner(ward: Ward) -> str:
    async with Person(ward.server) as monitor:
        return str(json.loads((await monitor.get("/readyz")).text)["scanner"])


async def test_what_the_scanner_finds_is_refused_and_a_photo_is_taken(tmp_path: Path) -> None:
    async with (
        running_daemon(tmp_path) as daemon,
        opened(tmp_path / "data", TELECONNECT_CLAMAV_SOCKET=str(daemon.socket)) as ward,
    ):
        assert await scanner(ward) == "ok"
        assert await refused(ward.amina, EICAR) == (422, "file_infected")
        hidden = photo() + EICAR
        assert await refused(ward.amina, hidden) == (422, "file_infected")
        too_much = bytes(STREAM_MEGABYTES * MIB + 1)
        assert await refused(ward.amina, too_much) == (413, "file_too_large")
        assert await ward.stored() == []
        await ward.amina.send(photo())
        assert len(await ward.attachments()) == 1


async def test_without_an_answer_nothing_is_taken_and_chat_goes_on(tmp_path: Path) -> None:
    async with (
        running_daemon(tmp_path) as daemon,
        opened(tmp_path / "data", TELECONNECT_CLAMAV_SOCKET=str(daemon.socket)) as ward,
    ):
        await daemon.stop()
        assert await scanner(ward) == "unreachable"
        for sender in (ward.amina, ward.nurse):
            assert await refused(sender, photo()) == (422, "scanner_unavailable")
        assert await ward.stored() == []
        assert await ward.seat.say("No photo today")


async def test_asking_again_while_a_file_is_scanned_changes_nothing_of_it(tmp_path: Path) -> None:
    """A browser that has waited for long asks again, with nothing left to send."""
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def scan(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0")
        begun.set()
        await goes_on.wait()
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            await reader.readexactly(size)
        writer.write(b"stream: OK\0")
        writer.close()

    socket = tmp_path / "clamd.ctl"
    content = photo()
    content += bytes(40 * BLOCK - len(content))  # more than a socket takes unread
    async with (
        await asyncio.start_unix_server(scan, socket),
        opened(tmp_path / "data", TELECONNECT_CLAMAV_SOCKET=str(socket)) as ward,
    ):
        await ward.amina.create(content, "file-000001")
        first = asyncio.create_task(ward.amina.piece("file-000001", 0, content))
        await begun.wait()
        reader, writer = await raw(ward, "file-000001", len(content), 1, "Expect: 100-continue")
        assert (await first).status == 409
        goes_on.set()
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readline()).split()[1] == b"204", "not 100: no byte is wanted"
        writer.close()
        assert len(await ward.attachments()) == 1


async def test_asking_again_when_the_session_is_over_ends_the_scan(tmp_path: Path) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def scan(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0")
        begun.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        ended.set()

    socket = tmp_path / "clamd.ctl"
    content = photo()
    async with (
        await asyncio.start_unix_server(scan, socket),
        opened(tmp_path / "data", TELECONNECT_CLAMAV_SOCKET=str(socket)) as ward,
        asyncio.timeout(PATIENCE),
    ):
        await ward.desk.command("start_consultation")
        await ward.nurse.create(content, "file-000001")
        first = asyncio.create_task(ward.nurse.piece("file-000001", 0, content))
        await begun.wait()
        await ward.desk.command("terminate_consultation", choice="close")
        assert (await ward.nurse.piece("file-000001", len(content), b"")).status == 410
        assert (await first).status == 409
        await ended.wait()
        assert await ward.stored() == []


async def test_without_a_scanner_readiness_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as ward:
        assert await scanner(ward) == "off"
        await ward.amina.send(photo() + EICAR)
