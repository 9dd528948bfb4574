"""The second step of a sign-in: what the web session holds between a right password and a factor.

It opens nothing. It is over after ten minutes or a few wrong codes, when the password is changed, and
when somebody is signed in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, get_args

from aiohttp import web
from aiohttp_session import Session, get_session, new_session

from signaling.account import Account, SignInWay
from signaling.errors import Conflict
from signaling.token import token_digest
from storage.store import Records
from web.access.web_sessions import EARLIER
from web.keys import CLOCK, STORE, WEB_SESSIONS

LIFETIME = timedelta(minutes=10)
"Long enough to look for the phone and to install an app again."
TRIES = 5
"Wrong codes before the password is asked for again."
_KEY = "second_step"


@dataclass(frozen=True)
class PendingStep:
    account: Account
    way: SignInWay
    back_to: str


async def begin_step(
    request: web.Request, account: Account, *, way: SignInWay, back_to: str
) -> bool:
    """Store that the password was right. False if it was changed, or the account suspended, since."""
    before, now = await get_session(request), request.app[CLOCK].now()

    async def also(records: Records) -> None:
        stored = await records.accounts.get(account.id)
        if stored is None or stored.suspended_at or _fingerprint(stored) != _fingerprint(account):
            raise Conflict
        if session is not before and isinstance(before.identity, str):
            await records.web_sessions.remove(token_digest(before.identity))

    # a new token, against session fixation, unless this would end a call that goes on
    kept = "account_id" in before or "seated" in before
    session: Session = before if kept else await new_session(request)
    if EARLIER in before:
        session[EARLIER] = before[EARLIER]
    session[_KEY] = {
        "account": account.id,
        "password": _fingerprint(account),
        "way": way,
        "back_to": back_to,
        "until": (now + LIFETIME).astimezone(UTC).isoformat(),
        "tries": 0,
    }
    try:
        await request.app[WEB_SESSIONS].settle(session, also)
    except Conflict:
        session.pop(_KEY, None)
        return False
    return True


async def pending_step(request: web.Request) -> PendingStep | None:
    """The step that this browser is at; None: there is none, or it is over."""
    held: Any = (await get_session(request)).get(_KEY)
    if held is None or datetime.fromisoformat(held["until"]) <= request.app[CLOCK].now():
        return None
    account = await request.app[STORE].read.accounts.get(held["account"])
    if account is None or account.suspended_at or _fingerprint(account) != held["password"]:
        return None
    way: SignInWay = next(each for each in get_args(SignInWay) if each == held["way"])
    return PendingStep(account, way, held["back_to"])


async def count_wrong(request: web.Request) -> bool:
    """Count a wrong code. Whether another one may be tried; else the step is over."""
    session = await get_session(request)
    held: Any = session.get(_KEY)
    if held is None or held["tries"] + 1 >= TRIES:
        await end_step(request)
        return False
    session[_KEY] = held | {"tries": held["tries"] + 1}
    return True


async def end_step(request: web.Request) -> None:
    (await get_session(request)).pop(_KEY, None)


def _fingerprint(account: Account) -> str:
    """Changes with the password."""
    return sha256((account.password_hash or "").encode()).hexdigest()
