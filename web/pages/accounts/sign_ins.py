"""Changing one's password, and signing out other browsers, under the profile."""

from aiohttp import web

from signaling.account import Account
from signaling.errors import InvalidInput, NotFound, TooManyRequests
from signaling.flows.people.accounts import (
    WRONG_PASSWORD,
    set_password,
    sign_out_everywhere,
)
from storage.store import Records
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.request import signed_in, viewer_of, web_session_digest
from web.keys import ACCOUNT_MAIL, CLOCK, LIMITS, PASSWORDS, RUNTIME_SETTINGS, STORE
from web.pages.accounts.profile import place_name, refuse
from web.routes import path
from web.sign_in.known_browsers import browser_of, hand_over, remember
from web.view_models import Form


async def change_password(request: web.Request) -> web.Response:
    """Verify the current password, set the new one, and sign out all other browsers."""
    account, viewer = await signed_in(request), await viewer_of(request)
    try:
        await request.app[LIMITS].hit("choose_password", account.id)
        answer = await _change(request, account, await form_of(request))
    except (InvalidInput, TooManyRequests) as error:
        refused = await refuse(request, Form({}, form_errors(error, viewer)), error.status)
        refused.headers.update(retry_after(error))
        return refused
    raise answer


async def _change(
    request: web.Request, account: Account, typed: dict[str, str]
) -> web.HTTPSeeOther:
    """The redirect back to the page. Raises InvalidInput for either password."""
    app, browser, keep = request.app, await browser_of(request), await web_session_digest(request)
    present = typed.get("present", "")
    if not await app[PASSWORDS].verify(account.password_hash, present):
        raise InvalidInput("present", WRONG_PASSWORD)
    known = (app[RUNTIME_SETTINGS].brand, account.email, account.name)
    password_hash = await app[PASSWORDS].choose(typed.get("password", ""), known)
    now = app[CLOCK].now()

    async def work(records: Records) -> str:
        stored = await records.accounts.get(account.id)
        if stored is None or stored.password_hash != account.password_hash:
            raise InvalidInput("present", WRONG_PASSWORD)  # it was changed during verification
        await set_password(
            records, stored, password_hash, now,
            actor=account.id, action="change_password", mail=app[ACCOUNT_MAIL], keep=keep,
        )  # fmt: skip
        return await remember(request, records, browser, account.id)

    token = await app[STORE].write(work)
    app[LIMITS].give_back("choose_password", account.id)
    answer = web.HTTPSeeOther(path("profile", {"done": "password"}))
    hand_over(request, answer, token)
    return answer


async def sign_out(request: web.Request) -> web.Response:
    """End one of the account's web sessions, or all but this one. Raises NotFound."""
    account, here = await signed_in(request), await web_session_digest(request)
    where, browser = (await form_of(request)).get("where", ""), await browser_of(request)
    answer, now = web.HTTPSeeOther(path("profile", {"done": "sign-out"})), request.app[CLOCK].now()

    async def everywhere_else(records: Records) -> str:
        await sign_out_everywhere(records, account.id, keep=here)
        await records.audit.append(now, account.id, "sign_out_elsewhere", account.id)
        return await remember(request, records, browser, account.id)

    async def there(records: Records) -> None:
        for digest, *_ in await records.web_sessions.of_account(account.id, now):
            if digest != here and where == place_name(digest):
                await records.web_sessions.remove(digest)
                await records.audit.append(now, account.id, "sign_out_elsewhere", account.id)
                return
        raise NotFound

    if where == "others":
        hand_over(request, answer, await request.app[STORE].write(everywhere_else))
    else:
        await request.app[STORE].write(there)
    raise answer
