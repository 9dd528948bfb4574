"""Leaving a browser that others use too: what of a session is in it ends, and nothing stays."""

from aiohttp import web
from aiohttp_session import get_session

from storage.store import Records
from web.http.request import (
    LANGUAGE_COOKIE,
    account_of,
    by_link,
    form_of,
    show,
    viewer_of,
    web_session_digest,
)
from web.keys import ARRIVING, CATALOGS, STORE
from web.markup.guests.left import left_page
from web.routes import path

FORGET = {"Clear-Site-Data": '"storage"'}
"""What a page has kept in the browser goes (W3C Clear Site Data). Not "cache": pages are never
stored, and scripts would have to come again over a slow line; nor "cookies": those of every other
service of the domain would go too."""


async def leave(request: web.Request) -> web.Response:
    """Leave every seat of this browser, whoever asks.

    The page that says so is in the language of the one that was left, though nothing keeps it.
    """
    spoken = request.app[CATALOGS].get((await form_of(request)).get("language")).code
    await leave_seats(request)
    answer = web.HTTPSeeOther(path("left", {"language": spoken}), headers=FORGET)
    answer.del_cookie(LANGUAGE_COOKIE, path="/", samesite="Lax")
    raise answer


async def show_left(request: web.Request) -> web.Response:
    return show(left_page(by_link(await viewer_of(request, request.query.get("language")))))


async def leave_seats(request: web.Request) -> None:
    """Give up this browser's seats; unless somebody is signed in, its web session ends with them.

    What is open by them in other tabs ends at once.
    """
    app, digest = request.app, await web_session_digest(request)
    session, account = await get_session(request), await account_of(request)
    if digest is None:
        return

    async def work(records: Records) -> None:
        await app[ARRIVING].leave(records, digest)
        if account is None:
            await records.web_sessions.remove(digest)

    await app[STORE].write(work)
    if account is None:
        session.invalidate()
    else:
        session.pop("seated", None)
