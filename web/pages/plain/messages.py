"""A message that a form sends: from a page without scripts, or from one whose scripts do not run."""

from hashlib import sha256

from aiohttp import web

from signaling.errors import InviteNotUsable, NotFound, TeleConnectError
from signaling.rooms.attendance import Attendance
from signaling.wire import client_messages as client
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.over_limit import check_limit
from web.http.request import viewer_of
from web.keys import CHATTING, LIMITS
from web.pages.plain.page import lost, page
from web.pages.plain.place import arrived, back, valid_id


async def send_message(request: web.Request) -> web.Response:
    """Send what was typed, once for the id that the form has, however often it is sent.

    What is not sent comes back in the field, with a sentence that says why. The full page's form has
    `full` in its address, and is gone back to if scripts run after all.
    """
    form = await form_of(request)
    text = form.get("text", "")
    message_id = valid_id(form.get("id", ""))
    try:
        _arrival, attendance, _viewer = await arrived(request)
        check_limit(request)
        await write(request, attendance, message_id, text)
    except (NotFound, InviteNotUsable) as error:
        check_limit(request)
        return await lost(request, error, text)
    except TeleConnectError as error:
        viewer = await viewer_of(request)
        return await page(
            request,
            error.status,
            message_id=message_id,
            text=text,
            error=sentence(error, viewer.translate, viewer.plural),
        )
    raise back(request)


async def write(request: web.Request, attendance: Attendance, message_id: str, text: str) -> None:
    """Put what was typed into the chat, if anything was. Raises as `Chatting.send`, TooManyRequests."""
    if text.strip():
        await request.app[LIMITS].hit("plain_message", attendance.participant_id)
        message = client.ChatSend(id=_stored_id(message_id, text), text=text)
        await request.app[CHATTING].send(attendance, message)


def _stored_id(message_id: str, text: str) -> str:
    """The same form sent again is the same message; gone back to, with another text, it is another."""
    return sha256(f"{message_id} {text}".encode()).hexdigest()
