"""Recovery codes: made on request, shown once."""

from aiohttp import web

from signaling.account import Account
from signaling.errors import NotFound
from signaling.flows.people.second_factors import replace_recovery_codes
from signaling.second_factor import new_recovery_codes
from web.http.request import entered, show, viewer_of
from web.keys import CLOCK, STORE
from web.markup.accounts.recovery_codes import recovery_codes_page, shown_codes_page
from web.pages.second_factors.factors import require_proof
from web.routes import path


async def show_recovery_codes(request: web.Request) -> web.Response:
    """What they are for, and the button that makes them. Raises NotFound without a factor."""
    account = await entered(request)
    factors = await request.app[STORE].read.second_factors.of_account(account.id)
    if not factors.any:
        raise NotFound
    await require_proof(request, "recovery_codes")
    return show(recovery_codes_page(await viewer_of(request), factors))


async def make(request: web.Request) -> web.Response:
    """Make ten new codes, which replace all earlier ones, and show them this once."""
    account, now, codes = await entered(request), request.app[CLOCK].now(), new_recovery_codes()
    await require_proof(request, "recovery_codes")
    await request.app[STORE].write(
        lambda records: replace_recovery_codes(records, account, codes, now)
    )
    return show(shown_codes_page(await viewer_of(request), account.email, codes))


async def after_adding(request: web.Request, account: Account) -> str:
    """Where to go after a factor was added: to recovery codes, unless there are some."""
    factors = await request.app[STORE].read.second_factors.of_account(account.id)
    return path("factors", {"done": "added"}) if factors.recovery_codes else path("recovery_codes")
