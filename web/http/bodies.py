"""What body each address accepts, and what is checked before its first byte is read.

A client that is not signed in is known only by its network, so the network's rate limit comes first;
in the forms of a seat a browser that has taken one is known by its web session, and counts by itself.
Everywhere else the client must be signed in, or, to send a file, hold a seat.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp_session import get_session

from signaling.errors import SignInRequired, WrongMediaType
from web.http.client_address import client_network
from web.http.request import entered_account, web_session_digest
from web.keys import LIMITS
from web.routes import PATHS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
OCTETS = "application/octet-stream"
UPLOAD = "application/offset+octet-stream"
"Part of a file, from an offset on (tus 1.0.0, PATCH)."


@dataclass(frozen=True)
class Body:
    """The body that one address accepts."""

    kind: str = FORM
    """Its media type. No form is multipart but those with a file: parts cost a hundred times what
    fields do, so their handlers bound how many there are."""
    limit: str | None = None
    "A key of `rate_limits.LIMITS`, counted by network; None: the client must be signed in."
    seat: bool = False
    "Whether the seat of an invite will do instead of an account, or instead of its network's limit."


FORMS = Body()
STRANGERS = {
    ("POST", "sign_in"): Body(limit="form"),
    ("POST", "sign_in_code"): Body(limit="form"),
    ("POST", "sign_in_passkey_options"): Body(JSON, limit="form"),
    ("POST", "sign_in_passkey"): Body(JSON, limit="form"),
    ("POST", "provider_link"): Body(limit="form"),
    ("POST", "provider_logout"): Body(limit="webhook"),
    ("POST", "sign_out"): Body(limit="form"),
    ("POST", "setup"): Body(limit="form"),
    ("POST", "choose_password"): Body(limit="form"),
    ("POST", "forgotten_password"): Body(limit="form"),
    ("POST", "language"): Body(limit="form"),
    ("POST", "landing"): Body(limit="form"),
    ("POST", "leave"): Body(limit="form"),
    ("POST", "interpreter_request"): Body(limit="form"),
    ("POST", "landing_test"): Body(JSON, limit="form"),
    ("POST", "landing_test_relay"): Body(JSON, limit="form"),
    ("POST", "device_test_upload"): Body(OCTETS, limit="form"),
    # whoever has lost the seat gets back what was typed
    ("POST", "seat_plain_message"): Body(limit="form", seat=True),
    ("POST", "seat_phone_call"): Body(limit="form", seat=True),
    ("POST", "seat_plain_files"): Body(MULTIPART, limit="form", seat=True),
    ("POST", "relay_trial"): Body(JSON, limit="form"),
    ("DELETE", "relay_trial"): Body(JSON, limit="form"),
    ("POST", "webhook_status"): Body(JSON, limit="webhook"),
    ("POST", "webhook_inbound"): Body(JSON, limit="webhook"),
}
"What clients may send that are not signed in."
SIGNED_IN = {
    ("POST", "passkey_options"): Body(JSON),
    ("POST", "new_passkey"): Body(JSON),
    ("POST", "proof_passkey_options"): Body(JSON),
    ("POST", "proof_passkey"): Body(JSON),
    ("POST", "device_test"): Body(JSON),
    ("POST", "device_test_relay"): Body(JSON),
    ("POST", "session_uploads"): Body(UPLOAD),
    ("PATCH", "session_upload"): Body(UPLOAD),
    ("DELETE", "session_upload"): Body(UPLOAD),
    ("POST", "admin_logo"): Body(MULTIPART),
}
"What signed-in clients send that is not a form."
SEATED = {
    ("POST", "seat_messages"): Body(JSON, seat=True),
    ("POST", "seat_uploads"): Body(UPLOAD, seat=True),
    ("PATCH", "seat_upload"): Body(UPLOAD, seat=True),
    ("DELETE", "seat_upload"): Body(UPLOAD, seat=True),
}
"What clients send that hold a seat."
_BY_ADDRESS = {
    (method, PATHS[name]): body for (method, name), body in (STRANGERS | SIGNED_IN | SEATED).items()
}


def body_of(method: str, address: str) -> Body:
    """The body that the address with this pattern accepts."""
    return _BY_ADDRESS.get((method, address), FORMS)


@web.middleware
async def check_before_reading(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises WrongMediaType, SignInRequired or TooManyRequests before a body is read."""
    resource = request.match_info.route.resource
    if resource is not None and request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
        body = body_of(request.method, resource.canonical)
        check_kind(request, body.kind)
        if body.limit is not None:
            await _count(request, body.limit, seat=body.seat)
        elif not await _is_signed_in(request) and not (body.seat and await _sits(request)):
            raise SignInRequired
    return await handler(request)


async def _count(request: web.Request, limit: str, *, seat: bool) -> None:
    """Raises TooManyRequests."""
    if seat and await _sits(request):
        digest = await web_session_digest(request) or b""
        await request.app[LIMITS].hit("seated_form", digest.hex())
    else:
        await request.app[LIMITS].hit(limit, client_network(request))


async def _is_signed_in(request: web.Request) -> bool:
    return await entered_account(request) is not None


async def _sits(request: web.Request) -> bool:
    """Whether this browser has taken a seat by a link; which one, the handler finds out."""
    return "seated" in await get_session(request)


def check_kind(request: web.Request, kind: str) -> None:
    """Raises WrongMediaType for another media type, or a compressed body."""
    if not request.body_exists:
        return
    # browsers send plain octets without a type
    if request.content_type != kind or request.headers.get(hdrs.CONTENT_ENCODING):
        raise WrongMediaType
