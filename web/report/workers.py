"""Draws reports in processes, a few at once and one for each account.

Each report has a process of its own (`web/report/process.py`), so that nothing that people wrote can
block or crash the server. Text goes through pipes only, never by a command line or a file.
"""

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from pathlib import Path
from weakref import WeakValueDictionary

from signaling.errors import ReportNotDrawn, ReportsBusy
from signaling.report import ReportLine
from web.report.process import Order, encode

AT_ONCE = 2
"Reports drawn at the same time, at most one of them for an account."
WAIT_SECONDS = 30.0
"In the queue: after longer waits browsers and proxies give up without an explanation."
DRAWING_SECONDS = 600.0
"For a report on a busy machine; the process itself limits its CPU time."

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

    async def draw(self, account_id: str, order: Order, lines: AsyncIterable[ReportLine]) -> bytes:
        """Draw a report when there is a place; ends with the calling task.

        Raises ReportsBusy if no place becomes free in time, ReportNotDrawn if drawing fails.
        """
        async with self._place(account_id):
            if self._stopping:
                raise ReportNotDrawn
            return await self._draw(order, lines)

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

    async def _draw(self, order: Order, lines: AsyncIterable[ReportLine]) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "web.report.process",
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=self._environment,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        self._processes.add(process)
        try:
            async with asyncio.timeout(DRAWING_SECONDS):
                written, _ = await asyncio.gather(
                    process.stdout.read(), _feed(process.stdin, order, lines)
                )
                status = await process.wait()
        except TimeoutError:
            written, status = b"not done in time", None
        finally:
            _kill(process)
            await process.wait()
            self._processes.discard(process)
        if status != 0:
            _log.error(
                "a report could not be drawn",
                extra={"status": status, "reason": written[:200].decode("ascii", "replace")},
            )
            raise ReportNotDrawn
        return written


async def _feed(
    writer: asyncio.StreamWriter, order: Order, lines: AsyncIterable[ReportLine]
) -> None:
    """Write a process's input, as long as it reads."""
    with contextlib.suppress(ConnectionError):
        writer.write(encode(order))
        async for line in lines:
            writer.write(encode(line))
            await writer.drain()
        writer.close()
        await writer.wait_closed()


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
