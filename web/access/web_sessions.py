"""Web sessions in SQLite under aiohttp-session: an opaque cookie, everything else on the server.

Only the digest of the cookie's token is stored, so the table opens nothing. A session is written
when it changed, and now and then while it is used: it ends when it has not been for a while, or is
too old, but not in the middle of a session with others.
"""

import contextlib
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import hdrs, web
from aiohttp_session import AbstractStorage, Session

from signaling.ports.clock import Clock
from signaling.token import new_token, token_digest
from storage.records.accounts import Term
from storage.store import Records, Store


@dataclass(frozen=True)
class Lifetime:
    """How long a web session lasts."""

    idle: timedelta
    "From the last time it was used."
    at_most: timedelta
    "From its beginning."
    in_session: timedelta
    "The same for somebody who is in a session with others then."


SIGNED_IN = Lifetime(timedelta(hours=12), timedelta(hours=24), timedelta(hours=36))
"A working day and its overtime; a night and a day of somebody on call."
BY_LINK = Lifetime(timedelta(days=7), timedelta(days=30), timedelta(days=31))
"Of somebody who came by link; the link itself lets them in again at any time."
IN_SESSION = timedelta(hours=1)
"What a session with others adds, again and again."
NOTED_EVERY = 12
"A use is noted when more than this part of the idle time has passed since the last that was."

Work = Callable[[Records], Awaitable[None]]


class WebSessionStorage(AbstractStorage):
    def __init__(self, store: Store, clock: Clock, *, secure: bool) -> None:
        # the prefix makes browsers refuse the cookie from any other host or path (RFC 6265bis)
        name = "__Host-teleconnect" if secure else "teleconnect"
        super().__init__(
            cookie_name=name,
            max_age=int(BY_LINK.in_session.total_seconds()),
            path="/",
            secure=secure,
            httponly=True,
            samesite="Lax",
        )
        self._store = store
        self._clock = clock

    async def load_session(self, request: web.Request) -> Session:
        token = self.load_cookie(request)
        if token:
            now = self._clock.now()
            found = await self._store.read.web_sessions.load(token_digest(token), now)
            if found is not None:
                data, created_at, expires_at = found
                if _is_use(request):
                    await self._note(token_digest(token), now, expires_at, json.loads(data))
                stored: Any = {
                    "created": int(created_at.timestamp()),
                    "session": json.loads(data),
                }
                # aiohttp-session measures age by the system's clock; ours decides above
                return Session(token, data=stored, new=False)
        return Session(None, data=None, new=True, max_age=self.max_age)

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: Session
    ) -> None:
        token = session.identity
        if session.empty:
            if isinstance(token, str):
                digest = token_digest(token)
                await self._store.write(lambda records: records.web_sessions.remove(digest))
            response.del_cookie(
                self._cookie_name,
                path="/",
                secure=bool(self._cookie_params["secure"]),
                httponly=True,
                samesite="Lax",
            )
            return
        known = isinstance(token, str)
        token = str(token) if known else new_token()
        await self._write(token, session, fresh=not known)
        self.save_cookie(
            response, token, max_age=int(_lifetime(session).in_session.total_seconds())
        )

    async def settle(self, session: Session, also: Work | None = None) -> bytes:
        """Write a session now, before its cookie leaves; returns its digest.

        For what is to be tied to the session in the same request, as a seat is. `also` is done in
        the same transaction.
        """
        fresh = not isinstance(session.identity, str)
        if fresh:
            session.set_new_identity(new_token())
            session.changed()
        token = str(session.identity)
        await self._write(token, session, also, fresh=fresh)
        return token_digest(token)

    async def forget_expired(self) -> datetime | None:
        """Delete the web sessions that are over, and what else of signing in is too old.

        Returns when the next web session will be over.
        """
        now = self._clock.now()

        async def work(records: Records) -> datetime | None:
            await records.web_sessions.bring_back(now, SIGNED_IN.idle, BY_LINK.idle)
            await records.web_sessions.remove_expired(now)
            await records.known_browsers.remove_expired(now)
            await records.password_links.remove_expired(now)
            return await records.web_sessions.next_expiry()

        return await self._store.write(work)

    async def prolong(self, used: Iterable[bytes], in_session: Iterable[bytes]) -> None:
        """Web sessions that were used by a socket, and whose owners are in a session with others."""
        await self._prolong(used, lambda each: (each.idle, each.at_most))
        await self._prolong(in_session, lambda each: (IN_SESSION, each.in_session))

    async def _prolong(self, digests: Iterable[bytes], term: Callable[[Lifetime], Term]) -> None:
        now, found = self._clock.now(), list(digests)
        if found:
            await self._store.write(
                lambda records: records.web_sessions.prolong(
                    found, now, term(SIGNED_IN), term(BY_LINK)
                )
            )

    async def _note(
        self, digest: bytes, now: datetime, expires_at: datetime, data: dict[str, Any]
    ) -> None:
        idle = _lifetime(data).idle
        if expires_at < now + idle - idle / NOTED_EVERY:
            # a page that can be read is shown also where nothing can be written
            with contextlib.suppress(sqlite3.Error, OSError):
                await self.prolong([digest], [])

    async def _write(
        self, token: str, session: Session, also: Work | None = None, *, fresh: bool
    ) -> None:
        """Only a `fresh` session is added: one that has been written may have been ended since."""
        data = json.dumps(self._get_session_data(session).get("session", {}))
        now = self._clock.now()
        account_id = session.get("account_id")
        digest = token_digest(token)

        async def work(records: Records) -> None:
            if fresh:
                over = now + _lifetime(session).idle
                await records.web_sessions.save(digest, account_id, data, now, over)
            else:
                await records.web_sessions.change(digest, account_id, data)
            if also is not None:
                await also(records)

        await self._store.write(work)


def _lifetime(session: Mapping[str, Any]) -> Lifetime:
    return SIGNED_IN if "account_id" in session else BY_LINK


def _is_use(request: web.Request) -> bool:
    """Whether somebody does something; not a page that asks by itself (Fetch, 2.2.5)."""
    if hdrs.UPGRADE in request.headers:
        return False
    fetched = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    return request.method == "POST" or not fetched
