"""Has files examined, one at a time and in turns of their sessions, in processes of their own.

A helper (`web/attachments/process.py`) waits with its libraries loaded and forks for each file. The
server keeps no file in memory: blocks go in, blocks come out. What comes out is not believed: a
decoder that was taken over by a file could have written it.
"""

import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from signaling.errors import FileRefused, FileUnreadable, Unavailable
from web.attachments.fair_turns import FairTurns
from web.attachments.job import (
    LARGE,
    LINE_BYTES,
    PAGE,
    READY,
    SMALL,
    Job,
    Outcome,
    Rendition,
    encode,
)

BLOCK_BYTES = 64 * 1024
FILE_SECONDS = 120.0
"For one file, with its way in and out; the process itself limits its processor time."
START_SECONDS = 60.0
"For the helper to load its libraries."
IDLE_SECONDS = 300.0
"After the last file the helper ends; it takes some 50 MB."
RENDITION_BYTES = 20 * 2**20
"The largest rendition that is believed; that of a photo full of noise has 6 MB."

Keep = Callable[[Rendition, AsyncIterator[bytes]], Awaitable[None]]
"Takes a rendition and its bytes in blocks; called once for each, in their order."

_REFUSALS = {error.code: error for error in FileRefused.__subclasses__()}
_LONGEST = {"large": LARGE, "small": SMALL, "preview": SMALL}
_PAGE_NAME = re.compile(r"page-[1-9][0-9]{0,5}")
_NOTES = {"contains_files", "needs_acrobat", "no_preview"}

_VARIABLES = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH")
"Of the environment, what a Python program may need to start."

_log = logging.getLogger(__name__)


class FileWorkers:
    """Examines files. Of `environment` the processes get what they need to start."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.patience = FILE_SECONDS
        "Seconds for one file."
        self._environment = {name: environment[name] for name in _VARIABLES if name in environment}
        self._turns = FairTurns()
        self._helper: _Helper | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Future[int]] = set()
        self._stopping = False

    @property
    def process_id(self) -> int | None:
        """The id of the helper, while there is one."""
        return self._helper.process.pid if self._helper else None

    async def examine(
        self, size: int, source: AsyncIterable[bytes], keep: Keep, *, whose: str = ""
    ) -> Outcome:
        """What a file of `size` bytes is; its renditions go to `keep`.

        Files of different sessions (`whose`) take turns. Raises a FileRefused that says what to do,
        Unavailable if no process can be started. Errors of `source` and `keep` are passed on.
        """
        return await self._do(Job("examine", size), source, keep, whose)

    async def page(
        self, size: int, number: int, source: AsyncIterable[bytes], keep: Keep, *, whose: str = ""
    ) -> Outcome:
        """Draw a page of a PDF, counted from 1, as rendition `page-N`; else like `examine`."""
        return await self._do(Job("page", size, number), source, keep, whose)

    def stop(self) -> None:
        """End what is running, and start no more."""
        self._stopping = True
        self._end_helper()

    async def stopped(self) -> None:
        """Wait until all that was ended is gone."""
        await asyncio.gather(*self._ending)

    async def _do(self, job: Job, source: AsyncIterable[bytes], keep: Keep, whose: str) -> Outcome:
        async with self._turns.turn(whose):
            if self._stopping:
                raise Unavailable
            if self._idle is not None:
                self._idle.cancel()
            done = False
            try:
                outcome = await self._ask(job, source, keep)
                done = True
            finally:
                if done:
                    self._idle = asyncio.get_running_loop().call_later(
                        IDLE_SECONDS, self._end_helper
                    )
                else:
                    self._end_helper()
        if outcome.refused:
            raise _REFUSALS.get(outcome.refused, FileUnreadable)
        return outcome

    async def _ask(self, job: Job, source: AsyncIterable[bytes], keep: Keep) -> Outcome:
        """Hand a file to the helper, and its renditions to `keep`."""
        reader, writer = await self._connection()
        try:
            async with asyncio.timeout(self.patience):
                feeding = asyncio.create_task(_feed(writer, job, source))
                try:
                    outcome = await _outcome(reader, job)
                    for rendition in outcome.renditions:
                        await _hand_over(reader, rendition, keep)
                    if await reader.read(1):
                        raise _Disbelieved("more than announced")
                finally:
                    feeding.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await feeding  # an error of the source is the reason of all others
        except (TimeoutError, EOFError, _Disbelieved) as error:
            if self._helper is None or self._helper.is_gone:
                raise Unavailable from None  # it was ended, which says nothing about the file
            _log.warning("a file could not be examined", extra={"reason": repr(error)})
            if not isinstance(error, EOFError):
                self._end_helper()
            return Outcome(refused="file_unreadable")
        finally:
            writer.close()
        if outcome.reason:
            _log.info("a file cannot be read", extra={"reason": outcome.reason[:200]})
        return outcome

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a new process for one file. Raises Unavailable."""
        if self._helper is None or self._helper.is_gone:
            self._end_helper()
            self._helper = await _start(self._environment)
            if self._stopping:  # in the meantime
                self._end_helper()
                raise Unavailable
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=BLOCK_BYTES)
            try:
                socket.send_fds(self._helper.control, [b"f"], [theirs.fileno()])
            except OSError:  # it died just now
                writer.close()
                raise Unavailable from None
        return reader, writer

    def _end_helper(self) -> None:
        """End the helper with the process of a file."""
        if self._helper is not None:
            self._helper.end()
            ending = asyncio.ensure_future(self._helper.process.wait())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            self._helper = None


class _Disbelieved(Exception):
    """A process answered what it never answers by itself."""


class _Helper:
    """The process that forks for each file, and our end of the socket that is its stdin."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self.process = process
        self.control = control

    @property
    def is_gone(self) -> bool:
        """Whether it ended, by itself or by somebody else."""
        try:
            return not self.control.recv(1)
        except BlockingIOError:
            return False
        except OSError:
            return True

    async def is_ready(self) -> bool:
        """Whether it has loaded its libraries; waits for it."""
        try:
            async with asyncio.timeout(START_SECONDS):
                return await asyncio.get_running_loop().sock_recv(self.control, 1) == READY
        except (TimeoutError, OSError):
            return False

    def end(self) -> None:
        """Kill the helper and its fork, which are a process group."""
        self.control.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


async def _start(environment: Mapping[str, str]) -> _Helper:
    """A helper that waits for files. Raises Unavailable."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    try:
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "web.attachments.process",
                stdin=theirs.fileno(), stdout=DEVNULL, stderr=DEVNULL, env=environment,
                cwd=Path(__file__).parents[2], process_group=0,
            )  # fmt: skip
    except BaseException as error:
        ours.close()
        if not isinstance(error, OSError):
            raise
        _log.exception("no process to examine files")
        raise Unavailable from None
    helper = _Helper(process, ours)
    ready = False
    try:
        ready = await helper.is_ready()
    finally:
        if not ready:
            helper.end()
    if not ready:
        _log.error("the process to examine files did not start")
        raise Unavailable
    return helper


async def _feed(writer: asyncio.StreamWriter, job: Job, source: AsyncIterable[bytes]) -> None:
    """Write a job and its file, as long as the process reads. Errors of the source end all."""
    try:
        writer.write(encode(job))
        async for block in source:
            writer.write(block)
            try:
                await writer.drain()
            except ConnectionError:
                return
        if not writer.is_closing():
            writer.write_eof()
    except BaseException:
        writer.transport.abort()
        raise


async def _outcome(reader: asyncio.StreamReader, job: Job) -> Outcome:
    """The outcome that a process wrote. Raises EOFError if it died, _Disbelieved if it is none."""
    try:
        line = await reader.readuntil(b"\n")
    except ConnectionError:
        raise EOFError from None
    except asyncio.LimitOverrunError:
        raise _Disbelieved("no outcome") from None
    try:
        if len(line) > LINE_BYTES:
            raise msgspec.DecodeError
        outcome = msgspec.json.decode(line, type=Outcome)
    except msgspec.DecodeError:
        raise _Disbelieved("no outcome") from None
    if not outcome.refused and not _is_plausible(outcome, job):
        raise _Disbelieved("an outcome that cannot be")
    return outcome


def _is_plausible(outcome: Outcome, job: Job) -> bool:
    names = [rendition.name for rendition in outcome.renditions]
    if job.task == "page":
        expected = outcome.kind == "pdf" and names in ([], [f"page-{job.page}"])
    elif outcome.kind == "photo":
        expected = names == ["large", "small"]
    else:
        expected = outcome.kind == "pdf" and names in ([], ["preview"])
    return (
        expected
        and set(outcome.notes) <= _NOTES
        and 0 <= outcome.pages < 2**31
        and all(map(_is_rendition, outcome.renditions))
    )


def _is_rendition(rendition: Rendition) -> bool:
    longest = _LONGEST.get(rendition.name, PAGE)
    return (
        (rendition.name in _LONGEST or _PAGE_NAME.fullmatch(rendition.name) is not None)
        and rendition.media_type in {"image/jpeg", "image/png"}
        and 0 < rendition.size <= RENDITION_BYTES
        and 0 < rendition.width <= longest
        and 0 < rendition.height <= longest
    )


async def _hand_over(reader: asyncio.StreamReader, rendition: Rendition, keep: Keep) -> None:
    """Give one rendition to `keep`, and skip what it leaves. Raises EOFError if bytes are missing."""
    left = rendition.size

    async def blocks() -> AsyncIterator[bytes]:
        nonlocal left
        while left:
            try:
                block = await reader.read(min(left, BLOCK_BYTES))
            except ConnectionError:
                block = b""
            if not block:
                raise EOFError
            left -= len(block)
            yield block

    await keep(rendition, blocks())
    async for _ in blocks():
        pass
