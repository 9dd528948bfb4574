"""What may be sent to each address, and what is looked at before the first byte of it is read.

Whoever is not signed in is known by nothing but an address on the network: a limit for it is
counted first. Everywhere else signing in comes first.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import hdrs, web

from signaling.errors import SignInRequired, WrongMediaType
from web.http.client_address import network, remote
from web.http.request import account_of
from web.keys import LIMITS
from web.routes import PATHS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Body:
    """What one address takes."""

    kind: str = FORM
    "Its media type. No form is multipart: its parts cost a hundred times what fields do."
    limit: str | None = None
    "Of `web.access.rate_limits.LIMITS`, for a stranger's network; None: only for somebody who is signed in."


FORMS = Body()
STRANGERS = {
    ("POST", "sign_in"): Body(limit="form"),
    ("POST", "sign_out"): Body(limit="form"),
    ("POST", "setup"): Body(limit="form"),
    ("POST", "choose_password"): Body(limit="form"),
    ("POST", "language"): Body(limit="form"),
    ("POST", "landing"): Body(limit="form"),
    ("POST", "leave"): Body(limit="form"),
    ("POST", "interpreter_request"): Body(limit="form"),
    ("POST", "landing_test"): Body(JSON, limit="form"),
    ("POST", "landing_test_relay"): Body(JSON, limit="form"),
    ("POST", "device_test_upload"): Body(OCTETS, limit="form"),
    ("POST", "relay_trial"): Body(JSON, limit="form"),
    ("DELETE", "relay_trial"): Body(JSON, limit="form"),
    ("POST", "webhook_status"): Body(JSON, limit="webhook"),
    ("POST", "webhook_inbound"): Body(JSON, limit="webhook"),
}
"What people may send who are not signed in."
SIGNED_IN = {
    ("POST", "device_test"): Body(JSON),
    ("POST", "device_test_relay"): Body(JSON),
}
"What is no form of all that needs signing in."
_BY_ADDRESS = {
    (method, PATHS[name]): body for (method, name), body in (STRANGERS | SIGNED_IN).items()
}


def body_of(method: str, address: str) -> Body:
    """What the address with this pattern takes."""
    return _BY_ADDRESS.get((method, address), FORMS)


@web.middleware
async def check_before_reading(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises WrongMediaType, SignInRequired or TooManyRequests before a body is read."""
    resource = request.match_info.route.resource
    if resource is not None and request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
        body = body_of(request.method, resource.canonical)
        check_kind(request, body.kind)
        if body.limit is not None:
            await request.app[LIMITS].hit(body.limit, network(remote(request)))
        elif await account_of(request) is None:
            raise SignInRequired
    return await handler(request)


def check_kind(request: web.Request, kind: str) -> None:
    """Raises WrongMediaType for a body of another kind, or one that is compressed."""
    if not request.body_exists:
        return
    # a browser names no type for plain octets
    if request.content_type != kind or request.headers.get(hdrs.CONTENT_ENCODING):
        raise WrongMediaType
