"""Web sessions in SQLite for aiohttp-session: an opaque cookie, everything else on the server.

Only the digest of the cookie's token is stored, so the table grants nothing. A web session is written
when it changes, and now and then while it is used: it ends when it has been idle for too long or is
too old. That of somebody by link does not end in the middle of a session with others. That of an account
does, but what is open then goes on (`revocation.py`), and its row is kept a little longer for that.
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

from signaling.errors import Unavailable
from signaling.ports.clock import Clock
from signaling.token import new_token, token_digest
from storage.records.people.accounts import Term
from storage.store import Records, Store


@dataclass(frozen=True)
class Lifetime:
    """How long a web session lasts."""

    idle: timedelta
    "Since its last use."
    at_most: timedelta
    "Since it began."
    in_session: timedelta
    "The same while its owner is in a session with others."

    @property
    def first(self) -> timedelta:
        """From its beginning, until it is used."""
        return min(self.idle, self.at_most)


LATE = timedelta(hours=1)
"""How long the row of an account's session is kept after its end, for a line that drops in the middle of
a call; while something is open on its strength it is kept anyhow."""
BY_LINK = Lifetime(timedelta(days=7), timedelta(days=30), timedelta(days=31))
"For people who come by link; the link lets them in again at any time."
IN_SESSION = timedelta(hours=1)
"How far a session with others prolongs it each time."
NOTED_EVERY = 12
"A use is stored once this fraction of the idle time has passed since the last stored one."

EARLIER = "earlier"
"In a web session that begins after the time of an account's: the digest of that one, as hex."

REQUEST_LASTS = timedelta(days=90)
"Of somebody who asks to be let in, and whom nobody answers."

Work = Callable[[Records], Awaitable[None]]


class WebSessionStorage(AbstractStorage):
    def __init__(
        self, store: Store, clock: Clock, *, idle: timedelta, at_most: timedelta, secure: bool
    ) -> None:
        """`idle` and `at_most` are those of accounts."""
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
        self.signed_in = Lifetime(idle, at_most, at_most)

    def digest_of(self, request: web.Request) -> bytes | None:
        """Of the token in the request's cookie, whether or not it is a session's."""
        token = self.load_cookie(request)
        return token_digest(token) if token else None

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
                # aiohttp-session would measure age by the system clock; `load` has decided by ours
                return Session(token, data=stored, new=False)
            owner = await self._store.read.web_sessions.owner(token_digest(token))
            if owner is not None and owner[0] is not None:
                # so that its owner, in whatever steps they sign in again, has all of it go on
                late: Any = {"created": int(now.timestamp()), "session": {}}
                late["session"][EARLIER] = token_digest(token).hex()
                return Session(None, data=late, new=False, max_age=self.max_age)
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
        # longer than the session, so that whoever signs in again is recognized as its owner
        lasts = self._lifetime(session).in_session + timedelta(days=1)
        self.save_cookie(response, token, max_age=int(lasts.total_seconds()))

    async def settle(self, session: Session, also: Work | None = None) -> bytes:
        """Write a web session now, before its cookie is sent. Returns its digest.

        For what refers to it within the same request, such as a seat. `also` runs in the same
        transaction.
        """
        fresh = not isinstance(session.identity, str)
        if fresh:
            session.set_new_identity(new_token())
            session.changed()
        token = str(session.identity)
        await self._write(token, session, also, fresh=fresh)
        return token_digest(token)

    async def forget_expired(self, held: set[bytes], late: timedelta = LATE) -> datetime | None:
        """Delete expired web sessions that are not `held`, known browsers, password links and requests.

        Those of accounts `late` after their end. Returns when the next web session expires.
        """
        now = self._clock.now()

        async def work(records: Records) -> datetime | None:
            await records.web_sessions.clamp_future(now, self.signed_in.idle, BY_LINK.idle)
            await records.web_sessions.remove_expired(now, late, held)
            await records.known_browsers.remove_expired(now)
            await records.password_links.remove_expired(now)
            await records.access_requests.remove_before(now - REQUEST_LASTS)
            return await records.web_sessions.next_expiry(now)

        return await self._store.write(work)

    async def prolong(self, used: Iterable[bytes], in_session: Iterable[bytes]) -> None:
        """Prolong web sessions that a socket used, and those whose owner is in a session with others.

        That is work, and as good as a use; a seat lasts longer for it.
        """
        await self._prolong(used, (BY_LINK.idle, BY_LINK.at_most))
        await self._prolong(in_session, (IN_SESSION, BY_LINK.in_session))

    async def _prolong(self, digests: Iterable[bytes], by_link: Term) -> None:
        now, found = self._clock.now(), list(digests)
        signed_in = (self.signed_in.idle, self.signed_in.at_most)
        if found:
            await self._store.write(
                lambda records: records.web_sessions.prolong(found, now, signed_in, by_link)
            )

    def _lifetime(self, session: Mapping[str, Any]) -> Lifetime:
        return self.signed_in if "account_id" in session else BY_LINK

    async def _note(
        self, digest: bytes, now: datetime, expires_at: datetime, data: dict[str, Any]
    ) -> None:
        idle = self._lifetime(data).idle
        if expires_at < now + idle - idle / NOTED_EVERY:
            # a page can be shown even if nothing can be written
            with contextlib.suppress(sqlite3.Error, OSError, Unavailable):
                await self.prolong([digest], [])

    async def _write(
        self, token: str, session: Session, also: Work | None = None, *, fresh: bool
    ) -> None:
        """Only a `fresh` one is inserted: another may have been ended since it was written."""
        data = json.dumps(self._get_session_data(session).get("session", {}))
        now = self._clock.now()
        account_id = session.get("account_id")
        digest = token_digest(token)

        async def work(records: Records) -> None:
            if fresh:
                over = now + self._lifetime(session).first
                await records.web_sessions.save(digest, account_id, data, now, over)
            else:
                await records.web_sessions.change(digest, account_id, data)
            if also is not None:
                await also(records)

        await self._store.write(work)


def _is_use(request: web.Request) -> bool:
    """Whether a person acts, rather than a page that polls by itself (Fetch, 2.2.5)."""
    if hdrs.UPGRADE in request.headers:
        return False
    fetched = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    return request.method == "POST" or not fetched
