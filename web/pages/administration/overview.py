"""The way into Administration, and the outbox where notices go while no provider is set."""

from aiohttp import web

from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, OUTBOX, RELAY, STORE
from web.markup.administration.outbox import outbox_page
from web.markup.administration.overview import administration_page
from web.notices.outbox import read_outbox
from web.zones.rules import in_force


async def show_index(request: web.Request) -> web.Response:
    await administrator(request)
    relay = request.app[RELAY]
    viewer = await viewer_of(request)
    page = administration_page(
        viewer, request.app.router, relay.state, relay.problem, in_force().version
    )
    return show(page)


async def show_outbox(request: web.Request) -> web.Response:
    account = await administrator(request)
    now = request.app[CLOCK].now()
    # there are links in these notices: whoever sees one could take that seat
    await request.app[STORE].write(
        lambda records: records.audit.append(now, account.id, "see_outbox", "")
    )
    notices = await read_outbox(request.app[OUTBOX])
    return show(outbox_page(await viewer_of(request), notices))
