"""Static files and catalogs of sentences, for the browser."""

from aiohttp import web

from web.keys import CATALOGS, STATIC
from web.static_files import packed_response


async def static(request: web.Request) -> web.Response:
    return request.app[STATIC].respond(request)


async def catalog(request: web.Request) -> web.Response:
    """The browser's sentences of one language."""
    texts = request.app[CATALOGS]
    language = texts.languages.get(request.match_info["language"])
    if language is None:
        raise web.HTTPNotFound
    current = request.match_info["digest"] == texts.digest
    return packed_response(request, language.catalog, "application/json", for_ever=current)
