"""The outbox: notices that were written to a folder because no provider is set."""

from aiohttp import web

from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, OUTBOX, STORE
from web.markup.administration.outbox import outbox_page
from web.notices.outbox import read_outbox


async def show_outbox(request: web.Request) -> web.Response:
    account = await administrator(request)
    now = request.app[CLOCK].now()
    # there are links in these notices: whoever sees one could take that seat
    await request.app[STORE].write(
        lambda records: records.audit.append(now, account.id, "see_outbox", "")
    )
    notices = await read_outbox(request.app[OUTBOX])
    return show(outbox_page(await viewer_of(request), notices))
