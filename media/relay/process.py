"""One worker process as its parent sees it: a child, a Unix socket, questions and answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from media import messages
from media.messages import AnyCommand, Done, Event, Failed, Figures, NotReady, Ready, Start

logger = logging.getLogger(__name__)

START_SECONDS = 20.0
"A worker is ready within one second on an idle machine; imports take most of it."
STOP_SECONDS = 3.0
"Time to say good-bye to every client; after that the process is killed."


class CommandFailed(Exception):
    """A worker refused a command. ``code`` is stable, the text is for logs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class RelayUnavailable(Exception):
    """There is no worker to ask. ``code`` is ``port_unavailable``, ``worker_lost``..."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class WorkerProcess:
    """A running worker. Made by :meth:`spawn`."""

    def __init__(
        self,
        process: Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        port: int,
        on_event: Callable[[Event], None],
    ) -> None:
        self.port = port
        self._process = process
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Figures | None]] = {}
        self._ended = asyncio.Event()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def spawn(
        cls,
        start: Start,
        on_event: Callable[[Event], None],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> WorkerProcess:
        """Start a worker and wait until it listens. Raises RelayUnavailable.

        ``on_event`` must not raise. The worker reads what strangers send, so of our environment it
        gets ``environment`` and nothing else, and of what we have open only its socket and the log.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "media.relay.worker",
                "--control",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                env=environment,
                cwd=Path(__file__).parents[2],
            )
        except OSError as error:
            ours.close()
            raise RelayUnavailable("no_process", f"no worker could be started: {error}") from error
        except asyncio.CancelledError:
            ours.close()
            raise
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=messages.LONGEST_LINE)
        word: messages.WorkerMessage | None = None
        worker: WorkerProcess | None = None
        try:
            async with asyncio.timeout(START_SECONDS):
                writer.write(messages.encode(start))
                line = await reader.readline()
                word = messages.decode_worker_message(line) if line else None
            if isinstance(word, Ready):
                worker = cls(process, reader, writer, word.port, on_event)
                return worker
        except (TimeoutError, ConnectionError, msgspec.DecodeError) as error:
            logger.error("a worker said nothing sensible: %s", error)
        finally:
            if worker is None:
                # Also when whoever started it is told to stop meanwhile.
                writer.close()
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if isinstance(word, NotReady):
            raise RelayUnavailable(word.code, word.text)
        raise RelayUnavailable("no_worker", "a media worker ended before it was ready")

    @property
    def alive(self) -> bool:
        """Whether the process runs and listens to us."""
        return not self._ended.is_set() and not self._writer.is_closing()

    @property
    def process_id(self) -> int:
        """The system's id of the process."""
        return self._process.pid

    async def ask(self, command: AnyCommand) -> Figures | None:
        """Have a command carried out. Raises CommandFailed, RelayUnavailable."""
        if not self.alive:
            raise RelayUnavailable("worker_lost", "the worker has ended")
        self._number += 1
        number = self._number
        answer: asyncio.Future[Figures | None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(messages.encode(msgspec.structs.replace(command, number=number)))
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def wait_ended(self, seconds: float) -> None:
        """Wait until the worker ended, or for that long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    def kill(self) -> None:
        """End the process without a good-bye."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """Hang up and wait for the process to end; kill it if it does not."""
        self._writer.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except (TimeoutError, asyncio.CancelledError) as reason:
            self.kill()
            await self._process.wait()
            if isinstance(reason, asyncio.CancelledError):
                raise
        finally:
            self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                self._dispatch(messages.decode_worker_message(line))
        except (ConnectionError, msgspec.DecodeError, ValueError) as error:
            logger.error("the control connection of a worker broke: %s", error)
        finally:
            self._ended.set()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(RelayUnavailable("worker_lost", "the worker has ended"))

    def _dispatch(self, word: messages.WorkerMessage) -> None:
        if isinstance(word, Done | Failed):
            answer = self._waiting.get(word.number)
            if answer is None or answer.done():
                return
            if isinstance(word, Done):
                answer.set_result(word.figures)
            else:
                answer.set_exception(CommandFailed(word.code, word.text))
        elif not isinstance(word, Ready | NotReady):
            self._on_event(word)
