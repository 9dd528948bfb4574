"""Setting up an authenticator app: it counts once a code has shown that it has the secret."""

from datetime import timedelta

import segno
from aiohttp import web

from signaling.account import Account
from signaling.errors import InvalidInput, TooManyRequests
from signaling.flows.people.second_factors import confirm_app
from signaling.second_factor import AuthenticatorApp, typed_code
from web.access import authenticator
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.request import entered, show, viewer_of
from web.keys import ACCOUNT_MAIL, CLOCK, LIMITS, RUNTIME_SETTINGS, STORE
from web.markup.accounts.authenticator_app import authenticator_app_page
from web.pages.second_factors.factors import require_proof
from web.pages.second_factors.recovery_codes import after_adding
from web.sign_in.factor_checks import NO_CODE, SLOW, WRONG
from web.view_models import Form

OFFERED_FOR = timedelta(hours=1)
"How long the same secret is shown again, so that a page that is loaded twice fits the app."
QR_SCALE = 4


async def show_app(request: web.Request) -> web.Response:
    """The secret, as a QR code and as text."""
    account = await entered(request)
    await require_proof(request, "authenticator_app")
    return await _page(request, account, await _proposed(request, account), Form())


async def set_up_app(request: web.Request) -> web.Response:
    """Check the first code; from then on the app counts, instead of one before it."""
    account, app = await entered(request), request.app
    await require_proof(request, "authenticator_app")
    proposed, code = await _proposed(request, account), (await form_of(request)).get("code", "")
    try:
        await app[LIMITS].hit("guess_code", f"{account.id} set-up")
        step = _step(proposed, code, request)
    except (InvalidInput, TooManyRequests) as error:
        form = Form({}, form_errors(error, await viewer_of(request)))
        refused = await _page(request, account, proposed, form, error.status)
        refused.headers.update(retry_after(error))
        return refused
    mail, now = app[ACCOUNT_MAIL], app[CLOCK].now()
    await app[STORE].write(lambda records: confirm_app(records, account, step, mail, now))
    app[LIMITS].give_back("guess_code", f"{account.id} set-up")
    raise web.HTTPSeeOther(await after_adding(request, account))


def _step(proposed: AuthenticatorApp, typed: str, request: web.Request) -> int:
    """The time step of a right code. Raises InvalidInput."""
    code, now = typed_code(typed), request.app[CLOCK].now()
    if not authenticator.is_code(code):
        raise InvalidInput("code", NO_CODE)
    step = authenticator.step_of(proposed.secret, code, now)
    if step is not None:
        return step
    if minutes := abs(authenticator.minutes_off(proposed.secret, code, now)):
        raise InvalidInput("code", SLOW, minutes=minutes)
    raise InvalidInput("code", WRONG)


async def _proposed(request: web.Request, account: Account) -> AuthenticatorApp:
    """The secret that is being set up, made now if there is none or it is old."""
    store, now = request.app[STORE], request.app[CLOCK].now()
    found = await store.read.second_factors.apps.proposed(account.id)
    if found is not None and now - OFFERED_FOR < found.created_at <= now:
        return found
    made = AuthenticatorApp(account.id, authenticator.new_secret(), now, last_step=0)
    await store.write(lambda records: records.second_factors.apps.propose(made))
    return made


async def _page(
    request: web.Request,
    account: Account,
    proposed: AuthenticatorApp,
    form: Form,
    status: int = 200,
) -> web.Response:
    address = authenticator.address(
        proposed.secret, account.email, request.app[RUNTIME_SETTINGS].brand
    )
    code = segno.make(address, micro=False).svg_inline(scale=QR_SCALE)
    page = authenticator_app_page(
        await viewer_of(request), form, proposed.secret, address=address, qr_svg=code
    )
    return show(page, status)
