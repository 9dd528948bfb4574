"""The session page for a browser to keep: with nothing about anybody, so that it may lie in a cache."""

from dataclasses import replace

from aiohttp import web

from signaling.access import require
from web.http.request import inlined, on_the_way_in, seat_of, show_by_link, viewer_of
from web.markup.room.page import session_page
from web.routes import path
from web.static_files import FIRST_SHEET
from web.view_models import SessionView


async def show_shell(request: web.Request) -> web.Response:
    """The page in the reader's language, as it is before anything is known of the session.

    Of the session it has the two ids under which the browser keeps what is not sent; they open
    nothing. Raises NotFound, or InviteNotUsable.
    """
    invite = await seat_of(request, request.match_info["invite_id"])
    require(invite.role, "enter")
    viewer = replace(
        on_the_way_in(request, await viewer_of(request, invite.person.language)),
        path=path("seat", invite_id=invite.id),
        zone_there="",
        now=None,
    )
    view = SessionView(
        consultation_id=invite.consultation_id,
        invite_id=invite.id,
        participant_id=invite.id,
        title=viewer.brand,
        state="",
        scheduler_name="",
        planned_at=None,
        offline=True,
    )
    return inlined(request, show_by_link(session_page(viewer, view)), FIRST_SHEET)
