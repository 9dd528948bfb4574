"""The organization's color and logo, as browsers load them."""

from aiohttp import hdrs, web

from web.keys import RUNTIME_SETTINGS
from web.static_files import FOR_EVER, packed_response, text_digest


async def colors(request: web.Request) -> web.Response:
    """The style sheet with the color; under an old digest the current one, which is not cached."""
    sheet = request.app[RUNTIME_SETTINGS].style_sheet
    if not sheet:
        raise web.HTTPNotFound
    current = request.match_info["digest"] == text_digest(sheet)
    return packed_response(request, sheet.encode(), "text/css", for_ever=current)


async def logo(request: web.Request) -> web.Response:
    """The logo; under an old digest the current one, which is not cached."""
    found = request.app[RUNTIME_SETTINGS].logo
    if found is None:
        raise web.HTTPNotFound
    current = request.match_info["digest"] == found.digest
    return web.Response(
        body=found.data,
        content_type=found.media_type,
        headers={hdrs.CACHE_CONTROL: FOR_EVER if current else "no-cache"},
    )
