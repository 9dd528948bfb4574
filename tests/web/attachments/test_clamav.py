"""The virus scanner is asked as it wants to be asked: a real daemon judges what is sent to it."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.errors import FileInfected, FileTooLarge, ScannerUnavailable
from tests.web.attachments.clamd import EICAR, STREAM_MEGABYTES, Daemon, running_daemon
from web.attachments.clamav import ClamAv

pytestmark = pytest.mark.slow

MIB = 2**20


@pytest.fixture(scope="module")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Daemon]:
    async with running_daemon(tmp_path_factory.mktemp("clamd")) as running:
        yield running


async def blocks(content: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_a_clean_file_passes(daemon: Daemon) -> None:
    scanner = ClamAv(daemon.socket)
    assert await scanner.state() == "ok"
    await scanner.scan(blocks(os.urandom(MIB)))
    await scanner.scan(blocks(b""))


async def test_what_the_scanner_finds_is_refused_and_the_log_names_it(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(FileInfected):
        await ClamAv(daemon.socket).scan(blocks(EICAR))
    [line] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "Eicar-Test" in line.__dict__["found"]


async def test_it_is_found_across_the_border_of_two_blocks(daemon: Daemon) -> None:
    with pytest.raises(FileInfected):
        await ClamAv(daemon.socket).scan(blocks(b"%PDF-1.7\n" + EICAR, size=40))


async def test_a_file_beyond_the_scanners_own_limit_has_a_sentence(daemon: Daemon) -> None:
    for size in (STREAM_MEGABYTES * MIB + 1, 20 * MIB):
        with pytest.raises(FileTooLarge) as refused:
            await ClamAv(daemon.socket).scan(blocks(os.urandom(size)))
        assert "virus scanner" in refused.value.sentence


async def test_an_answer_that_came_before_a_write_failed_is_read(tmp_path: Path) -> None:
    """The daemon hangs up between two blocks, with half of the first one unread."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "clamd.ctl"))
        listening.listen()
        listening.setblocking(False)

        async def file() -> AsyncIterator[bytes]:
            yield bytes(65536)
            # without a turn of the loop in between, so that the next write is the first to know
            with listening.accept()[0] as daemon:
                daemon.setblocking(False)
                daemon.recv(32768)
                daemon.sendall(b"INSTREAM size limit exceeded. ERROR\0")
            yield bytes(65536)

        with pytest.raises(FileTooLarge):
            await ClamAv(tmp_path / "clamd.ctl").scan(file())


async def test_ten_files_at_once_are_judged_each_by_itself(daemon: Daemon) -> None:
    scanner = ClamAv(daemon.socket)
    files = [EICAR if number % 2 else os.urandom(MIB) for number in range(10)]
    judged = await asyncio.gather(*(scanner.scan(blocks(f)) for f in files), return_exceptions=True)
    assert [isinstance(each, FileInfected) for each in judged] == [n % 2 == 1 for n in range(10)]


async def test_a_scanner_that_is_not_there_refuses_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain_file = tmp_path / "file"
    plain_file.touch()
    for place in (tmp_path / "nowhere", plain_file, tmp_path):
        caplog.clear()
        scanner = ClamAv(place)
        assert await scanner.state() == "unreachable"
        with pytest.raises(ScannerUnavailable):
            await scanner.scan(blocks(b"a photo"))
        assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("answer", [b"", b"stream: OK", b"nonsense\0", b"x" * 100_000])
async def test_an_answer_that_is_none_refuses(tmp_path: Path, answer: bytes) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(hang_up, tmp_path / "clamd.ctl"):
        scanner = ClamAv(tmp_path / "clamd.ctl")
        assert await scanner.state() == "unreachable"
        with pytest.raises(ScannerUnavailable):
            await scanner.scan(blocks(bytes(10 * MIB)))


async def test_a_scanner_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        writer.close()

    monkeypatch.setattr("web.attachments.clamav.SCAN_WITHIN", 0.2)
    async with await asyncio.start_unix_server(listen, tmp_path / "clamd.ctl"):
        with pytest.raises(ScannerUnavailable):
            await ClamAv(tmp_path / "clamd.ctl").scan(blocks(b"a photo"))


async def test_a_fault_of_the_disk_is_not_the_scanners(daemon: Daemon) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"the beginning"
        raise OSError("Input/output error")

    with pytest.raises(OSError, match="Input"):
        await ClamAv(daemon.socket).scan(broken())
