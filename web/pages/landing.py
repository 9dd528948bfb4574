"""The pages of people who come by link: landing page, calendar file, joining, session."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Literal

from aiohttp import hdrs, web
from aiohttp_session import get_session, new_session

from signaling.access import require
from signaling.errors import InviteNotUsable, NotFound
from signaling.flows.people.arriving import Arrival
from signaling.invite import Invite
from web.hello import begun, socket_path
from web.http.client_address import client_network
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.request import (
    account_of,
    by_link,
    inlined,
    on_the_way_in,
    saves_data,
    seat_behind,
    seated,
    show,
    show_by_link,
    viewer_of,
    web_session_digest,
)
from web.http.security_headers import PART as PART_OF_PAGE
from web.keys import (
    ARRIVING,
    CONFIG,
    LIMITS,
    NOTICE_RENDERER,
    PAGE_TEXTS,
    ROOMS,
    RUNTIME_SETTINGS,
    SEAT_TICKETS,
    WAITS,
    WEB_SESSIONS,
)
from web.markup.guests.landing import (
    HERE,
    KEEP,
    LEAVE,
    OTHERS,
    PART,
    PLAIN,
    ROOM,
    closed_link_page,
    landing_page,
)
from web.markup.room.page import (
    FIRST_SCRIPT,
    files_of_a_seat,
    moved_page,
    no_place_page,
    session_page,
    session_part,
)
from web.markup.shared.document import WHOLE_SCRIPT
from web.pages.list_rows import CONNECT_WITHIN
from web.routes import path
from web.sign_in.leaving import FORGET, leave_seats
from web.static_files import FIRST_SHEET
from web.texts.page_texts import SHORT
from web.view_models import LandingView, SessionView, Viewer


async def show_landing(request: web.Request) -> web.Response:
    """The page behind a link. Changes nothing: mail scanners and previews follow links."""
    token = request.match_info["token"]
    limits, visitor = request.app[LIMITS], client_network(request)
    try:
        arrival = await request.app[ARRIVING].look(token)
    except InviteNotUsable as error:
        await limits.hit("unknown_link", visitor)
        return await _over(request, error)
    return await _landing(request, arrival)


async def _over(request: web.Request, error: InviteNotUsable) -> web.Response:
    seat = await seat_behind(request, request.match_info["token"])
    viewer = by_link(await viewer_of(request))
    return show(closed_link_page(viewer, sentence(error, viewer.translate), seat), error.status)


async def _landing(request: web.Request, arrival: Arrival, status: int = 200) -> web.Response:
    token = request.match_info["token"]
    viewer = await _viewer(request, arrival)
    view = LandingView(
        scheduler_name=arrival.scheduler.name,
        planned_at=arrival.consultation.planned_at,
        state="ready" if arrival.opens_at is None else "too_early",
        opens_at=arrival.opens_at,
        terms_html=await _short_terms(request, viewer),
        terms_path=path("terms", {"language": viewer.language}),
        help_path=path("help", {"language": viewer.language}),
        join_path=path("landing", token=token),
        seat_path=path("seat", invite_id=arrival.invite.id),
        test_path=path("landing_test", token=token),
        calendar_path=path("landing_calendar", token=token)
        if arrival.consultation.planned_at
        else None,
        sits_elsewhere=await _sits_elsewhere(request, arrival.invite.id),
        link=request.app[NOTICE_RENDERER].invite_address(token),
        relayed=request.app[RUNTIME_SETTINGS].media_policy == "relay",
        next_files=tuple(files_of_a_seat(viewer)) if arrival.opens_at is None else (),
        home=str(request.app[CONFIG].public_url.origin()),
        socket_path=socket_path(arrival.consultation.id),
    )
    return inlined(
        request, show_by_link(landing_page(viewer, view), status), FIRST_SHEET, WHOLE_SCRIPT
    )


async def _short_terms(request: web.Request, viewer: Viewer) -> str:
    """The terms, unless they are long: this page is for slow and metered networks."""
    texts = request.app[PAGE_TEXTS]
    shown = await asyncio.to_thread(texts.shown, "terms", viewer.language, viewer.brand)
    fits = len(shown.markdown) <= SHORT and shown.language == viewer.language
    return shown.html if fits else ""


async def _viewer(request: web.Request, arrival: Arrival) -> Viewer:
    viewer = await viewer_of(request, arrival.invite.person.language, arrival.time_zone)
    return on_the_way_in(request, viewer)


async def _sits_elsewhere(request: web.Request, invite_id: str) -> bool:
    """Whether to ask whose the other seat in this browser is.

    Not for a scheduler who tries the links of others: they are signed in, and leave by signing out.
    """
    if await account_of(request) is not None:
        return False
    digest = await web_session_digest(request)
    return await request.app[ARRIVING].sits_elsewhere(invite_id, digest)


async def calendar(request: web.Request) -> web.Response:
    """The calendar file of a planned session, for the holder of its link."""
    token = request.match_info["token"]
    arrival = await request.app[ARRIVING].look(token)
    if arrival.consultation.planned_at is None:
        raise NotFound
    wording = request.app[NOTICE_RENDERER]
    part = wording.calendar(
        "PUBLISH", arrival.consultation, arrival.invite, wording.invite_address(token)
    )
    return web.Response(
        body=part.body,
        content_type="text/calendar",
        charset="utf-8",
        headers={hdrs.CONTENT_DISPOSITION: 'attachment; filename="session.ics"'},
    )


async def join(request: web.Request) -> web.Response:
    """Take the seat, and show the session.

    A page that asks for it (`ROOM`) is answered by the session page itself, whose first script takes the
    token out of the address bar, or by a part of it; for others a redirect does. If this browser has
    another seat, the page first asks whose that is. Raises TooManyRequests, as each new browser adds a
    web session and a line in the audit log.
    """
    app, token, headers = request.app, request.match_info["token"], {}
    try:
        invite = await app[ARRIVING].knock(token)  # an unusable link must not store anything
        if not await app[ARRIVING].holds(invite.id, await web_session_digest(request)):
            await app[LIMITS].hit("join_network", f"{invite.id} {client_network(request)}")
            await app[LIMITS].hit("join", invite.id)
        session = await get_session(request)
        if await _sits_elsewhere(request, invite.id):
            others = (await form_of(request)).get(OTHERS)
            if others not in (LEAVE, KEEP):
                return await _landing(request, await app[ARRIVING].look(token), 409)
            if others == LEAVE:
                await leave_seats(request)
                session, headers = await new_session(request), FORGET
        session["seated"] = True
        digest = await app[WEB_SESSIONS].settle(session)
        invite = await app[ARRIVING].redeem(token, digest)
    except InviteNotUsable as error:
        if arrival := await _early(request):
            return await _landing(request, arrival, 409)
        await app[LIMITS].hit("unknown_link", client_network(request))
        return await _over(request, error)
    _check_connection_later(app, invite)
    room = (await form_of(request)).get(ROOM)
    if room == PLAIN:
        raise web.HTTPSeeOther(path("seat_plain", invite_id=invite.id), headers=headers)
    if not headers and room in (HERE, PART):
        arrival = await app[ARRIVING].seated(invite.id, digest)
        if room == HERE:
            return await _session(request, arrival)
        ticket = app[SEAT_TICKETS].issue(invite.id, digest)
        part = show_by_link(session_part(*await _views(request, arrival, ticket)))
        part[PART_OF_PAGE] = True
        return part
    # what the browser stored is forgotten before the page stores anything new
    raise web.HTTPSeeOther(path("seat", invite_id=invite.id), headers=headers)


async def _early(request: web.Request) -> Arrival | None:
    """What the link leads to if it only is too early: the session has been moved, for example."""
    with contextlib.suppress(InviteNotUsable):
        arrival = await request.app[ARRIVING].look(request.match_info["token"])
        return arrival if arrival.opens_at is not None else None
    return None


def _check_connection_later(app: web.Application, invite: Invite) -> None:
    """Update the scheduler's lists once the page should have connected."""

    async def look() -> None:
        await app[ROOMS].changed([invite.consultation_id])

    app[WAITS].set(f"line:{invite.id}", app[WAITS].now() + CONNECT_WITHIN, look)


async def show_seat(request: web.Request) -> web.Response:
    """The session as its invited people see it."""
    invite_id = request.match_info["invite_id"]
    try:
        arrival = await seated(request, invite_id)
    except NotFound:
        session = await get_session(request)
        viewer = by_link(await viewer_of(request))
        if "seated" in session:
            return show(moved_page(viewer), 410)
        if await account_of(request) is None:
            return show(no_place_page(viewer), 404)  # the same for every seat id, known or not
        raise
    except InviteNotUsable as error:
        viewer = by_link(await viewer_of(request))
        return show(closed_link_page(viewer, sentence(error, viewer.translate)), error.status)
    return await _session(request, arrival)


async def _session(request: web.Request, arrival: Arrival) -> web.Response:
    page = session_page(*await _views(request, arrival))
    return inlined(request, show_by_link(page), FIRST_SHEET, FIRST_SCRIPT, WHOLE_SCRIPT)


async def _views(
    request: web.Request, arrival: Arrival, ticket: str | None = None
) -> tuple[Viewer, SessionView]:
    """Of the session page; the ticket is for a socket that is older than the seat."""
    require(arrival.invite.role, "enter")
    seat = path("seat", invite_id=arrival.invite.id)
    viewer = replace(await _viewer(request, arrival), path=seat)
    host, name = _host(request.app, arrival)
    view = SessionView(
        consultation_id=arrival.consultation.id,
        invite_id=arrival.invite.id,
        participant_id=arrival.invite.id,
        title=viewer.brand,
        state=arrival.consultation.state,
        scheduler_name=name,
        planned_at=arrival.consultation.planned_at,
        host=host,
        first_words=begun(arrival.consultation.id, arrival.invite.id, ticket),
        saves_data=saves_data(request),
        number_unknown=not arrival.invite.person.has_number,
    )
    return viewer, view


def _host(app: web.Application, arrival: Arrival) -> tuple[Literal["away", "here", "busy"], str]:
    """Whether somebody of the staff is there, and who, as the page's room will show it."""
    room = app[ROOMS].hub.room(arrival.consultation.id)
    if room is None:
        return "away", arrival.scheduler.name
    staff = [seat for seat in room.seats.values() if seat.role == "scheduler"]
    host = next((seat for seat in staff if seat.online), None)
    if host is not None:
        return "here", host.name
    return "busy" if room.scheduler_busy else "away", staff[0].name if staff else ""
