"""What body each address accepts, and what is checked before its first byte is read.

A browser that has taken a seat or is signed in is known by its web session, and counts by itself. Any
other is known only by its network, whose rate limit comes first; when that is used up, who holds the
link of an invite still has a share of their own. Everywhere else the client must be signed in, or, to
send a file, hold a seat.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp_session import get_session

from signaling.errors import InviteNotUsable, SignInRequired, TooManyRequests, WrongMediaType
from web.http.client_address import client_network
from web.http.over_limit import may_come_back, note_over_limit
from web.http.request import entered_account, known_browser
from web.keys import ARRIVING, LIMITS
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
    "Whether the seat of an invite will do instead of an account."
    comes_back: bool = False
    "Whether the handler itself refuses what is beyond the limit (`check_limit`), and shows it again."


FORMS = Body()
STRANGERS = {
    ("POST", "sign_in"): Body(limit="form", comes_back=True),
    ("POST", "sign_in_code"): Body(limit="form"),
    ("POST", "sign_in_passkey_options"): Body(JSON, limit="form"),
    ("POST", "sign_in_passkey"): Body(JSON, limit="form"),
    ("POST", "provider_link"): Body(limit="form"),
    ("POST", "provider_logout"): Body(limit="webhook"),
    ("POST", "sign_out"): Body(limit="form"),
    ("POST", "setup"): Body(limit="form", comes_back=True),
    ("POST", "choose_password"): Body(limit="form"),
    ("POST", "forgotten_password"): Body(limit="form", comes_back=True),
    ("POST", "language"): Body(limit="form"),
    ("POST", "landing"): Body(limit="form"),
    ("POST", "leave"): Body(limit="form"),
    ("POST", "interpreter_request"): Body(limit="form", comes_back=True),
    ("POST", "landing_test"): Body(JSON, limit="form"),
    ("POST", "landing_test_relay"): Body(JSON, limit="form"),
    ("POST", "device_test_upload"): Body(OCTETS, limit="form"),
    # whoever has lost the seat gets back what was typed
    ("POST", "seat_plain_message"): Body(limit="form", comes_back=True),
    ("POST", "seat_phone_call"): Body(limit="form", comes_back=True),
    ("POST", "seat_plain_files"): Body(MULTIPART, limit="form"),
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
            try:
                await _count(request, body.limit)
            except TooManyRequests as error:
                if not (body.comes_back and may_come_back(request)):
                    raise
                note_over_limit(request, error)
        elif not await _is_signed_in(request) and not (body.seat and await _sits(request)):
            raise SignInRequired
    return await handler(request)


async def _count(request: web.Request, limit: str) -> None:
    """Raises TooManyRequests."""
    limits = request.app[LIMITS]
    if limit == "form" and (digest := await known_browser(request)) is not None:
        await limits.hit("known_form", digest.hex())
        return
    try:
        await limits.hit(limit, client_network(request))
    except TooManyRequests:
        invite_id = await _invited(request) if limit == "form" else None
        if invite_id is None:
            raise
        await limits.hit("linked_form", invite_id)


async def _invited(request: web.Request) -> str | None:
    """The id of the invite whose link is asked for; None for any other address."""
    try:
        return (await request.app[ARRIVING].knock(request.match_info["token"])).id
    except (KeyError, InviteNotUsable):
        return None


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
