"""The scheduler's overviews: dashboard, waiting room, opened sessions, history."""

from aiohttp import web

from web.http.forms import interpreting_of
from web.http.request import show, signed_in, viewer_of
from web.keys import ROOMS, UNREAD
from web.markup.desk.dashboard import Desk, dashboard_page
from web.markup.desk.history import history_page
from web.markup.desk.opened import opened_page
from web.markup.desk.waiting_room import waiting_room_page
from web.pages.list_rows import history_rows, invite_rows, waiting_rows
from web.routes import path

OPENED_STATES = ("active", "kept_open")
PLANNED_STATES = ("planned", "waiting")


async def show_dashboard(request: web.Request) -> web.Response:
    account, viewer = await signed_in(request), await viewer_of(request)
    app = request.app
    return show(
        dashboard_page(
            viewer,
            Desk(
                await waiting_rows(app, account, viewer),
                await app[UNREAD].of(account.id),
                await invite_rows(app, account, viewer, PLANNED_STATES),
                await invite_rows(app, account, viewer, OPENED_STATES),
            ),
            interpreting=await interpreting_of(request),
        )
    )


async def show_waiting_room(request: web.Request) -> web.Response:
    account, viewer = await signed_in(request), await viewer_of(request)
    return show(waiting_room_page(viewer, await waiting_rows(request.app, account, viewer)))


async def start_next(request: web.Request) -> web.Response:
    """Go to the session of the person who has waited longest; one's own before those of a team."""
    account = await signed_in(request)
    await waiting_rows(request.app, account, await viewer_of(request))  # also on other hosts
    first = request.app[ROOMS].hub.next_waiting(account.id)
    if first is None:
        raise web.HTTPSeeOther(path("waiting_room"))
    raise web.HTTPSeeOther(path("session", consultation_id=first))


async def show_opened(request: web.Request) -> web.Response:
    account, viewer = await signed_in(request), await viewer_of(request)
    return show(opened_page(viewer, await invite_rows(request.app, account, viewer, OPENED_STATES)))


async def show_history(request: web.Request) -> web.Response:
    account, viewer = await signed_in(request), await viewer_of(request)
    return show(history_page(viewer, await history_rows(request.app, account, viewer)))
