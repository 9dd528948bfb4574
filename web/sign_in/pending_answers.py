"""What a browser has begun at the provider, kept in its web session until the answer comes.

Each of its tabs may have begun something. Every change is a transaction of its own on the stored web
session: what two tabs do at once is not lost, and an answer can be taken only once.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeVar

from aiohttp import web
from aiohttp_session import get_session

from signaling.errors import N_
from signaling.identity import SignInRefused
from signaling.token import new_token
from storage.store import Records
from web.http.request import web_session_digest
from web.keys import CLOCK, STORE, WEB_SESSIONS
from web.sign_in.oidc.provider import Pending

T = TypeVar("T")
Data = dict[str, Any]
KEY = "at_provider"
"In the data of a web session: state -> what belongs to it."
LASTS = timedelta(hours=1)
"How long somebody may take at the provider: a second factor may have to be found first."
MOST = 10
"Of one browser; the oldest is dropped."
NOT_ASKED = N_(
    "This sign-in was not begun in this browser, or it was left for too long. Please sign in again."
)


async def begin(request: web.Request, back_to: str, *, again: bool = False) -> tuple[str, Pending]:
    """Begin a sign-in; the state that the answer has to name, and what belongs to it."""
    state, now = new_token(), request.app[CLOCK].now()
    pending = Pending(new_token(), new_token() + new_token(), back_to, now, again)
    entry = asdict(pending) | {"sent_at": now.isoformat()}

    def add(data: Data) -> None:
        kept = sorted(_begun(data).items(), key=lambda each: str(each[1]["sent_at"]))
        data[KEY] = dict([*kept, (state, entry)][-MOST:])

    if await web_session_digest(request) is None:
        session = await get_session(request)
        session[KEY] = {state: entry}
        await request.app[WEB_SESSIONS].settle(session)
    else:
        await change_stored(request, add)
    return state, pending


async def take(request: web.Request, state: str) -> Pending:
    """What belongs to an answer; it is forgotten. Raises SignInRefused if nobody asked for it."""

    def pop(data: Data) -> Any:
        begun = _begun(data)
        found = begun.pop(state, None)
        data[KEY] = begun
        return found

    found = await change_stored(request, pop) if state else None
    if found is None:
        raise SignInRefused("nobody asked for this answer", NOT_ASKED)
    sent_at = datetime.fromisoformat(found["sent_at"])
    if not sent_at - LASTS <= request.app[CLOCK].now() <= sent_at + LASTS:
        raise SignInRefused("the answer comes too late", NOT_ASKED)
    return Pending(
        found["nonce"], found["verifier"], found["back_to"], sent_at, bool(found.get("again"))
    )


async def still_begun(request: web.Request) -> Data:
    """What the browser's other tabs wait for, to be kept by the web session that a sign-in begins."""
    return {KEY: await change_stored(request, _begun) or {}}


async def change_stored(request: web.Request, change: Callable[[Data], T]) -> T | None:
    """Change the data of this browser's web session as it is stored now; None if it has none.

    The request must not change its own copy: that would be stored in place of this at its end.
    """
    digest, now = await web_session_digest(request), request.app[CLOCK].now()
    if digest is None:
        return None

    async def work(records: Records) -> T | None:
        found = await records.web_sessions.load(digest, now)
        if found is None:
            return None
        data: Data = json.loads(found[0])
        result = change(data)
        account_id = data.get("account_id")
        await records.web_sessions.change(digest, account_id, json.dumps(data))
        return result

    return await request.app[STORE].write(work)


def _begun(data: Data) -> dict[str, Data]:
    begun = data.get(KEY)
    return begun if isinstance(begun, dict) else {}
