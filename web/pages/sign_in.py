"""Signing in and out, the setup of the first administrator, and the choice of a language."""

from datetime import datetime
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp_session import get_session

from signaling.account import Account, plain_email
from signaling.errors import N_, Conflict, InvalidInput, NotFound, TooManyRequests
from signaling.flows.people.accounts import find_account, new_account
from signaling.token import token_digest
from storage.store import Records
from web.http.client_address import client_network
from web.http.errors import retry_after, sentence
from web.http.forms import form_errors, form_of
from web.http.request import LANGUAGE_COOKIE, account_of, show, time_zone_of, viewer_of
from web.keys import (
    CATALOGS,
    CLOCK,
    FAILED_SIGN_INS,
    LIMITS,
    PASSWORDS,
    RUNTIME_SETTINGS,
    SETUP_TOKEN,
    STORE,
)
from web.markup.accounts.setup import setup_page
from web.markup.accounts.sign_in import sign_in_page
from web.routes import path
from web.sign_in.known_browsers import Browser, browser_of
from web.sign_in.leaving import FORGET
from web.sign_in.session_start import start_web_session
from web.sign_in.throttling import count_attempt, count_form
from web.view_models import Form

WRONG = N_("This email and password do not belong together. Please check both.")
NOT_KEPT = N_(
    "This browser keeps no cookies from this page, so you are not signed in. Please allow them"
    " here, or use another browser."
)
YEAR = 365 * 24 * 3600


async def show_sign_in(request: web.Request) -> web.Response:
    if await account_of(request) is not None:
        raise web.HTTPSeeOther(path("dashboard"))
    viewer = await viewer_of(request)
    if "kept" in request.query:
        return show(sign_in_page(viewer, Form(errors={"": viewer.translate(NOT_KEPT)})), 400)
    return show(sign_in_page(viewer, Form()))


async def sign_in(request: web.Request) -> web.Response:
    """Verify email and password; the web session gets a new token, against session fixation."""
    app, browser = request.app, await browser_of(request)
    await count_form(request, browser)
    typed = await form_of(request)
    email, password = typed.get("email", "")[:1024].strip(), typed.get("password", "")[:1024]
    found = await find_account(app[STORE].read.accounts, email)
    account = found if found and found.disabled_at is None else None
    try:
        answer = await _let_in(request, browser, account, plain_email(email), password)
    except TooManyRequests as error:
        return await _refuse(request, email, error)
    if answer is None:
        who = found.id if found else None
        await app[FAILED_SIGN_INS].note(who, client_network(request))
        return await _refuse(request, email)
    raise answer


async def _let_in(
    request: web.Request, browser: Browser, account: Account | None, email: str, password: str
) -> web.HTTPSeeOther | None:
    """The redirect that signs in, if the password is right. Raises TooManyRequests."""
    passwords = request.app[PASSWORDS]
    attempt = await count_attempt(request, browser, account, email)
    place = None if attempt.known else client_network(request)
    hashed = account.password_hash if account else None
    try:
        right = await passwords.verify(hashed, password, place)
    except TooManyRequests:
        attempt.give_back()
        raise
    if not right or account is None or hashed is None:
        return None
    attempt.give_back()
    return await start_web_session(
        request, browser, account, renewed=await passwords.renewed(hashed, password)
    )


async def _refuse(
    request: web.Request, email: str, error: TooManyRequests | None = None
) -> web.Response:
    """The form again, the same for an unknown account as for a wrong password."""
    viewer = await viewer_of(request)
    if error is None:
        form = Form({"email": email}, {"": viewer.translate(WRONG)})
        return show(sign_in_page(viewer, form), 401)
    form = Form({"email": email}, form_errors(error, viewer))
    return show(sign_in_page(viewer, form), error.status, retry_after(error))


async def sign_out(request: web.Request) -> web.Response:
    session, account = await get_session(request), await account_of(request)
    if account is not None and isinstance(session.identity, str):
        digest, now = token_digest(session.identity), request.app[CLOCK].now()

        async def work(records: Records) -> None:
            await records.web_sessions.remove(digest)
            await records.audit.append(now, account.id, "sign_out", "")

        await request.app[STORE].write(work)
    session.invalidate()
    raise web.HTTPSeeOther(path("sign_in"), headers=FORGET)


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
    except InvalidInput as error:
        form = Form(values, {error.field: sentence(error, viewer.translate)})
        return show(setup_page(viewer, form, request.path), 400)
    raise await start_web_session(request, await browser_of(request), account) or Conflict


async def choose_language(request: web.Request) -> web.Response:
    """Remember a language in this browser, and return to the page."""
    typed = await form_of(request)
    answer = web.HTTPSeeOther(_own_path(typed.get("next", "")))
    if typed.get("language") in request.app[CATALOGS].languages:
        answer.set_cookie(
            LANGUAGE_COOKIE, typed["language"], max_age=YEAR, path="/", samesite="Lax"
        )
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
    """A path of this server, else the dashboard's: `//host` and `/\\host` lead elsewhere."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return path("dashboard")
    if parts.scheme or parts.netloc or not text.startswith("/") or text[1:2] in ("/", "\\"):
        return path("dashboard")
    return parts.path
