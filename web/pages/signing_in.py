"""Signing in, signing out, and making the first administrator."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp_session import Session, get_session, new_session

from signaling.account import Account, checked_password
from signaling.errors import N_, InvalidInput, NotFound
from signaling.flows.accounting import new_account
from signaling.token import token_digest
from storage.store import Records
from web.errors import sentence
from web.keys import (
    CLOCK,
    FAILED_SIGN_INS,
    LIMITS,
    PASSWORDS,
    SETUP_TOKEN,
    STORE,
    TEXTS,
    WEB_SESSIONS,
)
from web.limits import network, remote
from web.markup.setup import setup_page
from web.markup.sign_in import sign_in_page
from web.routes import path
from web.viewing import LANGUAGE_COOKIE, account_of, form_of, show, time_zone_of, viewer_of
from web.views import Form

WRONG = N_("This email and password do not belong together. Please check both.")
YEAR = 365 * 24 * 3600


async def show_sign_in(request: web.Request) -> web.Response:
    if await account_of(request) is not None:
        raise web.HTTPSeeOther(path("dashboard"))
    return show(sign_in_page(await viewer_of(request), Form()))


async def sign_in(request: web.Request) -> web.Response:
    """Check email and password; the web session gets a new token, so none can be planted."""
    app, typed = request.app, await form_of(request)
    email, password = typed.get("email", "").strip(), typed.get("password", "")
    limits = app[LIMITS]
    await limits.hit("sign_in_address", network(remote(request)))
    await limits.hit("sign_in_account", email.casefold())
    account = await app[STORE].read.accounts.by_email(email)
    hashed = account.password_hash if account and account.disabled_at is None else None
    if not await app[PASSWORDS].verify(hashed, password[:1024]) or account is None:
        who = account.id if account else None
        await app[FAILED_SIGN_INS].note(who, network(remote(request)))
        viewer = await viewer_of(request)
        form = Form({"email": email}, {"": viewer.translate(WRONG)})
        return show(sign_in_page(viewer, form), 401)
    await _begin(request, account)
    raise web.HTTPSeeOther(path("dashboard"))


async def sign_out(request: web.Request) -> web.Response:
    session, account = await get_session(request), await account_of(request)
    if account is not None and isinstance(session.identity, str):
        digest, now = token_digest(session.identity), request.app[CLOCK].now()

        async def work(records: Records) -> None:
            await records.web_sessions.remove(digest)
            await records.audit.append(now, account.id, "sign_out", "")

        await request.app[STORE].write(work)
    session.invalidate()
    raise web.HTTPSeeOther(path("sign_in"))


async def show_setup(request: web.Request) -> web.Response:
    await _check_setup(request)
    return show(setup_page(await viewer_of(request), Form(), request.path))


async def set_up(request: web.Request) -> web.Response:
    """Make the first administrator; the address works once."""
    await _check_setup(request)
    app, typed = request.app, await form_of(request)
    viewer = await viewer_of(request)
    values = {name: typed.get(name, "") for name in ("name", "email")}
    try:
        password = checked_password(typed.get("password", ""))
        account = new_account(
            email=values["email"],
            name=values["name"],
            role="administrator",
            password_hash=await app[PASSWORDS].hash(password),
            language=viewer.language,
            time_zone=time_zone_of(request),
            now=app[CLOCK].now(),
        )
        await app[STORE].write(lambda records: _add_first(records, account, app[CLOCK].now()))
        app[SETUP_TOKEN].use_up()
    except InvalidInput as error:
        form = Form(values, {error.field: sentence(error, viewer.translate)})
        return show(setup_page(viewer, form, request.path), 400)
    await _begin(request, account)
    raise web.HTTPSeeOther(path("dashboard"))


async def choose_language(request: web.Request) -> web.Response:
    """Remember a language in this browser, and go back to the page it was chosen on."""
    typed = await form_of(request)
    answer = web.HTTPSeeOther(_own_path(typed.get("next", "")))
    if typed.get("language") in request.app[TEXTS].languages:
        answer.set_cookie(
            LANGUAGE_COOKIE, typed["language"], max_age=YEAR, path="/", samesite="Lax"
        )
    raise answer


async def _check_setup(request: web.Request) -> None:
    """Raises NotFound for another token, and once there is any account."""
    fits = request.app[SETUP_TOKEN].fits(request.match_info["token"])
    if not fits or await request.app[STORE].read.accounts.exists():
        raise NotFound


async def _add_first(records: Records, account: Account, now: datetime) -> None:
    if await records.accounts.exists():
        raise NotFound
    await records.accounts.add(account)
    await records.audit.append(now, account.id, "set_up", account.id)


async def _begin(request: web.Request, account: Account) -> None:
    """Sign somebody in on a new web session."""
    before, now = await get_session(request), request.app[CLOCK].now()

    async def also(records: Records) -> None:
        if isinstance(before.identity, str):
            await records.web_sessions.remove(token_digest(before.identity))
        await records.audit.append(now, account.id, "sign_in", "")

    session: Session = await new_session(request)
    session["account_id"] = account.id
    session["signed_in_at"] = now.astimezone(UTC).isoformat()
    await request.app[WEB_SESSIONS].settle(session, also)


def _own_path(text: str) -> str:
    """A path of this server and nothing else: `//host` and `/\\host` lead elsewhere."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return path("dashboard")
    if parts.scheme or parts.netloc or not text.startswith("/") or text[1:2] in ("/", "\\"):
        return path("dashboard")
    return parts.path
