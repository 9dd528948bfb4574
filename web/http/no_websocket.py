"""The answer to a request for `/socket` that is no WebSocket handshake: why none opens.

Browsers do not say why a WebSocket fails. So a page whose sockets keep failing asks by plain HTTP,
with `from`, the origin under which it was opened.
"""

from aiohttp import hdrs, web

from web.http.request import account_of, viewer_of
from web.keys import CONFIG, WEBSOCKET_WARNINGS
from web.texts.directions import left_to_right
from web.view_models import Viewer
from web.websocket_warnings import NO_UPGRADE


async def no_websocket(request: web.Request) -> web.Response:
    origin = request.query.get("from")
    if origin is None:
        request.app[WEBSOCKET_WARNINGS].upgrade_missing(request)
        # RFC 9110, 15.5.22
        headers = {hdrs.UPGRADE: "websocket", hdrs.CONNECTION: "upgrade"}
        return web.Response(status=426, text="WebSocket only\n", headers=headers)
    viewer = await viewer_of(request, request.query.get("language"))
    _, config = viewer.translate, request.app[CONFIG]
    if origin not in config.origins:
        there = str(config.public_url.origin())
        text = _("This page was opened at %(here)s. It works at %(there)s.")
        return web.json_response(
            {
                "text": text % {"here": left_to_right(origin), "there": left_to_right(there)},
                "address": there,
            }
        )
    return web.json_response({"text": await _blocked(request, viewer)})


async def _blocked(request: web.Request, viewer: Viewer) -> str:
    """Plain HTTP gets through, and WebSockets do not."""
    _ = viewer.translate
    if await account_of(request) is not None and request.app[WEBSOCKET_WARNINGS].recent(NO_UPGRADE):
        return _(
            "The server's proxy does not pass on live connections (WebSocket). Please tell the"
            " people who run the server."
        )
    return _(
        "Live connections are blocked on the way to the server. Try another network,"
        " such as mobile data."
    )
