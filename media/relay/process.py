"""One worker process as its parent sees it: a child, a Unix socket, commands and replies."""

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
from media.messages import Event, NotReady, Ready, Start
from media.relay.link import RelayUnavailable, WorkerLink

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
"Where our own sources are."

START_SECONDS = 20.0
"Seconds; a worker is ready within one on an idle machine, most of it for imports."
STOP_SECONDS = 3.0
"Seconds for closing every connection; after that the process is killed."


class WorkerProcess(WorkerLink):
    """A running worker, created by :meth:`spawn`."""

    def __init__(
        self,
        process: Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ready: Ready,
        on_event: Callable[[Event], None],
    ) -> None:
        super().__init__(on_event)
        self.port = ready.port
        self.native, self.tcp = ready.native, ready.tcp
        self._process = process
        self._reader = reader
        self._writer = writer
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def spawn(
        cls,
        start: Start,
        on_event: Callable[[Event], None],
        environment: Mapping[str, str] = MappingProxyType({}),
        folder: Path = ROOT,
    ) -> WorkerProcess:
        """Start a worker and wait until it listens. Raises RelayUnavailable.

        ``on_event`` must not raise. The worker reads what strangers send, so its environment is
        ``environment`` alone, and it inherits no open file but its socket and the log. ``folder``
        is where its sources are, for a comparison with another build.
        """
        process, ours = await cls._start_process(environment, folder)
        first: messages.WorkerMessage | None = None
        worker: WorkerProcess | None = None
        writer: asyncio.StreamWriter | None = None
        try:
            reader, writer = await asyncio.open_connection(sock=ours, limit=messages.LONGEST_LINE)
            async with asyncio.timeout(START_SECONDS):
                writer.write(messages.encode(start))
                line = await reader.readline()
                first = messages.decode_worker_message(line) if line else None
            if isinstance(first, Ready):
                worker = cls(process, reader, writer, first, on_event)
                return worker
        except (TimeoutError, ConnectionError, msgspec.DecodeError) as error:
            logger.error("a worker said nothing sensible: %s", error)
        finally:
            if worker is None:
                # Also if the start is canceled meanwhile.
                if writer is None:
                    ours.close()
                else:
                    writer.close()
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if isinstance(first, NotReady):
            raise RelayUnavailable(first.code, first.text)
        raise RelayUnavailable("no_worker", "a media worker ended before it was ready")

    @staticmethod
    async def _start_process(
        environment: Mapping[str, str], folder: Path
    ) -> tuple[Process, socket.socket]:
        """The process and our end of its control socket. Raises RelayUnavailable."""
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
                cwd=folder,
            )
        except OSError as error:
            ours.close()
            raise RelayUnavailable("no_process", f"no worker could be started: {error}") from error
        except asyncio.CancelledError:
            ours.close()
            raise
        finally:
            theirs.close()
        return process, ours

    @property
    def alive(self) -> bool:
        """Whether the process runs and its control socket is open."""
        return not self._ended.is_set() and not self._writer.is_closing()

    @property
    def process_id(self) -> int:
        """The operating system's id of the process."""
        return self._process.pid

    async def _send(self, line: bytes) -> None:
        self._writer.write(line)

    def kill(self) -> None:
        """End the process without closing its connections."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """Close the control socket and wait for the process to end; kill it if it does not."""
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
                self._hear(line)
        except (ConnectionError, msgspec.DecodeError, ValueError) as error:
            logger.error("the control connection of a worker broke: %s", error)
        finally:
            self._end()
