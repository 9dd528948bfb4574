"""Headers on every response: content security policy (CSP), framing, Referrer-Policy, HSTS.

What a page of another site may not do is in `web/http/same_origin.py`.
"""

from aiohttp import hdrs, web

from signaling.flows.sessions.visiting import REFRESH
from web.http.same_origin import SECRET_ADDRESSES, address_of
from web.keys import CONFIG
from web.routes import PATHS

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # camera, microphone, screen and full screen are our own pages' anyway, and no page has frames of others
    "Permissions-Policy": "geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"Of every response that can be shown as a page."

ASSET_HEADERS = {"X-Content-Type-Options": "nosniff"}
"""Of scripts, styles and catalogs: the same for everybody, and shown as a page no more than any text.
On a slow network each header of theirs has to be worth its bytes."""

PART_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    **ASSET_HEADERS,
}
"""Of a part of a page, for a script that puts it into another: the policy of that page is what counts. Shown by
itself it can do nothing."""

PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    **ASSET_HEADERS,
}
"Of drawings, which could hold scripts where they are opened by themselves."

INLINED = web.ResponseKey("inlined", tuple)
"""Of a page that holds some of our files itself: for each its name and the source expression of its hash
(CSP Level 3, 2.3.1). Nothing else inline is run or applied."""
PART = web.ResponseKey("part", bool)
"Of a response that is only a part of a page."
SERVER = "TeleConnect"
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


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of every response, streams and errors included (`on_response_prepare`)."""
    asset = (
        request.match_info.route.name in ("static", "catalog", "brand_colors", "brand_logo")
        and response.content_type != "text/html"
    ) or PART in response
    if not asset and address_of(request) in SECRET_ADDRESSES:
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    if not asset and address_of(request) in FRAMED:
        for name, value in FRAMED_HEADERS.items():
            response.headers.setdefault(name, value)
    if asset:
        defaults = {hdrs.CACHE_CONTROL: "no-store", **_asset_headers(response)}
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


def _asset_headers(response: web.StreamResponse) -> dict[str, str]:
    if PART in response:
        return PART_HEADERS
    return PICTURE_HEADERS if response.content_type.startswith("image/") else ASSET_HEADERS


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
