"""The SDP and RTCP of one session for the operator: a Unix socket in the data folder.

`python -m scripts.trace` asks it. Whoever may use the data folder may ask; nothing is logged.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import msgspec
from aiohttp import web

from media.messages import Event, Traced
from media.relay.commanded import CommandedRooms
from media.relay.link import CommandFailed, RelayUnavailable

SOCKET_NAME = "trace.socket"
LONGEST_TRACE = 600.0
"Seconds; whoever needs more asks again."
MOST_WAITING = 1 << 20
"Bytes that may wait for a reader that does not read; then lines are left out."

_log = logging.getLogger(__name__)


class TraceRequest(msgspec.Struct, frozen=True):
    """The one line that the command sends. Without an id, the open rooms are listed."""

    id: str
    "Of a session, or of a room at the relay."
    seconds: float


class RelayTrace:
    """At most one trace at a time, over all rooms of one session."""

    def __init__(self, relay: CommandedRooms | None, data_dir: Path) -> None:
        self._relay = relay
        self._path = data_dir / SOCKET_NAME
        self._request: TraceRequest | None = None
        self._until = 0.0
        self._write: Callable[[str], None] = _nowhere
        self._connections: set[asyncio.Task[None]] = set()

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """Answer from the start of the server to its end (`cleanup_ctx`)."""
        try:
            listening = await asyncio.to_thread(_bound, self._path)
            server = await asyncio.start_unix_server(self._serve, sock=listening)
        except OSError as error:
            _log.warning("There is no trace: %s cannot be made (%s)", self._path, error)
            yield
            return
        yield
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.to_thread(self._path.unlink, missing_ok=True)

    def handle(self, event: Event) -> bool:
        """Whether the event belongs to a trace and concerns nobody else."""
        if not isinstance(event, Traced):
            return False
        if self._matches(event.room_id):
            at = datetime.now().astimezone().isoformat(timespec="milliseconds")
            self._write(f"{at} {event.peer_id} {event.text}")
        return True

    async def opened(self, room_id: str) -> None:
        """Trace a room, just opened, if its session is being traced."""
        if self._matches(room_id):
            await self._ask(room_id, self._until - asyncio.get_running_loop().time())

    def _matches(self, room_id: str) -> bool:
        request = self._request
        return request is not None and request.id in (room_id, room_id.partition(":")[0])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            request = msgspec.json.decode(await reader.readline(), type=TraceRequest)
            await self._trace(request, reader, writer)
        except (ConnectionError, ValueError):
            pass  # the command has gone, or is of another version
        except asyncio.CancelledError:
            pass  # the server stops; asyncio would log this as an error
        finally:
            self._connections.discard(task)
            writer.close()

    async def _trace(
        self, request: TraceRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        def write(line: str) -> None:
            if writer.transport.get_write_buffer_size() < MOST_WAITING:
                writer.write(f"{line}\n".encode())

        rooms = self._relay.rooms if self._relay is not None else ()
        if not request.id:
            write("\n".join(rooms) or "no room is open at the relay")
            return
        if self._request is not None:
            write("another trace is running")
            return
        seconds = min(max(request.seconds, 0.0), LONGEST_TRACE)
        self._until = asyncio.get_running_loop().time() + seconds
        self._request, self._write = request, write
        try:
            write(f"tracing {request.id} for {seconds:.0f} seconds")
            for room_id in filter(self._matches, rooms):
                await self._ask(room_id, seconds)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while await reader.read(1024):  # ends when the command does
                        pass
        finally:
            rooms = self._relay.rooms if self._relay is not None else ()
            traced = list(filter(self._matches, rooms))
            self._request, self._write = None, _nowhere
            for room_id in traced:
                await self._ask(room_id, 0.0)

    async def _ask(self, room_id: str, seconds: float) -> None:
        if self._relay is not None:
            # A room may close meanwhile, or its worker be on its way back.
            with contextlib.suppress(CommandFailed, RelayUnavailable):
                await self._relay.trace(room_id, seconds)


def _bound(path: Path) -> socket.socket:
    """A socket of that name, for its owner alone; one that a crash left is replaced."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(0o600)
    except OSError:
        listening.close()
        raise
    return listening


def _nowhere(line: str) -> None:
    """Where lines go while nothing is traced."""
