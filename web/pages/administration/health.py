""" "Health": whether this server, and what it depends on, is in order."""

from aiohttp import web

from web.health.sharing import HEALTH
from web.http.request import administrator, show, viewer_of
from web.markup.administration.health import health_page


async def show_health(request: web.Request) -> web.Response:
    await administrator(request)
    health = await request.app[HEALTH].health()
    return show(health_page(await viewer_of(request), health))
