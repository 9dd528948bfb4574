"""Draws reports in processes, a few at once and one for each account.

Each report has a process of its own (`web/report/process.py`), so that nothing that people wrote can
block or crash the server. Text goes through pipes only, never by a command line or a file.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from pathlib import Path
from typing import NoReturn
from weakref import WeakValueDictionary

from signaling.errors import ReportNotDrawn, ReportsBusy
from web.report.process import Order, encode

AT_ONCE = 2
"Reports drawn at the same time, at most one of them for an account."
WAIT_SECONDS = 30.0
"In the queue: after longer waits browsers and proxies give up without an explanation."
DRAWING_SECONDS = 600.0
"For a report on a busy machine; the process itself limits its CPU time."

BLOCK = 64 * 1024

_log = logging.getLogger(__name__)


class ReportWorkers:
    """Draws reports, AT_ONCE at a time. `environment` is that of the processes."""

    def __init__(self, environment: Mapping[str, str], patience: float = WAIT_SECONDS) -> None:
        self.patience = patience
        "Seconds that somebody waits in the queue."
        self._environment = dict(environment)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._accounts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._processes: set[Process] = set()
        self._stopping = False

    @property
    def process_ids(self) -> list[int]:
        """Ids of the running processes."""
        return [process.pid for process in self._processes]

    @contextlib.asynccontextmanager
    async def draw(
        self, account_id: str, order: Order, content: AsyncIterable[bytes]
    ) -> AsyncIterator["Drawn"]:
        """Draw a report when there is a place, and hold the place until it is read.

        `content` is what follows the order in the process's input. Raises ReportsBusy if no place
        becomes free in time, ReportNotDrawn if drawing fails.
        """
        async with self._place(account_id):
            if self._stopping:
                raise ReportNotDrawn
            async with self._process(order, content) as drawn:
                yield drawn

    def stop(self) -> None:
        """End the running processes, and start no more."""
        self._stopping = True
        for process in self._processes:
            _kill(process)

    @contextlib.asynccontextmanager
    async def _place(self, account_id: str) -> AsyncIterator[None]:
        own = self._accounts.setdefault(account_id, asyncio.Lock())
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self.patience):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._places)
            except TimeoutError:
                raise ReportsBusy from None
            yield

    @contextlib.asynccontextmanager
    async def _process(self, order: Order, content: AsyncIterable[bytes]) -> AsyncIterator["Drawn"]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "web.report.process", str(os.getpid()),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=self._environment,
            cwd=Path(__file__).parents[2], process_group=0,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        self._processes.add(process)
        feeding = asyncio.create_task(_feed(process.stdin, order, content))
        try:
            drawn = Drawn(process)
            await drawn.begin(feeding)
            yield drawn
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            _kill(process)
            # what is left in the pipe would keep it open, with its descriptor
            while await process.stdout.read(BLOCK):
                pass
            await process.wait()
            self._processes.discard(process)


class Drawn:
    """A report that is drawn, on its way out of its process: never held as a whole."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        self._process = process
        self._output = process.stdout
        self._first = b""

    async def begin(self, feeding: "asyncio.Task[None]") -> None:
        """Wait for the first bytes, which come when all of it is drawn. Raises ReportNotDrawn."""
        try:
            async with asyncio.timeout(DRAWING_SECONDS):
                self._first, _ = await asyncio.gather(self._output.read(BLOCK), feeding)
        except TimeoutError:
            self._failed(None, b"not done in time")
        if not self._first.startswith(b"%PDF-"):
            complaint = self._first + await self._output.read()
            self._failed(await self._process.wait(), complaint)

    async def blocks(self) -> AsyncIterator[bytes]:
        """The bytes of the PDF. Raises ReportNotDrawn, maybe in the middle."""
        block = self._first
        while block:
            yield block
            block = await self._output.read(BLOCK)
        if status := await self._process.wait():
            self._failed(status, b"ended while it was read")

    @staticmethod
    def _failed(status: int | None, reason: bytes) -> NoReturn:
        _log.error(
            "a report could not be drawn",
            extra={"status": status, "reason": reason[:200].decode("ascii", "replace")},
        )
        raise ReportNotDrawn


async def _feed(writer: asyncio.StreamWriter, order: Order, content: AsyncIterable[bytes]) -> None:
    """Write a process's input, as long as it reads."""
    with contextlib.suppress(ConnectionError):
        writer.write(encode(order))
        async for block in content:
            writer.write(block)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


def _kill(process: Process) -> None:
    """Kill a process with its fork that tries a PDF, which are a process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
