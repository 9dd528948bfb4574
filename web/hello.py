"""The first message of a conversation over `/socket`: read here, and begun for a page that is rendered."""

import asyncio

import msgspec
from aiohttp import WSMsgType, web

from signaling.errors import InvalidMessage
from signaling.wire import client_messages as client
from signaling.wire import messages as wire
from web.routes import path

PARAMETER = "hello"
"Of the address, for a page that saves a round trip."
SESSION = "session"
"Of the address: the id of the session that the socket is about, for whoever has to find its host."
WITHIN = 30.0
"Seconds: a round trip on the slowest networks, plus a retransmission."


async def hello_of(request: web.Request, response: web.WebSocketResponse) -> client.Hello:
    """The hello in the address, else the first message.

    Raises InvalidMessage for anything else, or for silence.
    """
    if (text := request.query.get(PARAMETER)) is not None:
        hello = _checked(text)
        if hello.ticket is not None:  # addresses are logged
            raise InvalidMessage
        return hello
    try:
        # a timeout of receive() would restart with each ping
        async with asyncio.timeout(WITHIN):
            frame = await response.receive()
    except TimeoutError:
        raise InvalidMessage from None
    if frame.type is not WSMsgType.TEXT:
        raise InvalidMessage
    return _checked(frame.data)


def socket_path(consultation_id: str) -> str:
    """The address of the socket of a session's page."""
    return path("socket", {SESSION: consultation_id})


def begun(consultation_id: str, invite_id: str, ticket: str | None = None) -> str:
    """The hello of a guest's new page as JSON, with a ticket if its socket is older than its seat.

    The page gives it a `peer_id`, and says if its browser cannot call.
    """
    members = {
        "type": "hello",
        "version": wire.PROTOCOL_VERSION,
        "stream": "room",
        "consultation_id": consultation_id,
        "invite_id": invite_id,
    }
    if ticket is not None:
        members["ticket"] = ticket
    return msgspec.json.encode(members).decode()


def _checked(text: str) -> client.Hello:
    """Raises InvalidMessage unless it is a hello of this version."""
    message = client.decode(text)
    if not isinstance(message, client.Hello) or message.version != wire.PROTOCOL_VERSION:
        raise InvalidMessage
    return message
