""" "Access requests": people whom the provider knows, and who wait to be let in."""

from aiohttp import web

from signaling.account import Account
from signaling.errors import InvalidInput, NotFound
from signaling.flows.people.admitting import accept, refuse
from signaling.text import NAME_LENGTH, searched
from storage.store import Records
from web.http.errors import sentence
from web.http.paging import page_of
from web.http.request import administrator, show, viewer_of
from web.keys import ACCOUNT_MAIL, CLOCK, STORE
from web.markup.administration.access_requests import RequestsView, access_requests_page
from web.routes import path

PAGE = 50
"Requests on one page."


async def show_requests(request: web.Request) -> web.Response:
    return await _page(request)


async def decide(request: web.Request) -> web.Response:
    """Accept or refuse a request. One that somebody else has decided meanwhile is only gone."""
    actor, app = await administrator(request), request.app
    request_id, step = request.match_info["request_id"], request.match_info["step"]
    now = app[CLOCK].now()

    async def accepting(records: Records) -> Account:
        account = await accept(records, request_id, now, actor=actor.id)
        await app[ACCOUNT_MAIL].queue(records, account, "access_granted")
        return account

    try:
        if step == "accept":
            await app[STORE].write(accepting)
        elif step == "refuse":
            await app[STORE].write(lambda records: refuse(records, request_id, now, actor=actor.id))
        else:
            raise NotFound
    except InvalidInput as error:
        return await _page(request, sentence(error, (await viewer_of(request)).translate))
    raise web.HTTPSeeOther(path("admin_access_requests", {"done": step}))


async def _page(request: web.Request, refused: str = "") -> web.Response:
    """The list; `refused` says why a request could not be accepted."""
    await administrator(request)
    search = request.query.get("search", "")[:NAME_LENGTH]
    wanted = searched(search)
    found = [
        each
        for each in await request.app[STORE].read.access_requests.all()
        if wanted in searched(f"{each.name} {each.email}")
    ]
    shown, number, pages = page_of(request, found, PAGE)
    view = RequestsView(
        requests=shown,
        search=search,
        page=number,
        pages=pages,
        done=request.query.get("done", ""),
        refused=refused,
    )
    page = access_requests_page(await viewer_of(request), view)
    return show(page, 409 if refused else 200)
