"""Web sessions in SQLite under aiohttp-session: an opaque cookie, everything else on the server.

Only the digest of the cookie's token is stored, so the table opens nothing. A session is written
when it changed, and not at all for somebody who only looks.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp_session import AbstractStorage, Session

from signaling.ports import Clock
from signaling.token import new_token, token_digest
from storage.store import Records, Store

SIGNED_IN_LIFETIME = timedelta(hours=12)
"From signing in: a working day and its overtime."
SEAT_LIFETIME = timedelta(days=7)
"Of somebody who came by link; the link itself lets them in again at any time."

Work = Callable[[Records], Awaitable[None]]


class SqliteStorage(AbstractStorage):
    def __init__(self, store: Store, clock: Clock, *, secure: bool) -> None:
        # the prefix makes browsers refuse the cookie from any other host or path (RFC 6265bis)
        name = "__Host-teleconnect" if secure else "teleconnect"
        super().__init__(
            cookie_name=name,
            max_age=int(SEAT_LIFETIME.total_seconds()),
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
                data, created_at = found
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
        self.save_cookie(response, token, max_age=int(_lifetime(session).total_seconds()))

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
            await records.web_sessions.bring_back(now, SIGNED_IN_LIFETIME, SEAT_LIFETIME)
            await records.web_sessions.remove_expired(now)
            await records.known_browsers.remove_expired(now)
            await records.password_links.remove_expired(now)
            return await records.web_sessions.next_expiry()

        return await self._store.write(work)

    async def _write(
        self, token: str, session: Session, also: Work | None = None, *, fresh: bool
    ) -> None:
        """Only a `fresh` session is added: one that has been written may have been ended since."""
        data = json.dumps(self._get_session_data(session).get("session", {}))
        now = self._clock.now()
        account_id = session.get("account_id")
        digest = token_digest(token)

        async def work(records: Records) -> None:
            over = now + _lifetime(session)
            if fresh:
                await records.web_sessions.save(digest, account_id, data, now, over)
            else:
                await records.web_sessions.change(digest, account_id, data, over)
            if also is not None:
                await also(records)

        await self._store.write(work)


def _lifetime(session: Session) -> timedelta:
    return SIGNED_IN_LIFETIME if "account_id" in session else SEAT_LIFETIME
