"""Signing a browser in: its web session, and what it is remembered by."""

from dataclasses import replace
from datetime import UTC

from aiohttp import hdrs, web
from aiohttp_session import Session, get_session, new_session

from signaling.account import Account
from signaling.token import token_digest
from storage.store import Records
from web.browser_names import browser_name
from web.keys import CLOCK, STORE
from web.known_browsers import Browser, hand_over, remember
from web.routes import path


async def begin(
    request: web.Request, browser: Browser, account: Account, *, renewed: str | None = None
) -> web.HTTPSeeOther | None:
    """Sign somebody in; the redirect to their dashboard carries the browser's cookies.

    `renewed` is a hash in place of the one that has just been verified. None if the password was
    changed, or the account disabled, while it was being verified.
    """
    before = await get_session(request)
    digest = token_digest(before.identity) if isinstance(before.identity, str) else None

    async def work(records: Records) -> str | None:
        stored = await records.accounts.get(account.id)
        if stored is None or (stored.password_hash, stored.disabled_at) != (
            account.password_hash,
            None,
        ):
            return None
        if renewed is not None:
            await records.accounts.change(replace(stored, password_hash=renewed))
        if digest is not None:
            await records.web_sessions.remove(digest)
        return await remember(request, records, browser, account.id)

    token = await request.app[STORE].write(work)
    if token is None:
        return None
    session: Session = await new_session(request)
    session["account_id"] = account.id
    session["signed_in_at"] = request.app[CLOCK].now().astimezone(UTC).isoformat()
    session["browser"] = browser_name(request.headers.get(hdrs.USER_AGENT, ""))
    answer = web.HTTPSeeOther(path("dashboard"))
    hand_over(request, answer, token)
    return answer
