"""Administration: so far the outbox, where notices go while no mail server is set."""

from aiohttp import web

from web.keys import OUTBOX
from web.markup.outbox import outbox_page
from web.outbox import read_outbox
from web.routes import path
from web.viewing import administrator, show, viewer_of


async def show_administration(request: web.Request) -> web.Response:
    await administrator(request)
    raise web.HTTPSeeOther(path("admin_outbox"))


async def show_outbox(request: web.Request) -> web.Response:
    await administrator(request)
    notices = await read_outbox(request.app[OUTBOX])
    return show(outbox_page(await viewer_of(request), notices))
