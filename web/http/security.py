"""Headers on every answer, and same-origin proof on every state change.

The proof is the algorithm of Go's CrossOriginProtection: no tokens in forms. Browsers say where
a request comes from (`Sec-Fetch-Site`, Fetch Metadata, W3C; `Origin`, RFC 6454), and pages of
other origins cannot make them lie. Requests that carry neither do not come from a browser page.

A page whose address is a secret (an invite's link) is read under `Referrer-Policy: no-referrer`,
and then the forms on it are sent with `Origin: null` (Fetch, "append a request Origin header").
Browsers that do not know Fetch Metadata (Safari before 16.4) prove nothing else, so there a null
origin passes: what such a form does is allowed by its address, which no other site knows, and not
by a cookie. Everywhere else the policy is `same-origin`, under which browsers name the origin.
"""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from signaling.errors import ForgedOrigin
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
"Of every answer that a person or a machine may show as a page."

ASSET_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Of scripts, styles and catalogs: what holds for documents is not repeated some forty times on a
slow network."""


SERVER = "TeleConnect"
SECRET_ADDRESSES = frozenset(address for address in PATHS.values() if "{token}" in address)
"Whoever knows one may open it; it must not appear in the next page's Referer."
OPAQUE_ORIGINS = SECRET_ADDRESSES | {PATHS["language"], PATHS["leave"]}
"""What takes forms from those pages. Another language, or a seat that the same link gives back, is
all that is lost to a forger."""


def check_origin(request: web.Request) -> None:
    """Raises ForgedOrigin for a state change that another site's page has started."""
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
    """Whether a WebSocket is asked for (RFC 6455, 4.1)."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _address(request: web.Request) -> str:
    """The pattern of the address that was asked for; empty if there is none."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    check_origin(request)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, streams and errors included (`on_response_prepare`)."""
    asset = (
        request.match_info.route.name in ("static", "catalog")
        and response.content_type != "text/html"
    )
    if not asset and _address(request) in SECRET_ADDRESSES:
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    for name, value in default_headers(secure=request.app[CONFIG].secure, asset=asset).items():
        response.headers.setdefault(name, value)
    # which library serves, and in which version, is nobody's business
    response.headers[hdrs.SERVER] = SERVER


def default_headers(*, secure: bool, asset: bool = False) -> dict[str, str]:
    """What an answer carries that says nothing else."""
    headers = {
        **(ASSET_HEADERS if asset else HEADERS),
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.SERVER: SERVER,
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
