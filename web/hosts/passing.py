"""Requests and sockets passed on to the host that owns the room, as they are.

Bodies go through piece by piece, in both directions, and nothing of them is kept. How long a client may
take is the owner's to say, whose connection ends when it has waited enough. What is under way to a
host ends when that host is gone (`lose`): one that hangs says nothing by itself.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import aiohttp
from aiohttp import WSMsgType, hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from signaling.errors import HostAway
from signaling.wire.messages import MAX_FRAME_BYTES
from signaling.wire.values import CLOSE_CODES
from web.connections.http_server import admit, expect_hello
from web.hosts.mark import HEADER, mark, own_mark
from web.hosts.ports import Peer
from web.http import tus
from web.http.file_request_turns import end_turn

CONNECT_WITHIN = 2.0
"Seconds; hosts are near each other."
CLOSE_WITHIN = 2.0
"Seconds that either end of a WebSocket has to confirm its end."
KEPT_FOR = 30.0
"Seconds that an idle connection is kept for the next request: less than its other end keeps it."
HEARTBEAT = 25.0
"Seconds between pings to a browser, as in `web/socket.py`."

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
     "te", "trailer", "transfer-encoding", "upgrade"}
)  # fmt: skip
"RFC 9110, 7.6.1."
HANDSHAKE = frozenset(
    {
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-extensions",
        "sec-websocket-accept",
    }
)
"Of one WebSocket only (RFC 6455, 4.1)."
NO_COOKIES: Any = aiohttp.DummyCookieJar


def end_to_end(
    headers: CIMultiDictProxy[str] | CIMultiDict[str], but: frozenset[str] = frozenset()
) -> CIMultiDict[str]:
    """The headers that concern more than one connection, without those named."""
    named = ",".join(headers.getall(hdrs.CONNECTION, [])).lower().split(",")
    dropped = HOP_BY_HOP | but | {name.strip() for name in named}
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in dropped
    )


class Passing:
    """Passes requests on; `close` ends what is under way."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None
        self._under_way: dict[str, set[asyncio.Task[Any]]] = {}
        self._closed = False

    def __len__(self) -> int:
        return sum(map(len, self._under_way.values()))

    async def close(self) -> None:
        """End everything under way; browsers reconnect."""
        self._closed = True
        tasks = [task for tasks in self._under_way.values() for task in tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._http is not None:
            await self._http.close()

    def lose(self, host_id: str) -> None:
        """This host is gone: end what is under way to it."""
        for task in self._under_way.get(host_id, ()):
            task.cancel()

    async def request(self, request: web.Request, peer: Peer, key: bytes) -> web.StreamResponse:
        """The answer of that host. Raises HostAway."""
        return await self._run(peer, self._request(request, peer, key))

    async def socket(
        self,
        request: web.Request,
        peer: Peer,
        key: bytes,
        opened: tuple[web.WebSocketResponse, str] | None = None,
    ) -> web.StreamResponse:
        """A WebSocket over that host, to its end. Raises HostAway while it is not open.

        `opened` is one that has said its hello to this host already, and that.
        """
        return await self._run(peer, self._socket(request, peer, key, opened))

    async def ask(self, peer: Peer, key: bytes, address: str) -> bytes:
        """What a host answers this one itself. Raises HostAway."""
        there = URL(str(peer.url.origin()) + address, encoded=True)
        headers = {HEADER: own_mark(address, key, peer.host_id)}
        try:
            async with self._session().get(there, headers=headers) as answer:
                if answer.status != 200:
                    raise HostAway
                return await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise HostAway from error

    async def _run(
        self, peer: Peer, passing: Coroutine[Any, Any, web.StreamResponse]
    ) -> web.StreamResponse:
        task = asyncio.create_task(passing, name="passing on")
        under_way = self._under_way.setdefault(peer.host_id, set())
        under_way.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if task.done() and caller is not None and not caller.cancelling():
                raise HostAway from None  # it was lost
            task.cancel()
            raise
        finally:
            under_way.discard(task)
            if not under_way:
                self._under_way.pop(peer.host_id, None)

    def _session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise HostAway
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_FOR),
                cookie_jar=NO_COOKIES(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WITHIN),
                auto_decompress=False,
                skip_auto_headers=(
                    hdrs.ACCEPT,
                    hdrs.ACCEPT_ENCODING,
                    hdrs.USER_AGENT,
                    hdrs.CONTENT_TYPE,
                ),
            )
        return self._http

    async def _request(self, request: web.Request, peer: Peer, key: bytes) -> web.StreamResponse:
        headers = end_to_end(request.headers, frozenset({"expect", HEADER.lower()}))
        headers[HEADER] = mark(request, key, peer.host_id)
        if tus.is_about_uploads(request):
            end_turn(request)
        if request.method == hdrs.METH_PATCH:
            await tus.say_continue(request)
        admit(request)
        response: web.StreamResponse | None = None
        try:
            async with self._session().request(
                request.method,
                _there(peer, request),
                headers=headers,
                data=request.content if request.body_exists else None,
                allow_redirects=False,
            ) as answer:
                if is_away(answer):
                    raise HostAway
                response = web.StreamResponse(
                    status=answer.status,
                    reason=answer.reason,
                    headers=end_to_end(answer.headers),
                )
                await response.prepare(request)
                if request.method != hdrs.METH_HEAD:
                    async for piece in answer.content.iter_any():
                        await response.write(piece)
                    await response.write_eof()
                return response
        except (aiohttp.ClientError, TimeoutError, OSError, asyncio.CancelledError) as error:
            if response is not None and response.prepared:
                _cut(request)  # half of an answer has been sent: no other one can follow it
                raise ConnectionResetError from error
            if isinstance(error, asyncio.CancelledError):
                raise
            raise HostAway from error

    async def _socket(
        self,
        request: web.Request,
        peer: Peer,
        key: bytes,
        opened: tuple[web.WebSocketResponse, str] | None,
    ) -> web.StreamResponse:
        headers = end_to_end(request.headers, HANDSHAKE | {HEADER.lower()})
        headers[HEADER] = mark(request, key, peer.host_id)
        try:
            owner = await self._session().ws_connect(
                _there(peer, request),
                headers=headers,
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WITHIN),
            )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == HostAway.status:
                raise HostAway from error
            return web.Response(status=error.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise HostAway from error
        try:
            browser = await _opened(request) if opened is None else opened[0]
            if opened is not None:
                await owner.send_str(opened[1])
        except BaseException:
            await owner.close()
            raise
        # canceled when its owner is lost: what has been answered is not answered again
        with contextlib.suppress(asyncio.CancelledError):
            async with _ending_both(browser, owner):
                await _pump(request, browser, owner)
        return browser


def is_away(answer: aiohttp.ClientResponse) -> bool:
    """Whether that host says that it does not own the room, or may not act now."""
    asked_again = answer.headers.get(hdrs.RETRY_AFTER) == str(HostAway.retry_after)
    return answer.status == HostAway.status and asked_again


async def _opened(request: web.Request) -> web.WebSocketResponse:
    """The browser's end."""
    browser = web.WebSocketResponse(
        timeout=CLOSE_WITHIN, heartbeat=HEARTBEAT, max_msg_size=MAX_FRAME_BYTES, compress=False
    )
    await browser.prepare(request)
    expect_hello(request)
    return browser


def _cut(request: web.Request) -> None:
    """End the connection that a request came by."""
    if request.transport is not None:
        request.transport.abort()


def _there(peer: Peer, request: web.Request) -> URL:
    if not request.raw_path.startswith(
        "/"
    ):  # absolute-form (RFC 9112, 3.2.2): it would name the host
        raise web.HTTPBadRequest
    return URL(str(peer.url.origin()) + request.raw_path, encoded=True)


@contextlib.asynccontextmanager
async def _ending_both(
    browser: web.WebSocketResponse, owner: aiohttp.ClientWebSocketResponse
) -> AsyncIterator[None]:
    """Whatever ends one, ends the other; a browser whose owner is gone reconnects."""
    try:
        yield
    finally:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await browser.close(code=CLOSE_CODES["restart"], message=b"restart")
        await owner.close()


async def _pump(
    request: web.Request, browser: web.WebSocketResponse, owner: aiohttp.ClientWebSocketResponse
) -> None:
    """Pass frames on in both directions until one side has ended."""
    directions = {
        asyncio.create_task(_to_owner(browser, owner), name="socket to owner"),
        asyncio.create_task(_to_browser(request, browser, owner), name="socket to browser"),
    }
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in directions:
            task.cancel()
        await asyncio.wait(directions)


async def _to_owner(browser: web.WebSocketResponse, owner: aiohttp.ClientWebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError, RuntimeError, aiohttp.ClientError):
        async for frame in browser:
            if frame.type is WSMsgType.TEXT:
                await owner.send_str(frame.data)
            elif frame.type is WSMsgType.BINARY:
                await owner.send_bytes(frame.data)
        await owner.close(code=browser.close_code or CLOSE_CODES["restart"])


async def _to_browser(
    request: web.Request, browser: web.WebSocketResponse, owner: aiohttp.ClientWebSocketResponse
) -> None:
    with contextlib.suppress(ConnectionError, RuntimeError):
        while True:
            frame = await owner.receive()
            admit(request)  # the owner has heard who it is, or ends it
            if frame.type is WSMsgType.TEXT:
                await browser.send_str(frame.data)
            elif frame.type is WSMsgType.CLOSE:
                message = (frame.extra or "").encode()
                await browser.close(code=frame.data or CLOSE_CODES["restart"], message=message)
                return
            else:
                return
