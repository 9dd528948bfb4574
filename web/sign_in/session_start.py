"""Signing a browser in: its web session, and the cookie that makes it known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import hdrs, web
from aiohttp_session import Session, get_session, new_session

from signaling.account import Account, SignInWay
from signaling.errors import Conflict
from signaling.token import token_digest
from storage.store import Records
from web.access.web_sessions import EARLIER
from web.http.browser_names import browser_name
from web.keys import CLOCK, STORE, WEB_SESSIONS
from web.routes import path
from web.sign_in.known_browsers import Browser, hand_over, keeps_cookies, remember


@dataclass(frozen=True)
class ProviderSession:
    """A session at the provider of sign-in, by which its logout names ours."""

    issuer: str
    subject: str
    session_id: str | None
    "The claim `sid` (Back-Channel Logout, section 2.1); None if the provider has none."
    kept: Mapping[str, Any] = field(default_factory=dict)
    "What the web session's data holds besides."


async def start_web_session(
    request: web.Request,
    browser: Browser,
    account: Account,
    *,
    way: SignInWay,
    back_to: str = "",
    renewed: str | None = None,
    provider: ProviderSession | None = None,
) -> web.HTTPSeeOther | None:
    """Sign somebody in. Returns the redirect with the browser's cookies.

    It leads to `back_to`, a path of this server that was checked before, or to the dashboard.
    `renewed` is a hash to replace the one that has just been verified. Returns None if the password
    was changed, or the account suspended, during verification.
    """
    now = request.app[CLOCK].now()
    ended, moved, seated = await _earlier(request, account)
    remembered = ""

    async def also(records: Records) -> None:
        nonlocal remembered
        stored = await records.accounts.get(account.id)
        verified = (account.password_hash, None)
        if stored is None or (stored.password_hash, stored.suspended_at) != verified:
            raise Conflict
        if renewed is not None:
            await records.accounts.change(replace(stored, password_hash=renewed))
        for digest in moved:
            await records.web_sessions.move(digest, token_digest(str(session.identity)))
        for digest in ended:
            await records.web_sessions.remove(digest)
        if provider is not None:
            await _note_provider(records, session, provider)
        remembered = await remember(request, records, browser, account.id)
        await records.audit.append(now, account.id, "sign_in", "")

    session: Session = await new_session(request)
    session.update(provider.kept if provider else {})
    session.update(_facts(request, account, now, way))
    if seated:
        session["seated"] = True
    try:
        await request.app[WEB_SESSIONS].settle(session, also)
    except Conflict:
        session.invalidate()
        return None
    answer = web.HTTPSeeOther(_next(request, back_to))
    hand_over(request, answer, remembered)
    return answer


async def _note_provider(records: Records, session: Session, provider: ProviderSession) -> None:
    digest = token_digest(str(session.identity))
    await records.web_sessions.note_provider(
        digest, provider.issuer, provider.subject, provider.session_id
    )


def _facts(
    request: web.Request, account: Account, now: datetime, way: SignInWay
) -> dict[str, object]:
    """What a web session says of how it began."""
    return {
        "account_id": account.id,
        "signed_in_at": now.astimezone(UTC).isoformat(),
        "way": way,
        "browser": browser_name(request.headers.get(hdrs.USER_AGENT, "")),
    }


async def _earlier(request: web.Request, account: Account) -> tuple[list[bytes], list[bytes], bool]:
    """(those that end, those whose place is taken, whether these have seats) of the web sessions of
    this browser.

    The place of the account's own one is taken, even if its time is over: what is open under it
    goes on. It ends if somebody else signs in.
    """
    app, session = request.app, await get_session(request)
    ended, moved, seated = [], [], False
    for digest in browsers_sessions(request, session):
        owner = await app[STORE].read.web_sessions.owner(digest)
        if owner is None:
            continue
        if owner[0] == account.id:
            moved.append(digest)
            seated = seated or bool(json.loads(owner[1]).get("seated"))
        else:
            ended.append(digest)
    return ended, moved, seated


def browsers_sessions(request: web.Request, session: Session) -> list[bytes]:
    """Digests of all web sessions that this browser may have: the one of its cookie, and the one
    whose time was over before it."""
    found = (request.app[WEB_SESSIONS].digest_of(request), bytes.fromhex(session.get(EARLIER, "")))
    return list(dict.fromkeys(filter(None, found)))


def _next(request: web.Request, back_to: str) -> str:
    if keeps_cookies(request):
        return back_to or path("dashboard")
    # the sign-in page redirects a browser that kept the cookie, and says so to one that did not
    return path("sign_in", {"kept": "?"} | ({"next": back_to} if back_to else {}))
