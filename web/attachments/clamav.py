"""The virus scanner: ClamAV's daemon, asked over its socket (clamd(8), command INSTREAM).

The file goes to it in blocks, each after its length in four bytes; a length of zero is the end.
The daemon may answer, and hang up, before it has everything.
"""

import asyncio
import contextlib
import logging
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
    """Scans files through the daemon that listens on `socket`."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def scan(self, source: AsyncIterable[bytes]) -> None:
        """Raises FileInfected, FileTooLarge for its limit, or ScannerUnavailable."""
        try:
            async with asyncio.timeout(SCAN_WITHIN), self._connected() as (reader, writer):
                answer = await _ask(reader, writer, source)
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
            async with asyncio.timeout(PING_WITHIN), self._connected() as (reader, writer):
                writer.write(b"zPING\0")
                return "ok" if await reader.readuntil(b"\0") == b"PONG\0" else "unreachable"
        except (
            ScannerUnavailable, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError,
        ):  # fmt: skip
            return "unreachable"

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket, limit=LONGEST_ANSWER)
        except OSError as error:
            raise ScannerUnavailable from error
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def _no_answer(self, reason: str) -> None:
        _log.error(
            "a file was refused: the virus scanner did not judge it",
            extra={"socket": str(self._socket), "reason": reason},
        )


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: AsyncIterable[bytes]
) -> str:
    """The daemon's answer; empty if it hung up without one."""
    # waits from the beginning: an answer that comes before a failed write must not get lost
    answer = asyncio.create_task(reader.readuntil(b"\0"))
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(b"zINSTREAM\0")
            async for block in source:
                if answer.done():
                    break
                writer.write(len(block).to_bytes(4, "big") + block)
                await writer.drain()
            writer.write(bytes(4))
        try:
            return (await answer)[:-1].decode("utf-8", "replace")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return ""
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
