"""The virus scanner: ClamAV's daemon, asked over its socket (clamd(8), command INSTREAM).

The file goes to it in blocks, each after its length in four bytes; a length of zero is the end.
The daemon may answer, and hang up, before it has everything. The socket is a plain one, because
asyncio's streams drop what has arrived as soon as a write fails: the answer would be lost.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Literal

from signaling.errors import N_, FileInfected, FileTooLarge, ScannerUnavailable

SCAN_WITHIN = 120.0
"Seconds for one file: the daemon gives up on a file after two minutes (MaxScanTime)."
PING_WITHIN = 2.0
"Seconds for an answer to monitoring."
LONGEST_ANSWER = 4096
_TOO_LARGE_FOR_IT = N_(
    "This file is too large for the virus scanner, so it was not sent. Please send a smaller one."
)

_log = logging.getLogger(__name__)


class ClamAv:
    """Scans files through the daemon that listens on `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def scan(self, source: AsyncIterable[bytes]) -> None:
        """Raises FileInfected, FileTooLarge for its limit, or ScannerUnavailable."""
        try:
            async with asyncio.timeout(SCAN_WITHIN), self._connected() as daemon:
                answer = await _ask(daemon, source)
        except (TimeoutError, ScannerUnavailable) as error:
            self._no_answer(repr(error.__cause__ or error))
            raise ScannerUnavailable from None
        if answer.endswith(" OK"):
            return
        if answer.endswith(" FOUND"):
            # the daemon's name for what it found, nothing of the file
            found = answer.removeprefix("stream: ").removesuffix(" FOUND")
            _log.warning(
                "a file was refused: the virus scanner found something", extra={"found": found}
            )
            raise FileInfected
        if "size limit exceeded" in answer:
            _log.warning(
                "a file was refused: it is larger than StreamMaxLength of the virus scanner"
            )
            raise FileTooLarge(_TOO_LARGE_FOR_IT)
        self._no_answer(answer or "it hung up")
        raise ScannerUnavailable

    async def state(self) -> Literal["ok", "unreachable"]:
        """Whether the daemon answers now."""
        try:
            async with asyncio.timeout(PING_WITHIN), self._connected() as daemon:
                await asyncio.get_running_loop().sock_sendall(daemon, b"zPING\0")
                return "ok" if await _answer(daemon) == "PONG" else "unreachable"
        except (ScannerUnavailable, OSError):  # a TimeoutError is an OSError
            return "unreachable"

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[socket.socket]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as daemon:
            daemon.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(daemon, str(self._path))
            except OSError as error:
                raise ScannerUnavailable from error
            yield daemon

    def _no_answer(self, reason: str) -> None:
        _log.error(
            "a file was refused: the virus scanner did not judge it",
            extra={"socket": str(self._path), "reason": reason},
        )


async def _ask(daemon: socket.socket, source: AsyncIterable[bytes]) -> str:
    """The daemon's answer; empty if it hung up without one."""
    send = asyncio.get_running_loop().sock_sendall
    with contextlib.suppress(ConnectionError):
        await send(daemon, b"zINSTREAM\0")
        async for block in source:
            await send(daemon, len(block).to_bytes(4, "big") + block)
        await send(daemon, bytes(4))
    return await _answer(daemon)


async def _answer(daemon: socket.socket) -> str:
    """What the daemon says up to its zero byte; empty if it hangs up before, or says too much."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while len(received) <= LONGEST_ANSWER:
            part = await asyncio.get_running_loop().sock_recv(daemon, LONGEST_ANSWER)
            received += part
            if b"\0" in part:
                return received.partition(b"\0")[0].decode("utf-8", "replace")
            if not part:
                break
    return ""
