"""Signing in and out, the setup of the first administrator, and the choice of a language."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp_session import get_session

from signaling.account import Account, plain_email
from signaling.errors import (
    N_,
    Conflict,
    InvalidInput,
    NotFound,
    TooManyRequests,
)
from signaling.flows.people.accounts import find_account, new_account
from storage.store import Records
from web.http.client_address import client_network
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.over_limit import check_limit, may_come_back
from web.http.reader_language import keep_language
from web.http.request import entered_account, show, signed_in, time_zone_of, viewer_of
from web.keys import (
    CATALOGS,
    CLOCK,
    FAILED_SIGN_IN_LOG,
    GUESSING_ALARM,
    LIMITS,
    PASSWORDS,
    RUNTIME_SETTINGS,
    SETUP_TOKEN,
    STORE,
)
from web.markup.accounts.setup import setup_page
from web.markup.accounts.sign_in import sign_in_page
from web.markup.accounts.signed_in import signed_in_page
from web.pages.provider.configured import provider_way_of
from web.pages.provider.signing_out import way_out
from web.routes import path
from web.sign_in.known_browsers import Browser, browser_of
from web.sign_in.leaving import FORGET
from web.sign_in.return_address import checked
from web.sign_in.second_factor import after_password
from web.sign_in.session_start import browsers_sessions
from web.sign_in.throttling import check_network, check_password
from web.view_models import Form

WRONG = N_("Email or password is wrong. Please check both.")
NOT_KEPT = N_(
    "This browser keeps no cookies from this page, so you are not signed in. Please allow them"
    " here, or use another browser."
)


async def show_sign_in(request: web.Request) -> web.Response:
    account, back_to = await entered_account(request), checked(request.query.get("next", ""))
    beside = back_to == path("signed_in")
    if account is not None and ("kept" in request.query or not beside):
        raise web.HTTPSeeOther(back_to or path("dashboard"))
    viewer, way = await viewer_of(request), provider_way_of(request)
    # a change of the language leads back here, with the same way back
    here = path("sign_in", {"next": back_to}) if back_to else path("sign_in")
    viewer = replace(viewer, path=here, account_name=None, account_role=None)
    values = {"next": back_to, "email": account.email if account else ""}
    if "kept" in request.query:
        form = Form(values, errors={"": viewer.translate(NOT_KEPT)})
        return show(sign_in_page(viewer, form, way), 400)
    if way is not None and way.only:
        raise web.HTTPSeeOther(path("provider_sign_in", {"next": back_to} if back_to else None))
    return show(sign_in_page(viewer, Form(values), way, over="over" in request.query))


async def show_signed_in(request: web.Request) -> web.Response:
    """After signing in again beside a page that is still open."""
    await signed_in(request)
    return show(signed_in_page(await viewer_of(request)))


async def sign_in(request: web.Request) -> web.Response:
    """Verify email and password; the web session gets a new token, against session fixation."""
    app, browser = request.app, await browser_of(request)
    try:
        check_limit(request)
        check_network(request, browser)
    except TooManyRequests as error:
        if not may_come_back(request):
            raise
        return await _refuse(request, _beside_password(await form_of(request)), error)
    typed = await form_of(request)
    email, password = typed.get("email", "")[:1024].strip(), typed.get("password", "")
    values = _beside_password(typed)
    found = await find_account(app[STORE].read.accounts, email)
    account = found if found and found.suspended_at is None else None
    try:
        answer = await _let_in(
            request, browser, account, plain_email(email), password, values["next"]
        )
    except TooManyRequests as error:
        return await _refuse(request, values, error)
    if answer is None:
        who = found.id if found else None
        await app[FAILED_SIGN_IN_LOG].note(who, client_network(request))
        if account is not None:
            app[GUESSING_ALARM].note(account.id, client_network(request))
        return await _refuse(request, values)
    raise answer


def _beside_password(typed: dict[str, str]) -> dict[str, str]:
    return {
        "email": typed.get("email", "")[:1024].strip(),
        "next": checked(typed.get("next", "")),
    }


async def _let_in(
    request: web.Request,
    browser: Browser,
    account: Account | None,
    email: str,
    password: str,
    back_to: str,
) -> web.HTTPSeeOther | None:
    """The redirect that signs in, if the password is right. Raises TooManyRequests."""
    right = await check_password(request, browser, account, email, password)
    if not right or account is None or account.password_hash is None:
        return None
    renewed = await request.app[PASSWORDS].renewed(account.password_hash, password)
    return await after_password(
        request, browser, account, way="password", back_to=back_to, renewed=renewed
    )


async def _refuse(
    request: web.Request, values: dict[str, str], error: TooManyRequests | None = None
) -> web.Response:
    """The form again, the same for an unknown account as for a wrong password."""
    viewer = await viewer_of(request)
    if error is None:
        form = Form(values, {"": viewer.translate(WRONG)})
        return show(sign_in_page(viewer, form, provider_way_of(request)), 401)
    form = Form(values, form_errors(error, viewer))
    page = sign_in_page(viewer, form, provider_way_of(request))
    return show(page, error.status, retry_after(error))


async def sign_out(request: web.Request) -> web.Response:
    app, session = request.app, await get_session(request)
    # also after the time of the sign-in: what goes on open ends now
    # and if this browser is in the middle of signing in again
    now, began = app[CLOCK].now(), ""
    for digest in browsers_sessions(request, session):
        who, data = await app[STORE].read.web_sessions.owner(digest) or (None, "")
        if who is not None:
            began = began or data
            await app[STORE].write(partial(_end, digest, who, now))
    session.invalidate()
    if began and (page := await way_out(request, began)) is not None:
        return page
    way = provider_way_of(request)
    # the sign-in page would lead to the provider, which may sign the same person in again
    after = "provider_signed_out" if way and way.only else "sign_in"
    raise web.HTTPSeeOther(path(after), headers=FORGET)


async def _end(digest: bytes, who: str, now: datetime, records: Records) -> None:
    await records.web_sessions.remove(digest)
    await records.audit.append(now, who, "sign_out", "")


async def show_setup(request: web.Request) -> web.Response:
    await _check_setup(request)
    return show(setup_page(await viewer_of(request), Form(), request.path))


async def set_up(request: web.Request) -> web.Response:
    """Create the first administrator's account; the address works once."""
    await _check_setup(request)
    app, typed = request.app, await form_of(request)
    viewer = await viewer_of(request)
    values = {name: typed.get(name, "") for name in ("name", "email")}
    try:
        check_limit(request)
        known = (app[RUNTIME_SETTINGS].brand, values["email"], values["name"])
        account = new_account(
            email=values["email"],
            name=values["name"],
            role="administrator",
            password_hash=await app[PASSWORDS].choose(typed.get("password", ""), known),
            language=viewer.language,
            time_zone=time_zone_of(request),
            now=app[CLOCK].now(),
        )
        await app[STORE].write(lambda records: _add_first(records, account, app[CLOCK].now()))
        app[SETUP_TOKEN].use_up()
    except (InvalidInput, TooManyRequests) as error:
        form = Form(values, form_errors(error, viewer))
        return show(setup_page(viewer, form, request.path), error.status, retry_after(error))
    browser = await browser_of(request)
    raise await after_password(request, browser, account, way="password") or Conflict


async def choose_language(request: web.Request) -> web.Response:
    """Remember a language in this browser, and return to the page."""
    typed = await form_of(request)
    answer = web.HTTPSeeOther(_own_path(typed.get("next", "")))
    if typed.get("language") in request.app[CATALOGS].languages:
        keep_language(answer, typed["language"])
    raise answer


async def _check_setup(request: web.Request) -> None:
    """Raises NotFound for a wrong token, or if there is any account; TooManyRequests."""
    fits = request.app[SETUP_TOKEN].fits(request.match_info["token"])
    if not fits or await request.app[STORE].read.accounts.exists():
        await request.app[LIMITS].hit("unknown_link", client_network(request))
        raise NotFound


async def _add_first(records: Records, account: Account, now: datetime) -> None:
    if await records.accounts.exists():
        raise NotFound
    await records.accounts.add(account)
    await records.audit.append(now, account.id, "set_up", account.id)


def _own_path(text: str) -> str:
    """A page of this server, else the dashboard. The page to sign in keeps where it leads back to."""
    page, _, query = text.partition("?")
    if page != path("sign_in"):
        return checked(text) or path("dashboard")
    back_to = checked(next(iter(parse_qs(query).get("next", ())), ""))
    return path("sign_in", {"next": back_to} if back_to else None)
