"""Static files and catalogs of sentences, for the browser."""

from aiohttp import hdrs, web

from web.http.engine import is_older
from web.http.security_headers import PART
from web.keys import CATALOGS, STATIC
from web.markup.room.call import call_markup as call_markup_of
from web.static_files import packed_response, text_digest


async def static(request: web.Request) -> web.Response:
    return request.app[STATIC].respond(
        request, older=is_older(request.headers.get(hdrs.USER_AGENT, ""))
    )


async def catalog(request: web.Request) -> web.Response:
    """The browser's sentences of one language, or (`fr-files`) those for photos, PDFs and
    calls, or (`fr-way-in`) those of the pages up to the waiting room."""
    texts = request.app[CATALOGS]
    code, _, part = request.match_info["language"].partition("-")
    language = texts.languages.get(code)
    if language is None:
        raise web.HTTPNotFound
    bodies = {
        "": language.catalog,
        "files": language.file_catalog,
        "way-in": language.way_in_catalog,
    }
    if part not in bodies:
        raise web.HTTPNotFound
    current = request.match_info["digest"] == texts.digest
    return packed_response(request, bodies[part], "application/json", for_ever=current)


async def call_markup(request: web.Request) -> web.Response:
    """What a guest's page shows of a call, in one language, and loads when there is one."""
    language = request.match_info["language"]
    texts = request.app[CATALOGS]
    if language not in texts.languages:
        raise web.HTTPNotFound
    markup = call_markup_of(texts.languages[language].translate)
    current = request.match_info["digest"] == text_digest(markup)
    response = packed_response(request, markup.encode(), "text/html", for_ever=current)
    response[PART] = True
    return response
