"""The HTTP server's connections: accepted here, timed, and closed when nothing comes of them.

By itself aiohttp closes no silent connection, logs a line for each that cannot be accepted, and
names itself and its parse error to whoever sends nonsense. The rules are in
`web/connections/eviction.py`; here are the sockets.
"""

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import ssl
import struct
from collections import Counter
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import StreamReader, web

from web.clockwork import Clockwork
from web.connections.eviction import (
    BODY_WITHIN,
    DROPPED_BYTES,
    DROPPED_WITHIN,
    HEAD_WITHIN,
    IDLE_WITHIN,
    PROXY_IDLE_WITHIN,
    SENT_BYTES_PER_SECOND,
    SENT_WITHIN,
    Connection,
    ConnectionTable,
    Stage,
)
from web.http.client_address import is_loopback, is_proxy, network, remote
from web.http.security_headers import default_headers
from web.keys import CONFIG, WAITS

MOST_DESCRIPTORS = 65_536
"Enough for every socket that one process can serve, also where the system sets no limit."
RESERVE = 64
"Descriptors kept back: database, outbox, mail servers, the relay's pipes and its self-check."
BACKLOG = 1024
"Connections that the kernel queues until they are accepted, so that a burst is not refused."
AT_ONCE = 4
"Connections accepted in one turn of the event loop, so that a flood does not starve open ones."
TRY_AGAIN_AFTER = 0.1
"Seconds until the next accept when there was no descriptor."
HANDSHAKE_WITHIN = 10.0
"Seconds for TLS."
CHECK_EVERY = timedelta(seconds=1)
LOG_EVERY = timedelta(minutes=1)
OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = logging.getLogger(__name__)


def claim_descriptors() -> None:
    """Raise the limit of open files as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _bounded(soft) < _bounded(hard):
        with contextlib.suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (_bounded(hard), hard))


def capacity() -> int:
    """How many connections the limit of open files allows."""
    descriptors = _bounded(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return max(descriptors - RESERVE, descriptors // 2)


def network_of(address: str | None) -> str | None:
    """The network whose limits an address counts towards; None for this machine."""
    return None if is_loopback(address) else network(address)


def _bounded(limit: int) -> int:
    return MOST_DESCRIPTORS if limit == resource.RLIM_INFINITY else min(limit, MOST_DESCRIPTORS)


class HttpConnection(web.RequestHandler):
    """One connection, served by aiohttp and timed by how long it keeps the server waiting."""

    __slots__ = (
        "_body",
        "_dropping",
        "_end",
        "_in_request",
        "_owner",
        "_rest_within",
        "connection",
    )

    def __init__(self, owner: "ConnectionManager", server: web.Server, network: str | None) -> None:
        # a compressed body would be inflated before any limit is checked; no browser sends one
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
        )
        self._owner = owner
        self._body: StreamReader | None = None
        self._end: asyncio.Transport | None = None
        self._in_request = False
        self._dropping = False
        self._rest_within = BODY_WITHIN
        self.connection = Connection(self._cut, network)
        self._connections.add(self.connection)

    @property
    def _connections(self) -> ConnectionTable:
        return self._owner.connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._end = transport
        super().connection_made(transport)
        if self.connection not in self._connections:  # evicted in the meantime
            self._cut()

    def forget(self) -> None:
        """Drop a connection that could not be set up."""
        self._connections.remove(self.connection)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.forget()
        super().connection_lost(exc)
        if self._dropping and self._body is not None:
            self._body.set_exception(ConnectionResetError())

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        if self._dropping:  # nobody waits for what nobody reads
            self._cut()
        await super().shutdown(timeout)

    def data_received(self, data: bytes) -> None:
        if self.connection.stage is Stage.IDLE and (self._body is None or self._body.is_eof()):
            self._connections.set_stage(self.connection, Stage.WAITING, HEAD_WITHIN)
        super().data_received(data)

    def request_arrived(self, body: StreamReader) -> None:
        """The head of a request is complete; its body may still be arriving."""
        self._body = body
        self._in_request = True
        self._rest_within = BODY_WITHIN
        if body.is_eof():
            self._serve()
        else:
            self._connections.set_stage(self.connection, Stage.WAITING, BODY_WITHIN)
            body.on_eof(self._serve)

    def _serve(self) -> None:
        if self._in_request:  # the rest of a body may arrive after the response
            self._connections.set_stage(self.connection, Stage.SERVING)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._end is not None and not self._upgraded:  # a WebSocket limits its own queue
            patience = timedelta(seconds=self._end.get_write_buffer_size() / SENT_BYTES_PER_SECOND)
            self._connections.set_stage(self.connection, Stage.SENDING, SENT_WITHIN + patience)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.connection.stage is Stage.SENDING:
            self._serve()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            # raised by aiohttp itself: ours are answered by web/http/errors.py
            resp = self._refusal(resp.status)
        finished = await super().finish_response(request, resp, start_time)
        self._in_request = False
        if self._body is not None and not self._body.is_eof() and not finished[1]:
            await self._drop_rest(self._body)
        direct = self.connection.network is not None
        idle = IDLE_WITHIN if direct else PROXY_IDLE_WITHIN
        self._connections.set_stage(self.connection, Stage.IDLE, idle)
        return finished

    def expect_rest(self, within: timedelta) -> None:
        """What the client still sends when it is answered has this time."""
        self._rest_within = within

    async def _drop_rest(self, body: StreamReader) -> None:
        """Read what the client sends after it was answered: browsers look at a response only then.

        The connection is among the first to be evicted meanwhile.
        """
        self._connections.set_stage(self.connection, Stage.IDLE, self._rest_within)
        self._dropping, left = True, DROPPED_BYTES
        with contextlib.suppress(ConnectionError, web.RequestPayloadError):
            while left > 0 and not body.at_eof():
                left -= len(await body.readany())
        self._dropping = False

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to invalid HTTP, or after an internal error; it quotes nothing."""
        if isinstance(exc, ConnectionError) and (self._end is None or self._end.is_closing()):
            raise exc  # the client has disconnected
        if status >= 500:
            _log.error("request failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("Half of a response has been sent.")
        return self._refusal(status)

    def _refusal(self, status: int) -> web.Response:
        _log.info("no request", extra={"status": status})
        response = web.Response(
            status=status,
            text=HTTPStatus(status).phrase + "\n",
            headers=self._owner.headers,
        )
        response.force_close()
        return response

    def _cut(self) -> None:
        if self._end is None:
            return
        if self.connection.stage is Stage.SENDING:  # else the kernel keeps what was not read
            self._end.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self._end.abort()


class ListeningSite(web.BaseSite):
    """Accepts the connections of one listening socket."""

    def __init__(
        self,
        runner: web.AppRunner,
        listener: socket.socket,
        owner: "ConnectionManager",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(runner)
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._owner = owner
        self._tls = tls
        self._again: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[Any]] = set()

    @property
    def name(self) -> str:
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def start(self) -> None:
        await super().start()
        self._listener.setblocking(False)
        self._listener.listen(BACKLOG)
        self._watch()

    async def stop(self) -> None:
        self._unwatch()
        if self._again is not None:
            self._again.cancel()
        self._listener.close()
        await super().stop()

    def _watch(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _unwatch(self) -> None:
        self._loop.remove_reader(self._listener)

    def _pause(self, seconds: float) -> None:
        self._unwatch()
        self._again = self._loop.call_later(seconds, self._watch)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            connections = self._owner.connections
            full = connections.full
            if wait := connections.must_wait():
                return self._pause(wait.total_seconds())
            try:
                accepted, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return None
            except OSError as error:
                if error.errno not in OUT_OF_RESOURCES:
                    raise
                self._owner.out_of_descriptors(error)
                return self._pause(TRY_AGAIN_AFTER)
            network = self._owner.network_of(address[0])
            if not self._owner.accepts(network):
                accepted.close()
                continue
            task = self._loop.create_task(self._open(accepted, self._owner.new(network)))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
            if full:
                return self._pause(connections.accept_interval.total_seconds())
        return None

    async def _open(self, accepted: socket.socket, protocol: HttpConnection) -> None:
        try:
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_WITHIN if self._tls else None,
            )
        except OSError:  # it was reset in the meantime
            protocol.forget()
            accepted.close()


class ConnectionManager:
    """Holds every open connection, and closes the overdue ones every second."""

    def __init__(self, app: web.Application) -> None:
        self._waits: Clockwork = app[WAITS]
        self.connections = ConnectionTable(self._waits.now, capacity())
        self._config = app[CONFIG]
        self.headers = default_headers(secure=self._config.secure)
        self._server: web.Server | None = None
        self._incidents: Counter[str] = Counter()
        self._logged_at: datetime | None = None

    def serve(self, server: web.Server) -> None:
        """Time the requests of `server` from now on."""
        self._server = server
        aiohttp_factory = server.request_factory

        def make_request(
            message: Any, payload: Any, protocol: Any, writer: Any, task: Any
        ) -> web.BaseRequest:
            protocol.request_arrived(payload)
            return aiohttp_factory(message, payload, protocol, writer, task)

        server.request_factory = make_request
        self._check()

    def new(self, network: str | None) -> HttpConnection:
        assert self._server is not None
        return HttpConnection(self, self._server, network)

    def network_of(self, address: str) -> str | None:
        """The network of the peer of a connection; None for a proxy of ours."""
        return None if is_proxy(self._config, address) else network(address)

    def accepts(self, network: str | None) -> bool:
        accepted = self.connections.make_room(network)
        if not accepted:
            self._incidents["connections were refused: everybody here is being served"] += 1
        return accepted

    def out_of_descriptors(self, error: OSError) -> None:
        self._incidents[f"connections could not be taken: {errno.errorcode[error.errno or 0]}"] += 1
        self.connections.evict_first()

    async def _check_again(self) -> None:
        self._check()

    def _check(self) -> None:
        self._waits.set("connections", self._waits.now() + CHECK_EVERY, self._check_again)
        self.connections.evict_overdue()
        self._log_incidents()

    def _log_incidents(self) -> None:
        """At most one line a minute for what a stranger can cause at will."""
        now = self._waits.now()
        if self._logged_at is not None and now - self._logged_at < LOG_EVERY:
            return
        ended, self.connections.evicted = self.connections.evicted, 0
        if ended:
            _log.info("connections were ended: nothing came of them", extra={"count": ended})
        for what, count in self._incidents.items():
            _log.warning(what, extra={"count": count})
        if ended or self._incidents:
            self._logged_at = now
        self._incidents.clear()


CONNECTIONS = web.AppKey("connections", ConnectionManager)


async def start_server(
    app: web.Application,
    listeners: list[socket.socket],
    *,
    shutdown_timeout: float,
    tls: ssl.SSLContext | None = None,
) -> web.AppRunner:
    """Start the application and accept connections; cleaning up the runner ends both."""
    # an access log would show tokens in paths; web/http/errors.py logs by route
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_timeout)
    try:
        await runner.setup()
        assert runner.server is not None
        app[CONNECTIONS].serve(runner.server)
        for listener in listeners:
            await ListeningSite(runner, listener, app[CONNECTIONS], tls).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner


def expect_hello(request: web.Request) -> None:
    """A WebSocket is open; until it is admitted, it is among the first to be evicted."""
    if isinstance(request.protocol, HttpConnection):
        connections = request.app[CONNECTIONS].connections
        connections.expect_hello(request.protocol.connection, network_of(remote(request)))


def answer_after_all(request: web.Request) -> None:
    """Whatever is answered from now on, a slow line has the time to send the rest of the body before.

    For whom the sender is known; everybody else has BODY_WITHIN.
    """
    if isinstance(request.protocol, HttpConnection):
        rest = min(request.content_length or DROPPED_BYTES, DROPPED_BYTES)
        within = BODY_WITHIN + timedelta(seconds=rest / SENT_BYTES_PER_SECOND)
        request.protocol.expect_rest(min(within, DROPPED_WITHIN))


def admit(request: web.Request) -> None:
    """The WebSocket has said hello, or the body of an upload has an author who may send it.

    From now on its connection is never evicted, and its handler says how long it may be silent.
    """
    if isinstance(request.protocol, HttpConnection):
        request.app[CONNECTIONS].connections.set_stage(request.protocol.connection, Stage.SERVING)
