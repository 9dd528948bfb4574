"""The page of one session: its people, what was sent to them, its date, and what can be done."""

from aiohttp import web

from signaling.consultation import OPEN_STATES
from web.http.request import own_consultation, show, viewer_of
from web.markup.desk.case import case_page
from web.pages.list_rows import invite_rows


async def show_case(request: web.Request) -> web.Response:
    account, consultation = await own_consultation(request, "see_links")
    rows = await invite_rows(
        request.app, account, (*OPEN_STATES, "closed", "canceled"), consultation.id
    )
    return show(case_page(await viewer_of(request), rows[0]))
