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
)
from signaling.rooms.attendance import Attendance
from signaling.wire import client_messages as client
from signaling.wire import messages as wire
from signaling.wire.values import CLOSE_CODES
from web.access.revocation import Activity, Grant
from web.calls.ice import ice_servers
from web.connections.http_server import admit, expect_hello
from web.connections.sockets import SOCKETS, Allowance, Socket
from web.hello import hello_of
from web.hosts.hand_over import hand_over_opened
from web.hosts.passing import CLOSE_WITHIN
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

_log = logging.getLogger("web.socket")


async def socket(request: web.Request) -> web.StreamResponse:
    """One WebSocket, from its handshake to its end."""
    if not is_handshake(request):
        return await no_websocket(request)
    response = web.WebSocketResponse(
        timeout=CLOSE_WITHIN, heartbeat=HEARTBEAT, max_msg_size=wire.MAX_FRAME_BYTES, compress=False
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


async def _lobby(
    request: web.Request, response: web.WebSocketResponse, hello: client.Hello
) -> None:
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
                    case client.Ping():
                        connection.send(wire.encode(wire.Pong()))
                    case client.Active():
                        connection.act()
                    case _:
                        raise InvalidMessage
        finally:
            hub.leave_lobby(account.id, connection)
            await connection.finish()  # else the handler ends before the close code is sent


async def _room(
    request: web.Request,
    response: web.WebSocketResponse,
    hello: client.Hello,
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
    seat = room.seats.get(participant_id)
    if seat is not None and seat.was_taken_from(hello.peer_id, hello.seated_at):
        await response.send_str(wire.encode(wire.Replaced()))
        await response.close(code=CLOSE_CODES["replaced"], message=b"replaced")
        return

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


async def _seat(request: web.Request, hello: client.Hello) -> tuple[str, str, bytes | None]:
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
            message = client.decode(frame.data)
            if isinstance(message, client.ReadChat):
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
    chatting, running = app[CHATTING], app[RUNNING]
    match message:
        case client.Ping():
            return wire.Pong()
        case client.ChatSend():
            return await chatting.send(attendance, message)
        case client.ReadChat():
            return await chatting.read(attendance, message)
        case client.Seen():
            await chatting.seen(attendance, message)
        case client.TurnPhoto() | client.AskPhoto() | client.AnswerPhoto():
            return await _handle_photos(app, attendance, message)
        case client.StartConsultation():
            return await running.start(attendance, message)
        case client.TerminateConsultation():
            return await running.terminate(attendance, message)
        case client.ResumeConsultation():
            return await running.resume(attendance, message)
        case _:
            return await _handle_calls(app, attendance, message)
    return None


async def _handle_photos(
    app: web.Application,
    attendance: Attendance,
    message: client.TurnPhoto | client.AskPhoto | client.AnswerPhoto,
) -> wire.Ack:
    match message:
        case client.TurnPhoto():
            return await app[TURNING].turn(attendance, message)
        case client.AskPhoto():
            return await app[PHOTO_REQUESTS].ask(attendance, message)
        case client.AnswerPhoto():
            return await app[PHOTO_REQUESTS].answer(attendance, message)


async def _handle_calls(
    app: web.Application, attendance: Attendance, message: client.ClientMessage
) -> wire.Ack | None:
    calling, forwarding = app[CALLING], app[FORWARDING]
    match message:
        case client.CallStart():
            return await calling.start(attendance, message)
        case client.CallAccept():
            return await calling.accept(attendance, message)
        case client.CallDecline():
            return await calling.decline(attendance, message)
        case client.CallLeave():
            return await calling.hang_up(attendance, message)
        case client.SendDescription():
            calling.description(attendance, message)
        case client.SendCandidate():
            calling.candidate(attendance, message)
        case client.RelayAnswer():
            await forwarding.answer(attendance, message)
        case client.PathReady():
            await forwarding.ready(attendance, message)
        case client.PathFailed():
            await forwarding.failed(attendance, message)
        case client.TileShown():
            await forwarding.prefer(attendance, message)
        case client.SetMedia():
            calling.set_media(attendance, message)
        case client.SetQuality():
            calling.set_quality(attendance, message)
        case _:
            raise InvalidMessage
    return None


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
