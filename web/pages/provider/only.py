"""Where accounts sign in by the provider alone, no other way in is answered."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from signaling.errors import N_, NotAllowed
from web.pages.provider.configured import provider_way_of
from web.routes import PATHS
from web.sign_in.pending_step import pending_step

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ONLY = N_("Accounts sign in with %(provider)s alone here. Please sign in that way.")
OTHER_WAYS = frozenset(
    (method, PATHS[name])
    for method, name in (
        ("POST", "sign_in"),
        ("GET", "forgotten_password"),
        ("POST", "forgotten_password"),
        ("GET", "choose_password"),
        ("POST", "choose_password"),
        ("POST", "profile_password"),
        ("GET", "admin_invite_account"),
        ("POST", "admin_invite_account"),
        ("POST", "admin_account_invitation"),
    )
)
"Method and pattern of what signs in by something else, or prepares to."
SECOND_STEP = frozenset(
    ("POST", PATHS[name]) for name in ("sign_in_code", "sign_in_passkey_options", "sign_in_passkey")
)
"The same, unless an account is linked thereby to somebody who came by the provider."
STEPS = frozenset({"password-link"})
"Of an administrator with an account: the same."


@web.middleware
async def by_provider_alone(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises NotAllowed."""
    way, resource = provider_way_of(request), request.match_info.route.resource
    if way is not None and way.only and resource is not None:
        asked = (request.method, resource.canonical)
        refused = asked in OTHER_WAYS or request.match_info.get("step") in STEPS
        if refused or (asked in SECOND_STEP and not await _links(request)):
            raise NotAllowed(ONLY, provider=way.label)
    return await handler(request)


async def _links(request: web.Request) -> bool:
    step = await pending_step(request)
    return step is not None and step.link is not None


def refuse_passkey_alone(request: web.Request) -> None:
    """Before a passkey is the only step. Raises NotAllowed."""
    way = provider_way_of(request)
    if way is not None and way.only:
        raise NotAllowed(ONLY, provider=way.label)
