"""A message that the worker of a seat sends, once the line is back: its page may be closed by then."""

import msgspec
from aiohttp import web

from signaling.errors import InvalidInput
from signaling.wire import client_messages as client
from web.keys import CHATTING, LIMITS
from web.pages.places import place_of


async def send_message(request: web.Request) -> web.Response:
    """A chat message as on the socket, and as there once for its id, however often it is sent.

    Raises what `place_of` and `Chatting.deliver` do, TooManyRequests, or InvalidInput.
    """
    place = await place_of(request, "write_chat")
    await request.app[LIMITS].hit("kept_message", place.author.participant_id)
    try:
        message = msgspec.json.decode(await request.read(), type=client.ChatSend)
    except msgspec.DecodeError:
        raise InvalidInput("message") from None
    acknowledged = await request.app[CHATTING].deliver(place.author, message)
    return web.json_response(msgspec.to_builtins(acknowledged))
