"""Where a relay-only host lets the other hosts in, to have rooms in its workers.

Whoever shows a certificate of the hosts' authority is one (`web/hosts/certificates.py`). Commands and
replies are those of `media/messages.py`, each a frame of a WebSocket. A room lasts as long as its link.
"""

import asyncio
import contextlib
import logging

import msgspec
from aiohttp import WSMsgType, web

from media import messages
from media.relay.worker_sharing import Share, Sharing
from web.connections.http_server import admit
from web.hosts.relay_link import DIALECT

SHARING = web.AppKey("sharing", Sharing)
LINKS: web.AppKey[set["Link"]] = web.AppKey("links", set)
HEARTBEAT = 10.0
"""Seconds between pings; a host that answers one not within half of that is gone, and its rooms are closed: as
long as a host waits for an answer from here (`media/relay/link.py`)."""
MOST_UNSENT = 8 << 20
"Bytes that may wait for a host that does not read; then its link ends. An offer of a large room has 90 KB."
MOST_AT_ONCE = 256
"Commands of a host that may be under way; more are read when some are done."
CLOSE_WITHIN = 1.0
"Seconds that the other end has to confirm the end."
_log = logging.getLogger(__name__)


async def relay_door(request: web.Request) -> web.StreamResponse:
    """A link, to its end. 404 for whoever is no host of ours."""
    if request.transport is None or not request.transport.get_extra_info("peercert"):
        raise web.HTTPNotFound
    if request.query.get(DIALECT) != messages.dialect():
        raise web.HTTPConflict
    sharing = request.app[SHARING]
    if not sharing.usable():
        raise web.HTTPServiceUnavailable
    socket = web.WebSocketResponse(
        timeout=CLOSE_WITHIN,
        heartbeat=HEARTBEAT,
        max_msg_size=messages.LONGEST_LINE,
        compress=False,
    )
    await socket.prepare(request)
    admit(request)
    link = Link(request, socket)
    share = sharing.begin(link.send)
    _log.info("a host is connected")
    request.app[LINKS].add(link)
    try:
        await link.serve(share)
    finally:
        _log.info("a host is not connected any more")
        request.app[LINKS].discard(link)
        await link.give_up()  # or a command under way would open a room after the others are closed
        await sharing.end(share)
        await link.close()
    return socket


async def end_links(app: web.Application) -> None:
    """Have every host look for another place for its rooms."""
    await asyncio.gather(*(link.close() for link in app[LINKS]))


class Link:
    """One host's link."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request = request
        self._socket = socket
        self._unsent: list[bytes] = []
        self._size = 0
        self._writer: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, line: bytes) -> None:
        """Have it sent; a host that does not read loses the link."""
        self._unsent.append(line)
        self._size += len(line)
        if self._size > MOST_UNSENT:
            self._cut()
        elif self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="relay door writer")

    async def serve(self, share: Share) -> None:
        """Carry out what comes until the link ends."""
        async for frame in self._socket:
            if frame.type is not WSMsgType.BINARY:
                return
            try:
                command = messages.decode_command(frame.data)
            except msgspec.MsgspecError:
                return
            task = asyncio.create_task(share.execute(command), name="relay command")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            if len(self._under_way) >= MOST_AT_ONCE:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def give_up(self) -> None:
        """End what is under way."""
        self._unsent.clear()
        tasks = [*self._under_way, *([self._writer] if self._writer is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        await self.give_up()
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self._socket.close()

    async def _write(self) -> None:
        try:
            while self._unsent:
                lines, self._unsent = self._unsent, []
                for line in lines:
                    await self._socket.send_bytes(line)
                    self._size -= len(line)
        except (ConnectionError, RuntimeError):
            self._cut()
        finally:
            self._writer = None

    def _cut(self) -> None:
        self._unsent.clear()
        if self._request.transport is not None:
            self._request.transport.abort()
