"""Asking again who it is, before second factors are changed."""

from aiohttp import web
from aiohttp_session import get_session

from signaling.account import Account
from signaling.errors import N_, InvalidInput, TooManyRequests
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.request import entered, show, viewer_of
from web.keys import LIMITS, PASSKEYS, PASSWORDS, STORE
from web.markup.accounts.proof import proof_page
from web.pages.provider.configured import provider_way_of
from web.routes import path
from web.sign_in.factor_checks import check_code, check_passkey, json_of
from web.sign_in.known_browsers import browser_of
from web.sign_in.proof import note_proof
from web.view_models import Form

WRONG = N_("That is not your current password. Please try again.")
NEXT = ("factors", "authenticator_app", "new_passkey", "recovery_codes")
"Pages that ask for a proof, by the names of their addresses."


async def show_proof(request: web.Request) -> web.Response:
    return await _page(request, await entered(request), Form())


async def prove(request: web.Request) -> web.Response:
    """Check the password or a code of the app, and lead on."""
    account, typed = await entered(request), await form_of(request)
    try:
        if "code" in typed:
            await check_code(request, await browser_of(request), account, typed["code"])
        else:
            await _check_password(request, account, typed.get("password", ""))
    except (InvalidInput, TooManyRequests) as error:
        form = Form({}, form_errors(error, await viewer_of(request)))
        refused = await _page(request, account, form, error.status)
        refused.headers.update(retry_after(error))
        return refused
    await note_proof(request)
    raise web.HTTPSeeOther(_next(request))


async def passkey_options(request: web.Request) -> web.Response:
    account = await entered(request)
    factors = await request.app[STORE].read.second_factors.of_account(account.id)
    return web.json_response(request.app[PASSKEYS].asking("proof", account.id, factors.passkeys))


async def prove_by_passkey(request: web.Request) -> web.Response:
    account, posted = await entered(request), await json_of(request)
    await check_passkey(request, "proof", posted.get("credential"), account.id)
    await note_proof(request)
    return web.json_response({"next": _next(request)})


async def _check_password(request: web.Request, account: Account, password: str) -> None:
    """Raises InvalidInput for the field `password`, TooManyRequests."""
    limits = request.app[LIMITS]
    await limits.hit("choose_password", account.id)
    if not await request.app[PASSWORDS].verify(account.password_hash, password[:1024]):
        raise InvalidInput("password", WRONG)
    limits.give_back("choose_password", account.id)


async def _page(
    request: web.Request, account: Account, form: Form, status: int = 200
) -> web.Response:
    way = provider_way_of(request)
    by_provider = (await get_session(request)).get("way") == "provider"
    page = proof_page(
        await viewer_of(request),
        form,
        account.email,
        await request.app[STORE].read.second_factors.of_account(account.id),
        has_password=account.password_hash is not None,
        proof_action=path("proof", {"then": request.query.get("then", "")}),
        passkey_action=path("proof_passkey", {"then": request.query.get("then", "")}),
        provider=way.label if way is not None and by_provider else None,
        provider_address=path("provider_sign_in", {"next": _next(request), "again": ""}),
    )
    return show(page, status)


def _next(request: web.Request) -> str:
    then = request.query.get("then", "")
    return path(then if then in NEXT else "factors")
