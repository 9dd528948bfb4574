"""A same-origin check on every state change, against forged requests (CSRF, CWE-352).

It is the algorithm of Go's CrossOriginProtection, without tokens in forms. Browsers say where
a request comes from (`Sec-Fetch-Site`, Fetch Metadata, W3C; `Origin`, RFC 6454), and pages of other
origins cannot forge that. Requests with neither header do not come from a browser page.

A page whose address is a secret (an invite's link) has `Referrer-Policy: no-referrer`, so its forms
are sent with `Origin: null` (Fetch, "append a request Origin header"). Browsers without Fetch Metadata
(Safari before 16.4) send nothing else, so a null origin passes there: such a form is authorized by its
address, which no other site knows, not by a cookie. The session page has that policy too where it is the
answer to "Join the session" or takes the place of the landing page, so its own forms are sent like that.
All other pages have `same-origin`, under which browsers send the origin: Chromium 76 to 156 and Firefox
115 and 153 do so for both kinds of forms, also after a redirect that a form of a secret address led to,
and in Firefox if it is set to send no Referer.
"""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from signaling.errors import ForgedOrigin
from web.keys import CONFIG, WEBSOCKET_WARNINGS
from web.routes import PATHS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SECRET_ADDRESSES = frozenset(address for address in PATHS.values() if "{token}" in address)
"Knowing one grants access, so it must not appear in the next page's Referer."
OPAQUE_ORIGINS = SECRET_ADDRESSES | {
    PATHS["language"],
    PATHS["leave"],
    PATHS["seat_plain_message"],
    PATHS["seat_phone_call"],
}
"""Addresses that accept forms of those pages. A forger could at most change the language, or give up a
seat that the same link restores; the address of a seat is known to nobody else."""


def check_origin(request: web.Request) -> None:
    """Raises ForgedOrigin for a state change that another site's page has initiated."""
    upgrade = is_handshake(request)
    if request.method in SAFE_METHODS and not upgrade:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    ours = origin in request.app[CONFIG].origins or (
        origin == "null" and not upgrade and address_of(request) in OPAQUE_ORIGINS
    )
    if site is not None and site not in ("same-origin", "none"):
        raise ForgedOrigin
    # browsers send no Sec-Fetch-Site with a WebSocket handshake, nor to a host without TLS
    if origin is not None and not ours and (upgrade or site is None):
        if upgrade:
            request.app[WEBSOCKET_WARNINGS].origin_refused(request)
        raise ForgedOrigin


def is_handshake(request: web.Request) -> bool:
    """Whether the request is a WebSocket handshake (RFC 6455, 4.1)."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def address_of(request: web.Request) -> str:
    """The pattern of the requested address; empty for an unknown one."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse every forged state change, whatever address it is about."""
    check_origin(request)
    return await handler(request)
