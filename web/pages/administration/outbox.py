"""The outbox: notices that were written to a folder because no provider is set."""

from aiohttp import web

from signaling.text import searched
from web.http.paging import page_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, OUTBOX, STORE
from web.markup.administration.outbox import OutboxView, outbox_page
from web.notices.outbox import read_files, read_outbox

PAGE = 25
"Notices on one page."


async def show_outbox(request: web.Request) -> web.Response:
    account = await administrator(request)
    now = request.app[CLOCK].now()
    # these notices have links, and each link grants a seat
    await request.app[STORE].write(
        lambda records: records.audit.append(now, account.id, "see_outbox", "")
    )
    return show(outbox_page(await viewer_of(request), await _view(request)))


async def _view(request: web.Request) -> OutboxView:
    """The page of notices that the query asks for; only a search reads them all."""
    folder, search = request.app[OUTBOX], request.query.get("search", "")[:100]
    wanted = searched(search)
    if not wanted:
        files, number, pages = page_of(request, await folder.list(), PAGE)
        return OutboxView(await read_files(folder, files), search, number, pages)
    found = [
        each
        for each in await read_outbox(folder)
        if wanted in searched(f"{each.to} {each.subject} {each.text}")
    ]
    notices, number, pages = page_of(request, found, PAGE)
    return OutboxView(notices, search, number, pages)
