"""Asking to be called by phone, where the browser cannot call."""

from aiohttp import web

from signaling.errors import InviteNotUsable, NotFound
from web.http.forms import form_of
from web.keys import LIMITS, PHONE_REQUESTS
from web.pages.plain.page import lost
from web.pages.plain.place import arrived, back


async def ask(request: web.Request) -> web.Response:
    """Once until it is answered, however often it is pressed."""
    await form_of(request)
    try:
        _arrival, attendance, _viewer = await arrived(request)
    except (NotFound, InviteNotUsable) as error:
        return await lost(request, error)
    await request.app[LIMITS].hit("phone_call", attendance.participant_id)
    await request.app[PHONE_REQUESTS].ask(attendance)
    raise back(request)
