"""`/socket`: passes wire messages between a browser and the flows, which give them their meaning."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from aiohttp import WSMsgType, hdrs, web

from signaling.access import owned
from signaling.errors import (
    HostAway,
    InvalidInput,
    InvalidMessage,
    NotFound,
    TeleConnectError,
    TooManyRequests,
)
from signaling.moments.milliseconds import to_ms
from signaling.rooms.attendance import Attendance
from signaling.wire import messages as wire
from signaling.wire.values import CLOSE_CODES
from web.access.revocation import Activity, Grant
from web.calls.ice import ice_servers
from web.connections.http_server import admit, expect_hello
from web.hello import hello_of
from web.hosts.hand_over import hand_over_opened
from web.hosts.ports import ELSEWHERE, OWNERS
from web.http.errors import close_code, domain_error, refusal
from web.http.no_websocket import no_websocket
from web.http.request import seated_by, signed_in_or_late, viewer_of, web_session_digest
from web.http.same_origin import is_handshake
from web.keys import (
    ATTENDING,
    CALLING,
    CHATTING,
    CLOCK,
    FORWARDING,
    PHOTO_REQUESTS,
    REVOCATION,
    ROOMS,
    RUNNING,
    RUNTIME_SETTINGS,
    SEAT_TICKETS,
    TURN,
    TURNING,
    UNREAD,
)

HEARTBEAT = 25.0
"Seconds between WebSocket pings: below the 30 s after which mobile gateways drop a mapping."
MAX_QUEUED_BYTES = 2 * 2**20
"""A reader this far behind is cut off; it reconnects and resumes. The welcome is not counted, only what
is queued behind it: nobody is too slow for their own snapshot."""
MAX_QUEUED_FRAMES = 2000
BURST = 200
RATE = 50.0
"""Messages a socket may send in a burst, and per second: setting up a call between four people takes
some 120 candidates within a few seconds."""

FAREWELLS: dict[str, wire.Message] = {"replaced": wire.Replaced(), "gone": wire.Goodbye("gone")}

_log = logging.getLogger("web.socket")


class Socket:
    """One live connection, as `signaling.ports.connection.Connection`: `send` never waits."""

    def __init__(
        self, response: web.WebSocketResponse, transport: asyncio.Transport | None, peer_id: str
    ) -> None:
        self.peer_id = peer_id
        self._response = response
        self._frames: list[tuple[str, int]] = []
        "(frame, size that counts towards the queue); 0 for a frame that does not count."
        self._queued_bytes = self._queued_frames = 0
        self._closing: tuple[int, bytes] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._transport = transport
        self._acted = False

    def act(self) -> None:
        """The user did something by hand."""
        self._acted = True

    def acted(self) -> bool:
        """Whether the user did anything by hand since the last call."""
        acted, self._acted = self._acted, False
        return acted

    def send(self, frame: str, *, counted: bool = True) -> None:
        if self._closing is not None:
            return
        size = len(frame) if counted else 0
        self._frames.append((frame, size))
        self._queued_bytes += size
        self._queued_frames += bool(size)
        if self._queued_bytes > MAX_QUEUED_BYTES or self._queued_frames > MAX_QUEUED_FRAMES:
            self._cut_off()
            return
        self._write_soon()

    @property
    def closing(self) -> bool:
        """Whether it no longer sends or handles anything."""
        return self._closing is not None

    def tell_end(self, ends_at: datetime, now: datetime) -> None:
        """Say when the time of the user's sign-in is over."""
        left = max(0, to_ms(ends_at) - to_ms(now))
        self.send(wire.encode(wire.SignInEnds(to_ms(ends_at), left)))

    def end(self, reason: str) -> None:
        """Say farewell and close, because access was revoked for `reason`."""
        if farewell := FAREWELLS.get(reason):
            self.send(wire.encode(farewell))
        self.close(reason)

    def close(self, reason: str) -> None:
        if self._closing is None:
            self._closing = (CLOSE_CODES[reason], reason.encode())
            self._write_soon()

    async def finish(self) -> None:
        """Wait until everything queued has been written."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=2)

    def _write_soon(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="socket writer")

    async def _write(self) -> None:
        try:
            while self._frames:
                frames, self._frames = self._frames, []
                for frame, size in frames:
                    await self._response.send_str(frame)
                    self._queued_bytes -= size
                    self._queued_frames -= bool(size)
            if self._closing is not None:
                code, reason = self._closing
                await self._response.close(code=code, message=reason)
        except (ConnectionError, RuntimeError):
            self._frames.clear()
        finally:
            self._writer = None  # thousands of sockets are idle

    def _cut_off(self) -> None:
        """Abort the connection of a reader that does not read; a goodbye would not reach it."""
        self._closing = (CLOSE_CODES["slow"], b"slow")
        self._frames.clear()
        if self._writer is not None:
            self._writer.cancel()
        if self._transport is not None:
            self._transport.abort()


class Allowance:
    """A token bucket for the messages of one socket."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = asyncio.get_running_loop().time()

    def take(self) -> None:
        """Raises TooManyRequests when used up."""
        if self._after_one() < 0:
            raise TooManyRequests

    async def wait(self) -> None:
        """Take one; where it is used up, wait until there is one again."""
        if (left := self._after_one()) < 0:
            await asyncio.sleep(-left / RATE)

    def _after_one(self) -> float:
        now = asyncio.get_running_loop().time()
        self._left = min(BURST, self._left + (now - self._at) * RATE) - 1
        self._at = now
        return self._left


SOCKETS: web.AppKey[set[Socket]] = web.AppKey("sockets", set)


async def socket(request: web.Request) -> web.StreamResponse:
    """One WebSocket, from its handshake to its end."""
    if not is_handshake(request):
        return await no_websocket(request)
    response = web.WebSocketResponse(
        heartbeat=HEARTBEAT, max_msg_size=wire.MAX_FRAME_BYTES, compress=False
    )
    await _shake_hands(request, response)
    translate = (await viewer_of(request)).translate
    try:
        hello = await hello_of(request, response)
        if await hand_over_opened(request, response, hello):
            return response
        if hello.stream == "lobby":
            await _lobby(request, response, hello)
        else:
            await _room(request, response, hello, translate)
    except TeleConnectError as error:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await response.send_str(wire.encode(refusal(error, translate)))
            await response.close(code=close_code(error), message=error.code.encode())
    return response


async def _shake_hands(request: web.Request, response: web.WebSocketResponse) -> None:
    """Raises InvalidInput or HTTPBadRequest for an invalid handshake."""
    if not request.headers.get(hdrs.SEC_WEBSOCKET_KEY, "").isascii():
        raise InvalidInput(hdrs.SEC_WEBSOCKET_KEY)  # aiohttp decodes it without a check
    await response.prepare(request)
    expect_hello(request)


async def _lobby(request: web.Request, response: web.WebSocketResponse, hello: wire.Hello) -> None:
    account, digest = await signed_in_or_late(request)
    admit(request)
    hub = request.app[ROOMS].hub
    connection = Socket(response, request.transport, hello.peer_id)

    def activity() -> Activity:
        return Activity(connection.acted())

    def held() -> bool:
        return any(room.others_online() for room in hub.rooms_of(account.id))

    app = request.app
    async with _registered(app, connection, Grant(digest), activity, held) as ends_at:
        await app[UNREAD].count_for(account.id)
        hub.enter_lobby(account.id, connection)
        connection.tell_end(ends_at, app[CLOCK].now())
        if ELSEWHERE in app:
            await app[ELSEWHERE].ask_all(account.id)
        try:
            async for message in _messages(response, connection):
                match message:
                    case wire.Ping():
                        connection.send(wire.encode(wire.Pong()))
                    case wire.Active():
                        connection.act()
                    case _:
                        raise InvalidMessage
        finally:
            hub.leave_lobby(account.id, connection)
            await connection.finish()  # else the handler ends before the close code is sent


async def _room(
    request: web.Request,
    response: web.WebSocketResponse,
    hello: wire.Hello,
    translate: Callable[[str], str],
) -> None:
    app = request.app
    consultation_id, participant_id, web_session = await _seat(request, hello)
    admit(request)
    connection = Socket(response, request.transport, hello.peer_id)
    grant = Grant(
        web_session,
        invite_id=hello.invite_id,
        held=None if hello.invite_id else (consultation_id, participant_id),
    )
    # open it now, so that nothing is awaited on the way to the seat
    room = await app[ROOMS].open(consultation_id)

    def activity() -> Activity:
        return Activity(connection.acted(), room.in_progress)

    def held() -> bool:
        return room.in_progress if hello.invite_id else room.others_online()

    async with _registered(app, connection, grant, activity, held) as ends_at:
        attendance = await app[ATTENDING].enter(
            consultation_id,
            participant_id,
            connection,
            hello,
            ice_servers(app[TURN].service, participant_id, app[CLOCK].now()),
            app[RUNTIME_SETTINGS].media_policy,
        )
        if not hello.invite_id:
            connection.tell_end(ends_at, app[CLOCK].now())
        try:
            async for message in _messages(response, connection):
                answer = await _answer(app, attendance, message, translate)
                if answer is not None:
                    connection.send(wire.encode(answer))
        finally:
            await connection.finish()
            await app[ATTENDING].leave(attendance)


async def _seat(request: web.Request, hello: wire.Hello) -> tuple[str, str, bytes | None]:
    """(consultation id, participant id, digest of the web session) that this browser may act as.

    Raises NotFound for anybody without a seat there, whether or not the consultation exists.
    """
    if hello.invite_id is not None:
        if hello.ticket is not None:
            digest = request.app[SEAT_TICKETS].redeem(hello.ticket, hello.invite_id)
        else:
            digest = await web_session_digest(request)
        arrival = await seated_by(request, hello.invite_id, digest)
        if hello.consultation_id not in (None, arrival.consultation.id):
            raise NotFound
        return arrival.consultation.id, arrival.invite.id, digest
    account, digest = await signed_in_or_late(request)
    if hello.consultation_id is None:
        raise InvalidMessage
    room = await request.app[ROOMS].open(hello.consultation_id)
    owned(room.consultation, account.id, "enter")
    return hello.consultation_id, account.id, digest


async def _messages(response: web.WebSocketResponse, connection: Socket) -> AsyncIterator[Any]:
    """Decoded messages until the socket ends. Raises InvalidMessage, TooManyRequests.

    ReadChat is slowed down instead: a page that reads back a long chat asks as fast as it is answered.
    """
    allowance, reading = Allowance(), Allowance()
    async for frame in response:
        if connection.closing:
            return
        if frame.type is WSMsgType.TEXT:
            message = wire.decode(frame.data)
            if isinstance(message, wire.ReadChat):
                await reading.wait()
            else:
                allowance.take()
            if getattr(message, "id", None) is not None:
                connection.act()
            yield message
        elif frame.type is WSMsgType.BINARY:
            raise InvalidMessage


async def _answer(
    app: web.Application, attendance: Attendance, message: Any, translate: Callable[[str], str]
) -> wire.Message | None:
    """Pass a message to its flow. Returns the reply or the refusal, if it has one."""
    try:
        if attendance.room.given_up or (OWNERS in app and not app[OWNERS].acts):
            raise HostAway  # the page sends it again, here or to the next owner
        return await _handle(app, attendance, message)
    except Exception as error:
        known = domain_error(error)
        if known is not error:
            _log.exception("message failed", extra={"code": known.code})
        return refusal(known, translate, getattr(message, "id", None))


async def _handle(
    app: web.Application, attendance: Attendance, message: Any
) -> wire.Message | None:
    """Pass a message to its flow. Returns the reply, if it has one."""
    chatting, calling, running = app[CHATTING], app[CALLING], app[RUNNING]
    forwarding = app[FORWARDING]
    match message:
        case wire.Ping():
            return wire.Pong()
        case wire.ChatSend():
            return await chatting.send(attendance, message)
        case wire.ReadChat():
            return await chatting.read(attendance, message)
        case wire.Seen():
            await chatting.seen(attendance, message)
        case wire.TurnPhoto() | wire.AskPhoto() | wire.AnswerPhoto():
            return await _handle_photos(app, attendance, message)
        case wire.StartConsultation():
            return await running.start(attendance, message)
        case wire.TerminateConsultation():
            return await running.terminate(attendance, message)
        case wire.ResumeConsultation():
            return await running.resume(attendance, message)
        case wire.CallStart():
            return await calling.start(attendance, message)
        case wire.CallAccept():
            return await calling.accept(attendance, message)
        case wire.CallDecline():
            return await calling.decline(attendance, message)
        case wire.CallLeave():
            return await calling.hang_up(attendance, message)
        case wire.SendDescription():
            calling.description(attendance, message)
        case wire.SendCandidate():
            calling.candidate(attendance, message)
        case wire.RelayAnswer():
            await forwarding.answer(attendance, message)
        case wire.PathReady():
            await forwarding.ready(attendance, message)
        case wire.PathFailed():
            await forwarding.failed(attendance, message)
        case wire.TileShown():
            await forwarding.prefer(attendance, message)
        case wire.SetMedia():
            calling.set_media(attendance, message)
        case wire.SetQuality():
            calling.set_quality(attendance, message)
        case _:
            raise InvalidMessage
    return None


async def _handle_photos(
    app: web.Application,
    attendance: Attendance,
    message: wire.TurnPhoto | wire.AskPhoto | wire.AnswerPhoto,
) -> wire.Ack:
    match message:
        case wire.TurnPhoto():
            return await app[TURNING].turn(attendance, message)
        case wire.AskPhoto():
            return await app[PHOTO_REQUESTS].ask(attendance, message)
        case wire.AnswerPhoto():
            return await app[PHOTO_REQUESTS].answer(attendance, message)


@contextlib.asynccontextmanager
async def _registered(
    app: web.Application,
    connection: Socket,
    grant: Grant,
    activity: Callable[[], Activity],
    held: Callable[[], bool],
) -> AsyncIterator[datetime]:
    """Yields when the web session ends, see `RevocationWatch.while_granted`.

    Raises SignInRequired, InviteNotUsable or NotFound if the grant is revoked already."""
    app[SOCKETS].add(connection)
    try:
        live = app[REVOCATION]
        tell = connection.tell_end if grant.invite_id is None else None
        async with live.while_granted(grant, connection.end, activity, held, tell) as ends_at:
            yield ends_at
    finally:
        app[SOCKETS].discard(connection)


async def say_goodbye(app: web.Application) -> None:
    """Tell every browser to reconnect, as the server stops (`on_shutdown`)."""
    sockets = app[SOCKETS].copy()
    for connection in sockets:
        connection.send(wire.encode(wire.Goodbye("restart")))
        connection.close("restart")
    await asyncio.gather(*(connection.finish() for connection in sockets))
