"""Leaving a browser that others use, too: its seats end, and nothing of a session stays in it."""

from aiohttp import web

from web.http.forms import form_of
from web.http.reader_language import LANGUAGE_COOKIE
from web.http.request import by_link, show, viewer_of
from web.keys import CATALOGS
from web.markup.guests.left import left_page
from web.routes import path
from web.sign_in.leaving import FORGET, leave_seats


async def leave(request: web.Request) -> web.Response:
    """Leave every seat of this browser.

    The next page is in the language of the one that was left, although its cookie is deleted.
    """
    spoken = request.app[CATALOGS].get((await form_of(request)).get("language")).code
    await leave_seats(request)
    answer = web.HTTPSeeOther(path("left", {"language": spoken}), headers=FORGET)
    answer.del_cookie(LANGUAGE_COOKIE, path="/", samesite="Lax")
    raise answer


async def show_left(request: web.Request) -> web.Response:
    return show(left_page(by_link(await viewer_of(request, request.query.get("language")))))
