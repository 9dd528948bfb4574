"""The door: connections are taken here, watched, and ended when nothing comes of them.

aiohttp and asyncio end no connection for silence, log a line for each that cannot be taken, and
tell whoever sends nonsense which library they are and what it made of it. The rules are those of
`web/connections/limits.py`; here are the sockets.
"""

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import struct
from collections import Counter
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import StreamReader, web

from web.access.rate_limits import is_loopback, network, remote
from web.clockwork import Clockwork
from web.connections.limits import (
    BODY_WITHIN,
    HEAD_WITHIN,
    IDLE_WITHIN,
    PROXY_IDLE_WITHIN,
    READ_BYTES_PER_SECOND,
    READ_WITHIN,
    Standing,
    Visitor,
    Visitors,
)
from web.http.security import default_headers
from web.keys import CONFIG, WAITS

MOST_DESCRIPTORS = 65_536
"Enough for every socket that one process can serve; a system without a limit is not taken at it."
RESERVE = 64
"Descriptors that no visitor gets: database, outbox, mail servers, the relay's pipes, its trials."
BACKLOG = 1024
"Connections that wait to be taken: who comes in the middle of a flood is not turned away."
AT_ONCE = 4
"""Connections taken before anything else is done: in a flood those who are here already are heard
in between."""
TRY_AGAIN_AFTER = 0.1
"Seconds until connections are taken again when there was no descriptor."
LOOK_EVERY = timedelta(seconds=1)
TELL_EVERY = timedelta(minutes=1)
WITHOUT_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = logging.getLogger(__name__)


def claim_descriptors() -> None:
    """Raise the limit of open files as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _bounded(soft) < _bounded(hard):
        with contextlib.suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (_bounded(hard), hard))


def places() -> int:
    """How many connections there may be under the limit of open files."""
    descriptors = _bounded(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return max(descriptors - RESERVE, descriptors // 2)


def network_of(address: str | None) -> str | None:
    """What shares one limit with an address; None for this machine."""
    return None if is_loopback(address) else network(address)


def _bounded(limit: int) -> int:
    return MOST_DESCRIPTORS if limit == resource.RLIM_INFINITY else min(limit, MOST_DESCRIPTORS)


class Line(web.RequestHandler):
    """One connection, as aiohttp serves it, with an eye on how long it keeps us waiting."""

    __slots__ = ("_body", "_doorman", "_end", "_in_request", "visitor")

    def __init__(self, doorman: "Doorman", server: web.Server, network: str | None) -> None:
        # what is compressed would be unpacked before anybody looked at it: no browser sends that
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
        )
        self._doorman = doorman
        self._body: StreamReader | None = None
        self._end: asyncio.Transport | None = None
        self._in_request = False
        self.visitor = Visitor(self._cut, network)
        self._visitors.enter(self.visitor)

    @property
    def _visitors(self) -> Visitors:
        return self._doorman.visitors

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._end = transport
        super().connection_made(transport)
        if self.visitor not in self._visitors:  # sent away in the meantime
            self._cut()

    def forget(self) -> None:
        """The connection has come to nothing."""
        self._visitors.leave(self.visitor)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.visitor.standing is Standing.IDLE and (self._body is None or self._body.is_eof()):
            self._visitors.stand(self.visitor, Standing.UNHEARD, HEAD_WITHIN)
        super().data_received(data)

    def hear(self, body: StreamReader) -> None:
        """A request's head is complete; its body may be under way."""
        self._body = body
        self._in_request = True
        if body.is_eof():
            self._serve()
        else:
            self._visitors.stand(self.visitor, Standing.UNHEARD, BODY_WITHIN)
            body.on_eof(self._serve)

    def _serve(self) -> None:
        if self._in_request:  # the rest of a body may come after the answer
            self._visitors.stand(self.visitor, Standing.SERVED)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._end is not None and not self._upgraded:  # a socket counts for itself
            patience = timedelta(seconds=self._end.get_write_buffer_size() / READ_BYTES_PER_SECOND)
            self._visitors.stand(self.visitor, Standing.READING, READ_WITHIN + patience)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.visitor.standing is Standing.READING:
            self._serve()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            # of the library's own: ours are answered by web/http/errors.py
            resp = self._refusal(resp.status)
        finished = await super().finish_response(request, resp, start_time)
        self._in_request = False
        direct = self.visitor.network is not None
        idle = IDLE_WITHIN if direct else PROXY_IDLE_WITHIN
        self._visitors.stand(self.visitor, Standing.IDLE, idle)
        return finished

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no HTTP, or after a fault of ours; it quotes nothing."""
        if isinstance(exc, ConnectionError) and (self._end is None or self._end.is_closing()):
            raise exc  # who asked has left
        if status >= 500:
            _log.error("request failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("Half of an answer has been sent.")
        return self._refusal(status)

    def _refusal(self, status: int) -> web.Response:
        _log.info("no request", extra={"status": status})
        response = web.Response(
            status=status,
            text=HTTPStatus(status).phrase + "\n",
            headers=self._doorman.headers,
        )
        response.force_close()
        return response

    def _cut(self) -> None:
        if self._end is None:
            return
        if self.visitor.standing is Standing.READING:  # or the kernel keeps what is not taken
            self._end.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self._end.abort()


class Door(web.BaseSite):
    """Takes the connections of one listening socket."""

    def __init__(self, runner: web.AppRunner, listener: socket.socket, doorman: "Doorman") -> None:
        super().__init__(runner)
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._doorman = doorman
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
        self._loop.add_reader(self._listener, self._take)

    def _unwatch(self) -> None:
        self._loop.remove_reader(self._listener)

    def _pause(self, seconds: float) -> None:
        self._unwatch()
        self._again = self._loop.call_later(seconds, self._watch)

    def _take(self) -> None:
        for _ in range(AT_ONCE):
            visitors = self._doorman.visitors
            crowded = visitors.crowded
            if wait := visitors.must_wait():
                return self._pause(wait.total_seconds())
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return None
            except OSError as error:
                if error.errno not in WITHOUT_ROOM:
                    raise
                self._doorman.no_descriptor(error)
                return self._pause(TRY_AGAIN_AFTER)
            visitor = network_of(address[0])
            if not self._doorman.admits(visitor):
                connection.close()
                continue
            task = self._loop.create_task(self._open(connection, self._doorman.line(visitor)))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
            if crowded:
                return self._pause(visitors.pace.total_seconds())
        return None

    async def _open(self, connection: socket.socket, line: Line) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: line, connection)
        except OSError:  # it was reset in the meantime
            line.forget()
            connection.close()


class Doorman:
    """Knows everybody who is here, and looks after them every second."""

    def __init__(self, app: web.Application) -> None:
        self._waits: Clockwork = app[WAITS]
        self.visitors = Visitors(self._waits.now, places())
        self.headers = default_headers(secure=app[CONFIG].secure)
        self._server: web.Server | None = None
        self._happened: Counter[str] = Counter()
        self._told_at: datetime | None = None

    def serve(self, server: web.Server) -> None:
        """Watch what `server` is asked from now on."""
        self._server = server
        make = server.request_factory

        def heard(message: Any, payload: Any, line: Any, writer: Any, task: Any) -> web.BaseRequest:
            line.hear(payload)
            return make(message, payload, line, writer, task)

        server.request_factory = heard
        self._look()

    def line(self, network: str | None) -> Line:
        assert self._server is not None
        return Line(self, self._server, network)

    def admits(self, network: str | None) -> bool:
        admitted = self.visitors.admit(network)
        if not admitted:
            self._happened["connections were refused: everybody here is being served"] += 1
        return admitted

    def no_descriptor(self, error: OSError) -> None:
        self._happened[f"connections could not be taken: {errno.errorcode[error.errno or 0]}"] += 1
        self.visitors.send_away_first()

    async def _look_again(self) -> None:
        self._look()

    def _look(self) -> None:
        self._waits.set("door", self._waits.now() + LOOK_EVERY, self._look_again)
        self.visitors.send_away_overdue()
        self._tell()

    def _tell(self) -> None:
        """A line a minute for what a stranger can bring about as often as they like."""
        now = self._waits.now()
        if self._told_at is not None and now - self._told_at < TELL_EVERY:
            return
        ended, self.visitors.sent_away = self.visitors.sent_away, 0
        if ended:
            _log.info("connections were ended: nothing came of them", extra={"count": ended})
        for what, count in self._happened.items():
            _log.warning(what, extra={"count": count})
        if ended or self._happened:
            self._told_at = now
        self._happened.clear()


DOORMAN = web.AppKey("doorman", Doorman)


async def open_doors(
    app: web.Application,
    listeners: list[socket.socket],
    *,
    shutdown_timeout: float,
) -> web.AppRunner:
    """Start the application and take connections; cleaning the runner up ends both."""
    # an access log would show tokens in paths; web/http/errors.py logs by route
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_timeout)
    try:
        await runner.setup()
        assert runner.server is not None
        app[DOORMAN].serve(runner.server)
        for listener in listeners:
            await Door(runner, listener, app[DOORMAN]).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner


def greets(request: web.Request) -> None:
    """A WebSocket is open; until it is admitted its place is one of the first to be given away."""
    if isinstance(request.protocol, Line):
        visitors = request.app[DOORMAN].visitors
        visitors.greet(request.protocol.visitor, network_of(remote(request)))


def admitted(request: web.Request) -> None:
    """Whose WebSocket this is has a place here: it stays as long as they like."""
    if isinstance(request.protocol, Line):
        request.app[DOORMAN].visitors.stand(request.protocol.visitor, Standing.SERVED)
