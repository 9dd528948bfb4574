"""Headers on every response, and a same-origin check on every state change.

The check is the algorithm of Go's CrossOriginProtection, without tokens in forms. Browsers say where
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
from signaling.flows.sessions.visiting import REFRESH
from web.keys import CONFIG, WEBSOCKET_WARNINGS
from web.routes import PATHS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self),"
    " fullscreen=(self), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"Of every response that can be shown as a page."

ASSET_HEADERS = {"X-Content-Type-Options": "nosniff"}
"""Of scripts, styles and catalogs: the same for everybody, and shown as a page no more than any text.
On a slow network each header of theirs has to be worth its bytes."""

PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    **ASSET_HEADERS,
}
"Of drawings, which could hold scripts where they are opened by themselves."

INLINED = web.ResponseKey("inlined", tuple)
"""Of a page that holds some of our files itself: for each its name and the source expression of its hash
(CSP Level 3, 2.3.1). Nothing else inline is run or applied."""
SERVER = "TeleConnect"
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
FRAMED = frozenset({PATHS["seat_plain_lines"]})
"Shown in a frame of a page of this server: the lines of a chat that refresh while somebody writes."
FRAMED_HEADERS = {
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    # as a header, so that an error is followed by another try, too
    "Refresh": f"{REFRESH.total_seconds():.0f}",
}


def check_origin(request: web.Request) -> None:
    """Raises ForgedOrigin for a state change that another site's page has initiated."""
    upgrade = is_handshake(request)
    if request.method in SAFE_METHODS and not upgrade:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    ours = origin in request.app[CONFIG].origins or (
        origin == "null" and not upgrade and _address(request) in OPAQUE_ORIGINS
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


def _address(request: web.Request) -> str:
    """The pattern of the requested address; empty for an unknown one."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    check_origin(request)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of every response, streams and errors included (`on_response_prepare`)."""
    asset = (
        request.match_info.route.name in ("static", "catalog", "brand_colors", "brand_logo")
        and response.content_type != "text/html"
    )
    if not asset and _address(request) in SECRET_ADDRESSES:
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    if not asset and _address(request) in FRAMED:
        for name, value in FRAMED_HEADERS.items():
            response.headers.setdefault(name, value)
    if asset:
        drawn = response.content_type.startswith("image/")
        defaults = {hdrs.CACHE_CONTROL: "no-store"} | (PICTURE_HEADERS if drawn else ASSET_HEADERS)
    else:
        policy = HEADERS["Content-Security-Policy"] + _sockets(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        defaults = default_headers(secure=request.app[CONFIG].secure)
    for name, value in defaults.items():
        response.headers.setdefault(name, value)
    if INLINED in response:
        name = "Content-Security-Policy"
        response.headers[name] = with_inlined(response.headers[name], response[INLINED])
    # Do not reveal the library and its version. Some sixty assets make a page: on slow and metered
    # networks each of their headers has to be worth its bytes.
    response.headers.popall(hdrs.SERVER, None)
    if not asset:
        response.headers[hdrs.SERVER] = SERVER


def with_inlined(policy: str, files: tuple[tuple[str, str], ...]) -> str:
    """A content security policy that also allows these files in the page itself."""
    for directive, suffix in (("script-src", ".js"), ("style-src", ".css")):
        if hashes := [proof for name, proof in files if name.endswith(suffix)]:
            policy += f"; {directive} 'self' {' '.join(hashes)}"
    return policy


def _sockets(request: web.Request) -> str:
    """What the policy says of WebSockets: 'self' does not cover them in Safari before 16 and Chrome
    before 71 (CSP level 3, 6.7.2.8, does)."""
    config = request.app[CONFIG]
    origin = f"{config.public_url.scheme}://{request.host}"
    # an address of IPv6 is no source that a policy can name
    if origin not in config.origins or "[" in origin:
        return ""
    return f"; connect-src 'self' {origin.replace('http', 'ws', 1)}"


def default_headers(*, secure: bool) -> dict[str, str]:
    """The headers of a response that sets none of its own, and is no asset."""
    headers = {
        **HEADERS,
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.SERVER: SERVER,
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
