"""The pages of people who come by link: the landing page, taking the seat, the session."""

from aiohttp import hdrs, web
from aiohttp_session import get_session, new_session

from signaling.access import require
from signaling.errors import InviteNotUsable, NotFound
from signaling.flows.people.arriving import Arrival
from signaling.invite import Invite
from web.http.client_address import network, remote
from web.http.errors import (
    sentence,
)
from web.http.forms import form_of
from web.http.request import (
    account_of,
    by_link,
    seated,
    show,
    show_by_link,
    viewer_of,
    web_session_digest,
)
from web.keys import ARRIVING, CONFIG, LIMITS, NOTICE_RENDERER, ROOMS, WAITS, WEB_SESSIONS
from web.markup.guests.landing import KEEP, LEAVE, OTHERS, closed_link_page, landing_page
from web.markup.session import moved_page, no_place_page, session_page
from web.pages.list_rows import CONNECT_WITHIN
from web.routes import path
from web.sign_in.leaving import FORGET, leave_seats
from web.texts.terms import terms_html
from web.view_models import LandingView, SessionView, Viewer


async def show_landing(request: web.Request) -> web.Response:
    """What the link leads to. Changes nothing: mail scanners and previews follow links."""
    token = request.match_info["token"]
    limits, visitor = request.app[LIMITS], network(remote(request))
    try:
        arrival = await request.app[ARRIVING].look(token)
    except InviteNotUsable as error:
        await limits.hit("unknown_link", visitor)
        viewer = by_link(await viewer_of(request))
        return show(closed_link_page(viewer, sentence(error, viewer.translate)), error.status)
    return await _landing(request, arrival)


async def _landing(request: web.Request, arrival: Arrival, status: int = 200) -> web.Response:
    token = request.match_info["token"]
    viewer = await _viewer(request, arrival)
    view = LandingView(
        scheduler_name=arrival.scheduler.name,
        planned_at=arrival.consultation.planned_at,
        state="ready" if arrival.opens_at is None else "too_early",
        opens_at=arrival.opens_at,
        terms_html=terms_html(viewer),
        join_path=path("landing", token=token),
        seat_path=path("seat", invite_id=arrival.invite.id),
        test_path=path("landing_test", token=token),
        calendar_path=path("landing_calendar", token=token)
        if arrival.consultation.planned_at
        else None,
        sits_elsewhere=await _sits_elsewhere(request, arrival.invite.id),
        home=str(request.app[CONFIG].public_url.origin()),
    )
    return show_by_link(landing_page(viewer, view), status)


async def _viewer(request: web.Request, arrival: Arrival) -> Viewer:
    return by_link(await viewer_of(request, arrival.invite.person.language, arrival.time_zone))


async def _sits_elsewhere(request: web.Request, invite_id: str) -> bool:
    """Whether to ask whose another seat in this browser is.

    A scheduler who looks at the links of others is signed in, and leaves by signing out.
    """
    if await account_of(request) is not None:
        return False
    digest = await web_session_digest(request)
    return await request.app[ARRIVING].sits_elsewhere(invite_id, digest)


async def calendar(request: web.Request) -> web.Response:
    """The calendar file of a planned session, for whoever has its link."""
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
    """Take the seat. The token leaves the address bar with the redirect.

    Where this browser has another seat, its reader is asked first whose that is.

    Raises TooManyRequests: each new browser leaves a web session behind, and a line in the audit.
    """
    app, token, headers = request.app, request.match_info["token"], {}
    try:
        invite = await app[ARRIVING].knock(token)  # what opens nothing leaves nothing behind
        if not await app[ARRIVING].holds(invite.id, await web_session_digest(request)):
            await app[LIMITS].hit("join_network", f"{invite.id} {network(remote(request))}")
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
        await app[LIMITS].hit("unknown_link", network(remote(request)))
        viewer = by_link(await viewer_of(request))
        return show(closed_link_page(viewer, sentence(error, viewer.translate)), error.status)
    _look_for_line(app, invite)
    raise web.HTTPSeeOther(path("seat", invite_id=invite.id), headers=headers)


def _look_for_line(app: web.Application, invite: Invite) -> None:
    """Let the scheduler's lists say it if the page does not connect, and if it has."""

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
            return show(no_place_page(viewer), 404)  # the same for every seat there might be
        raise
    except InviteNotUsable as error:
        viewer = by_link(await viewer_of(request))
        return show(closed_link_page(viewer, sentence(error, viewer.translate)), error.status)
    require(arrival.invite.role, "enter")
    viewer = await _viewer(request, arrival)
    view = SessionView(
        consultation_id=arrival.consultation.id,
        invite_id=arrival.invite.id,
        participant_id=arrival.invite.id,
        title=viewer.brand,
        state=arrival.consultation.state,
        scheduler_name=arrival.scheduler.name,
        planned_at=arrival.consultation.planned_at,
    )
    return show_by_link(session_page(viewer, view))
