"""Closing what is open when the access it was granted on is revoked.

Sockets, uploads and downloads stay open on the strength of a browser's web session, of an invite's
seat, or of holding a consultation. A loss that the store reports ends them at once.
Besides, everything open is compared with the store every few seconds, so that nothing stays open
because a loss was not reported, or another process wrote to the database.

A sign-in whose time is over is no loss for what its owner is in the middle of: with somebody else in the
room, its sockets stay. Whoever signs in again in the same browser has them go on under the new web
session.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signaling.errors import InviteNotUsable, NotFound, SignInRequired, TeleConnectError
from signaling.ports.clock import Clock, Timers
from storage.engine.commit_hooks import Loss, PlaceLost, SeatsLeft, SeatTaken, WebSessionMoved
from storage.store import Store
from web.access.web_sessions import WebSessionStorage

CHECK_EVERY = timedelta(seconds=25)
"How often everything open is compared with the store: as often as sockets are pinged."
LEFT = "sign_in_required"
"This browser has been signed out, or has left its seat: its next user has to come in anew."

SOON = timedelta(minutes=5)
"How long before the end of a sign-in its owner is told."
PROLONG_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Grant:
    """What something open depends on: all of it must hold."""

    web_session: bytes | None
    "Digest of the browser's; None: it has none, and is refused."
    invite_id: str | None = None
    "The invite whose seat this browser has."
    held: tuple[str, str] | None = None
    "(consultation id, account id of one who holds it)."


_ERRORS: dict[str, type[TeleConnectError]] = {
    "sign_in_required": SignInRequired,
    "gone": InviteNotUsable,
    "replaced": NotFound,
}


@dataclass(frozen=True)
class Activity:
    """How something open is used, which prolongs its web session."""

    acted: bool = False
    "Whether its user did anything by hand since the last call."
    in_session: bool = False
    "Whether a session with others is in progress there."


@dataclass(eq=False)
class _Access:
    grant: Grant
    end: Callable[[str], None]
    activity: Callable[[], Activity]
    held: Callable[[], bool]
    tell: Callable[[datetime, datetime], None] | None
    told: tuple[datetime, int] | None = None
    "When its web session ends, and how near that is, as far as it was told."


def _never() -> bool:
    return False


def _always() -> bool:
    return True


class RevocationWatch:
    def __init__(
        self, store: Store, clock: Clock, timers: Timers, web_sessions: WebSessionStorage
    ) -> None:
        self._store = store
        self._web_sessions = web_sessions
        self._clock = clock
        self._timers = timers
        self._open: set[_Access] = set()
        self._prolonged_until: dict[bytes, datetime] = {}
        "Digest of a web session -> when it may be prolonged again."

    def __len__(self) -> int:
        return len(self._open)

    @contextlib.asynccontextmanager
    async def while_granted(
        self,
        grant: Grant,
        end: Callable[[str], None],
        activity: Callable[[], Activity] = Activity,
        held: Callable[[], bool] = _never,
        tell: Callable[[datetime, datetime], None] | None = None,
    ) -> AsyncIterator[datetime]:
        """Call `end` with a key of values.CLOSE_CODES as soon as `grant` is revoked.

        Yields when the web session ends; `tell` is called with that and the present time when it
        changes, SOON before it and when it is over. `activity` is asked
        now and then, to prolong the web session; `held`, whether this stays open although the time
        of the web session is over. Raises SignInRequired, InviteNotUsable or NotFound if the grant
        is revoked already.
        """
        entry = _Access(grant, end, activity, held, tell)
        with self._watched(entry):
            await self._require(entry)
            assert entry.told is not None  # else it would have been refused
            yield entry.told[0]

    @contextlib.contextmanager
    def _watched(self, entry: _Access) -> Iterator[None]:
        self._open.add(entry)  # before asking the store, so that no loss in between is missed
        try:
            yield
        finally:
            self._open.discard(entry)

    async def _require(self, entry: _Access) -> None:
        """Raises SignInRequired, InviteNotUsable or NotFound if the grant is revoked already."""
        grant: Grant | None = None
        while grant is not entry.grant:  # again if it was moved to another web session meanwhile
            grant = entry.grant
            reason = (await self._revoked([entry])).get(entry)
            if reason is not None:
                raise _ERRORS[reason]

    @contextlib.asynccontextmanager
    async def cancelled_when_revoked(
        self, grant: Grant, *, unchecked: bool = False
    ) -> AsyncIterator[None]:
        """Cancel what a request does inside once its grant is revoked; raises as `while_granted`.

        What began in time may end, whenever the time of the sign-in is over. `unchecked`: whoever
        enters asks the store by itself, within.
        """
        task = asyncio.current_task()
        assert task is not None
        ended: list[str] = []

        def end(reason: str) -> None:
            if not ended and task.cancel():
                ended.append(reason)

        entry = _Access(grant, end, Activity, _always, None)
        try:
            with self._watched(entry):
                if not unchecked:
                    await self._require(entry)
                yield
        except asyncio.CancelledError:
            if not ended or task.uncancel():
                raise  # cancelled by somebody else
            raise _ERRORS[ended[0]] from None

    def lost(self, loss: Loss) -> None:
        """End what depended on what the store has lost."""
        if isinstance(loss, SeatTaken):
            seat = (loss.invite_id, loss.web_session_digest)
            self._end(lambda grant: (grant.invite_id, grant.web_session) == seat, "replaced")
        elif isinstance(loss, SeatsLeft):
            digest = loss.web_session_digest
            self._end(lambda grant: bool(grant.invite_id) and grant.web_session == digest, LEFT)
        elif isinstance(loss, WebSessionMoved):
            self._move(loss.before, loss.after)
        elif isinstance(loss, PlaceLost):
            place = (loss.consultation_id, loss.account_id)
            self._end(lambda grant: grant.held == place, "gone")
        else:
            self._end(lambda grant: grant.web_session in loss.digests, LEFT)

    def _move(self, before: bytes, after: bytes) -> None:
        for access in self._open:
            if access.grant.web_session == before:
                access.grant = replace(access.grant, web_session=after)
        # at once, to tell what has moved when the new web session ends
        self._timers.set("access", self._timers.now(), self._check_again)

    def held(self) -> set[bytes]:
        """Digests of the web sessions of what stays open when their time is over."""
        return set(_digests(access for access in self._open if access.held()))

    def watch(self) -> None:
        """Compare with the store from now on."""
        self._timers.set("access", self._timers.now() + CHECK_EVERY, self._check_again)

    async def _check_again(self) -> None:
        self.watch()
        await self.check()

    async def check(self) -> None:
        """Compare everything open with the store, and end what was revoked."""
        await self.prolong()
        told = {access: access.told for access in self._open}
        revoked = await self._revoked(list(self._open))
        for access, before in told.items():
            if access.tell is not None and access.told is not None and access.told != before:
                access.tell(access.told[0], self._clock.now())
        for access, reason in revoked.items():
            if access in self._open:
                access.end(reason)

    async def prolong(self) -> None:
        """Prolong the web sessions that something open uses."""
        now, acted, in_session = self._clock.now(), set[bytes](), set[bytes]()
        for access in self._open:
            digest = access.grant.web_session
            if digest is None or self._prolonged_until.get(digest, now) > now:
                continue
            activity = access.activity()
            acted |= {digest} if activity.acted else set()
            in_session |= {digest} if activity.in_session else set()
        await self._web_sessions.prolong(acted, in_session)
        pause = min(PROLONG_EVERY, self._web_sessions.signed_in.idle / 12)
        again = dict.fromkeys(acted | in_session, now + pause)
        self._prolonged_until = again | {
            digest: at for digest, at in self._prolonged_until.items() if at > now
        }

    async def _revoked(self, entries: Sequence[_Access]) -> dict[_Access, str]:
        """What must end, and why: a key of values.CLOSE_CODES."""
        read, now = self._store.read, self._clock.now()
        grants = {access: access.grant for access in entries}
        ends = await read.web_sessions.ends(_digests(entries))
        seats = await read.invites.holders(
            access.grant.invite_id for access in entries if access.grant.invite_id
        )
        held = await read.consultations.holders(
            access.grant.held[0] for access in entries if access.grant.held
        )
        alive = {digest for digest, at in ends.items() if at > now}
        found = {}
        for access, grant in grants.items():
            if access.grant is not grant:
                continue  # moved meanwhile, and checked again for that
            if ends_at := ends.get(grant.web_session or b""):
                access.told = (ends_at, (ends_at <= now) + (ends_at <= now + SOON))
            late = set(ends) if access.held() else alive
            found[access] = _reason(grant, late, seats, held)
        return {access: reason for access, reason in found.items() if reason is not None}

    def _end(self, concerned: Callable[[Grant], bool], reason: str) -> None:
        for access in [access for access in self._open if concerned(access.grant)]:
            access.end(reason)


def _digests(entries: Iterable[_Access]) -> Iterator[bytes]:
    return (entry.grant.web_session for entry in entries if entry.grant.web_session is not None)


def _reason(
    grant: Grant,
    alive: set[bytes],
    seats: dict[str, bytes | None],
    held: dict[str, frozenset[str]],
) -> str | None:
    """Why this must end: a key of values.CLOSE_CODES; None: it need not."""
    if grant.web_session not in alive:
        return LEFT
    if grant.invite_id is not None:
        if grant.invite_id not in seats:
            return "gone"
        if seats[grant.invite_id] is None:
            return LEFT
        if seats[grant.invite_id] != grant.web_session:
            return "replaced"
    if grant.held is not None and grant.held[1] not in held.get(grant.held[0], ()):
        return "gone"
    return None
