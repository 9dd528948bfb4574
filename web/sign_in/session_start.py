"""Signing a browser in: its web session, and the cookie that makes it known."""

from dataclasses import replace
from datetime import UTC

from aiohttp import hdrs, web
from aiohttp_session import Session, get_session, new_session

from signaling.account import Account
from signaling.errors import Conflict
from signaling.token import token_digest
from storage.store import Records
from web.keys import CLOCK, WEB_SESSIONS
from web.routes import path
from web.sign_in.browser_names import browser_name
from web.sign_in.known_browsers import Browser, hand_over, keeps_cookies, remember


async def start_web_session(
    request: web.Request, browser: Browser, account: Account, *, renewed: str | None = None
) -> web.HTTPSeeOther | None:
    """Sign somebody in. Returns the redirect to their dashboard, with the browser's cookies.

    `renewed` is a hash to replace the one that has just been verified. Returns None if the password
    was changed, or the account suspended, during verification.
    """
    before, now = await get_session(request), request.app[CLOCK].now()
    remembered = ""

    async def also(records: Records) -> None:
        nonlocal remembered
        stored = await records.accounts.get(account.id)
        verified = (account.password_hash, None)
        if stored is None or (stored.password_hash, stored.suspended_at) != verified:
            raise Conflict
        if renewed is not None:
            await records.accounts.change(replace(stored, password_hash=renewed))
        if isinstance(before.identity, str):
            await records.web_sessions.remove(token_digest(before.identity))
        remembered = await remember(request, records, browser, account.id)
        await records.audit.append(now, account.id, "sign_in", "")

    session: Session = await new_session(request)
    session["account_id"] = account.id
    session["signed_in_at"] = now.astimezone(UTC).isoformat()
    session["browser"] = browser_name(request.headers.get(hdrs.USER_AGENT, ""))
    try:
        await request.app[WEB_SESSIONS].settle(session, also)
    except Conflict:
        session.invalidate()
        return None
    # the sign-in page redirects a browser that kept the cookie, and says so to one that did not
    straight = keeps_cookies(request)
    answer = web.HTTPSeeOther(path("dashboard") if straight else path("sign_in", {"kept": "?"}))
    hand_over(request, answer, remembered)
    return answer
