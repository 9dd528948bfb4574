"""The first page of Administration, and the state of the relay."""

from aiohttp import web

from web.http.request import administrator, show, viewer_of
from web.keys import RELAY
from web.markup.administration.overview import administration_page
from web.pages.administration.concerns import concerns
from web.zones.rules import in_force


async def show_overview(request: web.Request) -> web.Response:
    await administrator(request)
    relay = request.app[RELAY]
    viewer = await viewer_of(request)
    page = administration_page(
        viewer,
        request.app.router,
        await concerns(request.app, viewer),
        relay.state,
        relay.problem,
        in_force().version,
    )
    return show(page)
