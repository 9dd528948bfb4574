"""Where accounts sign in by the provider alone, no other way in is answered."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from signaling.errors import N_, NotAllowed
from web.pages.provider.configured import provider_way_of
from web.routes import PATHS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ONLY = N_("Accounts sign in with %(provider)s alone here. Please sign in that way.")
OTHER_WAYS = frozenset(
    (method, PATHS[name])
    for method, name in (
        ("POST", "sign_in"),
        ("POST", "sign_in_code"),
        ("POST", "sign_in_passkey_options"),
        ("POST", "sign_in_passkey"),
        ("GET", "forgotten_password"),
        ("POST", "forgotten_password"),
        ("GET", "choose_password"),
        ("POST", "choose_password"),
        ("GET", "forgotten_password"),
        ("POST", "forgotten_password"),
        ("POST", "profile_password"),
        ("GET", "admin_invite_account"),
        ("POST", "admin_invite_account"),
        ("POST", "admin_account_invitation"),
    )
)
"Method and pattern of what signs in by something else, or prepares to."
STEPS = frozenset({"password-link"})
"Of an administrator with an account: the same."


@web.middleware
async def by_provider_alone(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises NotAllowed."""
    way, resource = provider_way_of(request), request.match_info.route.resource
    if way is not None and way.only and resource is not None:
        asked = (request.method, resource.canonical)
        if asked in OTHER_WAYS or request.match_info.get("step") in STEPS:
            raise NotAllowed(ONLY, provider=way.label)
    return await handler(request)
