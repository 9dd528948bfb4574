"""The way to the workers of a relay-only host, as the host sees it that owns rooms there."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any, Self

import aiohttp
import msgspec
from aiohttp import WSMsgType
from yarl import URL

from media import messages
from media.messages import Event
from media.relay.host_links import HostLink
from media.relay.link import RelayUnavailable
from web.hosts.membership import Membership
from web.routes import path

DIALECT = "dialect"
CONNECT_WITHIN = 5.0
"Seconds for the connection, TLS and the answer."
CLOSE_WITHIN = 1.0
"Seconds that the other end has to confirm the end."
NO_COOKIES: Any = aiohttp.DummyCookieJar


class RelayHostLink(HostLink):
    """One link, from `open` to `stop`."""

    def __init__(
        self,
        host_id: str,
        membership: Membership,
        http: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
        on_event: Callable[[Event], None],
    ) -> None:
        super().__init__(on_event)
        self._host_id = host_id
        self._membership = membership
        self._http = http
        self._socket = socket
        self._reader = asyncio.create_task(self._read(), name="relay link")

    @classmethod
    async def open(
        cls,
        host_id: str,
        membership: Membership,
        context: ssl.SSLContext,
        on_event: Callable[[Event], None],
    ) -> Self:
        """Raises aiohttp.ClientError, OSError or TimeoutError."""
        url = URL(membership.hosts[host_id].url)
        there = str(url.origin()) + path("hosts_relay", {DIALECT: messages.dialect()})
        http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context), cookie_jar=NO_COOKIES()
        )
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                socket = await http.ws_connect(
                    there,
                    max_msg_size=messages.LONGEST_LINE,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WITHIN),
                )
        except BaseException:
            await http.close()
            raise
        return cls(host_id, membership, http, socket, on_event)

    @property
    def alive(self) -> bool:
        return not self._ended.is_set() and not self._socket.closed

    @property
    def leaving(self) -> bool:
        host = self._membership.hosts.get(self._host_id)
        return host is None or host.draining

    @property
    def gone(self) -> bool:
        return self._host_id not in self._membership.hosts

    def kill(self) -> None:
        self._end()
        self._reader.cancel()

    async def stop(self) -> None:
        self._reader.cancel()
        await asyncio.wait([self._reader])
        await self._socket.close()
        await self._http.close()

    async def _send(self, line: bytes) -> None:
        try:
            await self._socket.send_bytes(line)
        except (ConnectionError, aiohttp.ClientError) as error:
            raise RelayUnavailable("worker_lost", "the relay host is gone") from error

    async def _read(self) -> None:
        try:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError, msgspec.MsgspecError):
                async for frame in self._socket:
                    if frame.type is not WSMsgType.BINARY:
                        return
                    self._hear(frame.data)
        finally:
            self._end()
