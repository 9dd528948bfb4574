"""The page of a seat in browsers without scripts, on which somebody writes."""

from aiohttp import web

from signaling.errors import InviteNotUsable, NotFound
from signaling.identifier import new_id
from signaling.text import CHAT_LENGTH
from web.http.request import show_by_link
from web.markup.guests.plain import lost_page, plain_page
from web.pages.plain.place import Lost, arrived, count_page, host_of, why_lost
from web.plain_views import PlainView


async def show_page(request: web.Request) -> web.Response:
    await count_page(request)
    try:
        return await page(request)
    except (NotFound, InviteNotUsable) as error:
        return await lost(request, error)


async def page(
    request: web.Request,
    status: int = 200,
    *,
    message_id: str = "",
    text: str = "",
    caption: str = "",
    error: str = "",
    other_error: str = "",
) -> web.Response:
    """The page, with what was typed, why that was not sent, and nothing else. Raises `Lost`."""
    arrival, attendance, viewer = await arrived(request)
    host = host_of(attendance)
    view = PlainView(
        consultation_id=arrival.consultation.id,
        invite_id=arrival.invite.id,
        host=host.name if host is not None else arrival.scheduler.name,
        message_id=message_id or new_id(),
        file_id=new_id(),
        text=text,
        error=error,
        other_error=other_error,
        length=len(text) if error and len(text) > CHAT_LENGTH else 0,
        caption=caption,
        number_unknown=not arrival.invite.person.has_number,
        asks_for_phone_call=attendance.room.asks_for_phone_call(arrival.invite.id),
        full="full" in request.query and not (text or caption or error or other_error),
    )
    return show_by_link(plain_page(viewer, view), status)


async def lost(request: web.Request, error: Lost, text: str = "") -> web.Response:
    """For whoever has no seat here any more, with what they wrote and could not send."""
    viewer, status, heading, sentences = await why_lost(request, error)
    # whoever has moved to another device may come back to what is kept here
    over = request.match_info["invite_id"] if isinstance(error, InviteNotUsable) else ""
    return show_by_link(lost_page(viewer, heading, sentences, text, over=over), status)
