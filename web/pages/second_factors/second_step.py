"""The second step of a sign-in, after a right password; and the passkey that is the only one."""

from aiohttp import hdrs, web

from signaling.errors import N_, InvalidInput, SignInRequired, TooManyRequests
from signaling.identity import SignInRefused
from web.http.client_address import client_network
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.request import show, viewer_of
from web.keys import ACCOUNT_MAIL, LIMITS, PASSKEYS, STORE
from web.markup.accounts.second_step import second_step_page
from web.markup.accounts.sign_in import sign_in_page
from web.pages.provider.configured import provider_way_of
from web.pages.provider.linking import link_after_step
from web.pages.provider.only import refuse_passkey_alone
from web.pages.provider.refusing import refuse
from web.routes import path
from web.sign_in.factor_checks import check_code, check_passkey, check_recovery_code, json_of
from web.sign_in.known_browsers import Browser, browser_of
from web.sign_in.pending_step import PendingStep, count_wrong, pending_step
from web.sign_in.return_address import checked
from web.sign_in.session_start import start_web_session
from web.view_models import Form

LATE = N_("This took too long, or your password was changed. Please sign in again.")
WRONG_TOO_OFTEN = N_("These codes were wrong. Please sign in again.")


async def show_step(request: web.Request) -> web.Response:
    step = await pending_step(request)
    if step is None:
        if "kept" in request.query:
            raise web.HTTPSeeOther(path("sign_in", {"kept": "?"}))
        return await _from_the_start(request, LATE)
    return await _page(request, step, Form())


async def take_step(request: web.Request) -> web.Response:
    """Check a code of the app or a recovery code, and sign in."""
    step, typed = await pending_step(request), await form_of(request)
    if step is None:
        return await _from_the_start(request, LATE)
    browser, back_to = await browser_of(request), step.back_to
    try:
        if "recovery" in typed:
            await check_recovery_code(request, browser, step.account, typed["recovery"])
            # there they see how many codes are left, and can replace what is lost
            back_to = back_to or path("factors", {"done": "recovery"})
        else:
            await check_code(request, browser, step.account, typed.get("code", ""))
    except InvalidInput as error:
        await _tell(request, step)
        if not await count_wrong(request):
            return await _from_the_start(request, WRONG_TOO_OFTEN, step.back_to)
        return await _page(request, step, Form({}, form_errors(error, await viewer_of(request))))
    except TooManyRequests as error:
        form = Form({}, form_errors(error, await viewer_of(request)))
        refused = await _page(request, step, form, error.status, with_recovery="recovery" in typed)
        refused.headers.update(retry_after(error))
        return refused
    try:
        answer = await _enter(request, browser, step, back_to)
    except SignInRefused as error:
        return await refuse(request, error)
    if answer is None:
        return await _from_the_start(request, LATE, step.back_to)
    raise answer


async def passkey_options(request: web.Request) -> web.Response:
    """Options for the browser: for the second step if the script says so, else for the only one."""
    asked = await json_of(request)
    await request.app[LIMITS].hit("passkey", client_network(request))
    passkeys = request.app[PASSKEYS]
    if not asked.get("second"):
        refuse_passkey_alone(request)
        return web.json_response(passkeys.asking("only step"))
    step = await pending_step(request)
    if step is None:
        raise SignInRequired(LATE)
    factors = await request.app[STORE].read.second_factors.of_account(step.account.id)
    return web.json_response(passkeys.asking("second step", step.account.id, factors.passkeys))


async def use_passkey(request: web.Request) -> web.Response:
    """Sign in by a passkey, alone or after a password. The answer says where to go on."""
    posted, browser = await json_of(request), await browser_of(request)
    answer = None
    if posted.get("second"):
        step = await pending_step(request)
        if step is None:
            raise SignInRequired(LATE)
        await check_passkey(request, "second step", posted.get("credential"), step.account.id)
        try:
            answer = await _enter(request, browser, step, step.back_to)
        except SignInRefused:
            raise SignInRequired(LATE) from None
    else:
        refuse_passkey_alone(request)
        account = await check_passkey(request, "only step", posted.get("credential"))
        back_to = checked(str(posted.get("next", "")))
        answer = await start_web_session(request, browser, account, way="passkey", back_to=back_to)
    if answer is None:
        raise SignInRequired(LATE)
    reply = web.json_response({"next": answer.headers[hdrs.LOCATION]})
    reply.cookies.update(answer.cookies)
    return reply


async def _enter(
    request: web.Request, browser: Browser, step: PendingStep, back_to: str
) -> web.HTTPSeeOther | None:
    """Sign in, once the step is taken. Raises SignInRefused for somebody who cannot be linked."""
    if step.link is not None:
        return await link_after_step(request, browser, step, back_to)
    return await start_web_session(request, browser, step.account, way=step.way, back_to=back_to)


async def _page(
    request: web.Request,
    step: PendingStep,
    form: Form,
    status: int | None = None,
    *,
    with_recovery: bool = False,
) -> web.Response:
    factors = await request.app[STORE].read.second_factors.of_account(step.account.id)
    page = second_step_page(
        await viewer_of(request, step.account.language),
        form,
        step.account.email,
        factors,
        with_recovery=with_recovery or "recovery" in request.query or "recovery" in form.errors,
    )
    return show(page, status or (401 if form.errors else 200))


async def _tell(request: web.Request, step: PendingStep) -> None:
    """Count a wrong code, and tell the owner of several by mail: whoever tries knows the password.

    They are counted by account: whoever begins a new step in between is told of as well.
    """
    mail, limits, owner = request.app[ACCOUNT_MAIL], request.app[LIMITS], step.account.id
    if not limits.take("wrong_codes", owner) or limits.take("wrong_codes_told", owner):
        return
    await request.app[STORE].write(lambda records: mail.queue(records, step.account, "wrong_codes"))


async def _from_the_start(request: web.Request, why: str, back_to: str = "") -> web.Response:
    viewer = await viewer_of(request)
    form = Form({"next": back_to}, {"": viewer.translate(why)})
    return show(sign_in_page(viewer, form, provider_way_of(request)), 401)
