"""Whose page without scripts asks, and what it shows to whoever has lost the seat."""

from dataclasses import replace

from aiohttp import web

from signaling.access import require
from signaling.errors import InviteNotUsable, NotFound
from signaling.flows.people.arriving import Arrival
from signaling.identifier import PATTERN, new_id
from signaling.rooms.attendance import Attendance
from signaling.rooms.seat import Seat
from web.http.client_address import client_network
from web.http.errors import sentence
from web.http.request import account_of, by_link, seated, viewer_of, web_session_digest
from web.keys import LIMITS, VISITING
from web.routes import path
from web.view_models import Viewer

Lost = NotFound | InviteNotUsable
"The seat is another browser's by now, or the session is over."


async def count_page(request: web.Request) -> None:
    """Count a page towards the limit of its browser, or network. Raises TooManyRequests."""
    digest = await web_session_digest(request)
    if digest is None:
        await request.app[LIMITS].hit("unseated_page", client_network(request))
    else:
        await request.app[LIMITS].hit("plain_page", digest.hex())


async def arrived(request: web.Request) -> tuple[Arrival, Attendance, Viewer]:
    """Whose request this is; from now on they are there. Raises `Lost`."""
    arrival = await seated(request, request.match_info["invite_id"])
    require(arrival.invite.role, "enter")
    require(arrival.invite.role, "read_chat")
    invite = arrival.invite
    attendance = await request.app[VISITING].visit(invite.consultation_id, invite.id)
    viewer = await viewer_of(request, invite.person.language, arrival.time_zone)
    # where the switch of languages leads back to
    return (
        arrival,
        attendance,
        replace(by_link(viewer), path=path("seat_plain", invite_id=invite.id)),
    )


async def why_lost(request: web.Request, error: Lost) -> tuple[Viewer, int, str, tuple[str, ...]]:
    """For whom, with which status, the heading and the sentences about a seat that is lost.

    Raises `error` again for somebody who is signed in and has no seat here.
    """
    viewer = by_link(await viewer_of(request))
    _ = viewer.translate
    if isinstance(error, InviteNotUsable):
        over = _("The session is over")
        return viewer, error.status, over, (sentence(error, _), _("You can close this page."))
    if viewer.seated:
        return (
            viewer,
            410,
            _("This session continues on another device"),
            (_("To come back to this one, open your link again."),),
        )
    if await account_of(request) is not None:
        raise error
    return (
        viewer,
        404,
        _("This browser has no place in the session"),
        (
            _("To come in, please open your link again."),
            _(
                "If this page comes back after you have joined, your browser keeps no cookies. "
                "Please allow them for this page, or open the link in another browser."
            ),
        ),
    )


def valid_id(posted: str) -> str:
    """The id that a form has, or a new one."""
    return posted if PATTERN.fullmatch(posted) else new_id()


def host_of(attendance: Attendance) -> Seat | None:
    """Whom everybody else waits for, or who is there for them."""
    staff = [seat for seat in attendance.room.seats.values() if seat.role == "scheduler"]
    return next((seat for seat in staff if seat.online), staff[0] if staff else None)


def back(request: web.Request) -> web.HTTPSeeOther:
    """To the page without scripts; from a form of the full page, on to that where scripts run."""
    full = {"full": ""} if "full" in request.query else None
    return web.HTTPSeeOther(path("seat_plain", full, invite_id=request.match_info["invite_id"]))
