"""The page of one's second factors, and removing them."""

from aiohttp import web

from signaling.errors import NotFound
from signaling.flows.people.second_factors import remove_app, remove_passkey
from signaling.second_factor import must_have
from web.access.passkeys import PasskeyRefused, credential_id
from web.http.forms import form_of
from web.http.request import entered, lacks_factor, show, signed_in, viewer_of
from web.keys import CLOCK, CONFIG, STORE
from web.markup.accounts.factors import factors_page
from web.routes import path
from web.sign_in.proof import is_proved


async def show_factors(request: web.Request) -> web.Response:
    """One's second factors; for somebody who must have one first, how to set it up."""
    account = await entered(request)
    factors = await request.app[STORE].read.second_factors.of_account(account.id)
    page = factors_page(
        await viewer_of(request),
        factors,
        required=await lacks_factor(request),
        done=request.query.get("done", ""),
    )
    return show(page)


async def remove_passkey_of_mine(request: web.Request) -> web.Response:
    """Raises NotFound; Conflict for the last factor where one is required."""
    account, app = await signed_in(request), request.app
    await require_proof(request, "factors")
    try:
        which = credential_id({"id": (await form_of(request)).get("passkey", "")})
    except PasskeyRefused:
        raise NotFound from None
    required, now = must_have(app[CONFIG].second_factor, account.role), app[CLOCK].now()
    await app[STORE].write(
        lambda records: remove_passkey(records, account, which, now, required=required)
    )
    raise web.HTTPSeeOther(path("factors", {"done": "removed"}))


async def remove_app_of_mine(request: web.Request) -> web.Response:
    """Raises what removing a passkey raises."""
    account, app = await signed_in(request), request.app
    await require_proof(request, "factors")
    required, now = must_have(app[CONFIG].second_factor, account.role), app[CLOCK].now()
    await app[STORE].write(lambda records: remove_app(records, account, now, required=required))
    raise web.HTTPSeeOther(path("factors", {"done": "removed"}))


async def require_proof(request: web.Request, then: str) -> None:
    """Lead to the question who it is, unless that was proved lately; from there on to `then`."""
    if not await is_proved(request):
        raise web.HTTPSeeOther(path("proof", {"then": then}))
