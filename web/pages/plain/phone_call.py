"""Asking to be called by phone, where the browser cannot call."""

from aiohttp import web

from signaling.errors import InviteNotUsable, NotFound, TeleConnectError
from signaling.rooms.attendance import Attendance
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.over_limit import check_limit
from web.http.request import viewer_of
from web.keys import LIMITS, PHONE_REQUESTS
from web.pages.plain.page import lost, page
from web.pages.plain.place import arrived, back, valid_id


async def ask(request: web.Request) -> web.Response:
    """Once until it is answered, however often it is pressed. What was typed is still in the field."""
    form = await form_of(request)
    text, caption = form.get("text", ""), form.get("caption", "")
    message_id = valid_id(form.get("id", ""))
    wrote = "\n".join(filter(str.strip, (text, caption)))
    try:
        _arrival, attendance, _viewer = await arrived(request)
        check_limit(request)
        await ask_once(request, attendance)
    except (NotFound, InviteNotUsable) as error:
        check_limit(request)
        return await lost(request, error, wrote)
    except TeleConnectError as error:
        if not wrote:
            raise
        viewer = await viewer_of(request)
        fault = sentence(error, viewer.translate, viewer.plural)
        return await page(
            request,
            error.status,
            message_id=message_id,
            text=text,
            caption=caption,
            other_error=fault,
        )
    if wrote:
        return await page(request, message_id=message_id, text=text, caption=caption)
    raise back(request)


async def ask_once(request: web.Request, attendance: Attendance) -> None:
    """Once until it is answered. Raises Conflict when the session is over, TooManyRequests."""
    await request.app[LIMITS].hit("phone_call", attendance.participant_id)
    await request.app[PHONE_REQUESTS].ask(attendance)
