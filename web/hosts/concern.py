"""Which session a request is about."""

import msgspec
from aiohttp import web

from signaling.errors import InvalidMessage
from signaling.wire import client_messages as client
from storage.store import Store
from web.hello import PARAMETER, SESSION
from web.keys import STORE


async def session_of(request: web.Request) -> str | None:
    """The id of the consultation that a request is about; None: it is about none, or an unknown one."""
    parts, read = request.match_info, request.app[STORE].read
    if "consultation_id" in parts:
        return parts["consultation_id"]
    if "invite_id" in parts:
        return await read.invites.consultation_of(parts["invite_id"])
    match parts.route.name or "":
        case "socket":
            return await _of_socket(request)
        case name if name.startswith("landing"):
            invite = await read.invites.by_token(parts["token"])
            return invite.consultation_id if invite else None
        case "interpreter_request":
            asked = await read.interpreters.by_token(parts["token"])
            return asked.consultation_id if asked else None
    return None


async def session_of_hello(store: Store, hello: client.Hello) -> str | None:
    """The consultation that a socket's first message names; None for a lobby, or an unknown one."""
    if hello.stream == "lobby":
        return None
    if hello.invite_id is not None:
        return await store.read.invites.consultation_of(hello.invite_id)
    return hello.consultation_id


async def _of_socket(request: web.Request) -> str | None:
    if session := request.query.get(SESSION):
        return session
    text = request.query.get(PARAMETER)
    if text is None:
        return None
    try:
        message = client.decode(text)
    except (InvalidMessage, msgspec.MsgspecError):
        return None
    if not isinstance(message, client.Hello):
        return None
    return await session_of_hello(request.app[STORE], message)
