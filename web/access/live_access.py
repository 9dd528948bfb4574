"""What is open because somebody may have it, and how it ends when they may not any more.

Sockets, uploads and downloads lean on a browser's web session, on the seat of an invite, or on an
account's place in a consultation. What the store says is lost ends at once; besides, everything
that is open is compared with the store again and again, so that nothing lives on because somebody
forgot to say so, or wrote to the database from elsewhere.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.errors import InviteNotUsable, NotFound, SignInRequired, TeleConnectError
from signaling.ports.clock import Clock, Timers
from storage.engine.commit_hooks import Loss, SeatsLeft, SeatTaken
from storage.store import Store
from web.access.sessions import SqliteStorage

LOOK_EVERY = timedelta(seconds=25)
"How often everything open is compared with the store: as often as sockets are pinged."
LEFT = "sign_in_required"
"This browser has been signed out, or has left its seat: whoever uses it now has to come anew."

PROLONG_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Grounds:
    """What something open leans on: all of it must hold."""

    web_session: bytes | None
    "Digest of the browser's; None: it has none, and will not get far."
    invite_id: str | None = None
    "Whose seat this browser has."
    held: tuple[str, str] | None = None
    "(consultation id, account id of its scheduler)."


_ERRORS: dict[str, type[TeleConnectError]] = {
    "sign_in_required": SignInRequired,
    "gone": InviteNotUsable,
    "replaced": NotFound,
}


@dataclass(frozen=True)
class Use:
    """What somebody does with something open."""

    acted: bool = False
    "Did anything by hand since this was last asked."
    in_session: bool = False
    "Is in a session that goes on between several people."


@dataclass(eq=False)
class _Open:
    grounds: Grounds
    end: Callable[[str], None]
    use: Callable[[], Use]


class LiveAccess:
    def __init__(
        self, store: Store, clock: Clock, timers: Timers, web_sessions: SqliteStorage
    ) -> None:
        self._store = store
        self._web_sessions = web_sessions
        self._clock = clock
        self._timers = timers
        self._open: set[_Open] = set()
        self._prolonged: dict[bytes, datetime] = {}
        "Web sessions that need not be prolonged again before."

    def __len__(self) -> int:
        return len(self._open)

    @contextlib.asynccontextmanager
    async def leaning(
        self, grounds: Grounds, end: Callable[[str], None], use: Callable[[], Use] = Use
    ) -> AsyncIterator[None]:
        """Call `end` with a key of values.CLOSE_CODES as soon as `grounds` are gone.

        As long as it is in `use`, its web session lasts on. Raises SignInRequired, InviteNotUsable
        or NotFound if the grounds are gone already.
        """
        entry = _Open(grounds, end, use)
        self._open.add(entry)  # before the store is asked: then no loss goes unnoticed between
        try:
            reason = (await self._missing([entry])).get(entry)
            if reason is not None:
                raise _ERRORS[reason]
            yield
        finally:
            self._open.discard(entry)

    @contextlib.asynccontextmanager
    async def only_while(self, grounds: Grounds) -> AsyncIterator[None]:
        """Break off what a request does inside when its grounds are gone; raises as `leaning`."""
        task = asyncio.current_task()
        assert task is not None
        ended: list[str] = []

        def end(reason: str) -> None:
            if not ended and task.cancel():
                ended.append(reason)

        try:
            async with self.leaning(grounds, end):
                yield
        except asyncio.CancelledError:
            if not ended or task.uncancel():
                raise  # somebody else wants the task to end
            raise _ERRORS[ended[0]] from None

    def lost(self, loss: Loss) -> None:
        """End what leaned on that."""
        if isinstance(loss, SeatTaken):
            seat = (loss.invite_id, loss.web_session_digest)
            self._end(lambda one: (one.invite_id, one.web_session) == seat, "replaced")
        elif isinstance(loss, SeatsLeft):
            digest = loss.web_session_digest
            self._end(lambda one: bool(one.invite_id) and one.web_session == digest, LEFT)
        else:
            self._end(lambda one: one.web_session in loss.digests, LEFT)

    def watch(self) -> None:
        """Compare with the store from now on."""
        self._timers.set("access", self._timers.now() + LOOK_EVERY, self._look_again)

    async def _look_again(self) -> None:
        self.watch()
        await self.look()

    async def look(self) -> None:
        """Compare everything open with the store, and end what leans on nothing."""
        await self.prolong()
        for one, reason in (await self._missing(list(self._open))).items():
            if one in self._open:
                one.end(reason)

    async def prolong(self) -> None:
        """Let the web sessions last on that something open uses."""
        now, acted, in_session = self._clock.now(), set[bytes](), set[bytes]()
        for one in self._open:
            digest = one.grounds.web_session
            if digest is None or self._prolonged.get(digest, now) > now:
                continue
            use = one.use()
            acted |= {digest} if use.acted else set()
            in_session |= {digest} if use.in_session else set()
        await self._web_sessions.prolong(acted, in_session)
        again = dict.fromkeys(acted | in_session, now + PROLONG_EVERY)
        self._prolonged = again | {digest: at for digest, at in self._prolonged.items() if at > now}

    async def _missing(self, entries: Sequence[_Open]) -> dict[_Open, str]:
        """What must end, and why: a key of values.CLOSE_CODES."""
        read, now = self._store.read, self._clock.now()
        alive = await read.web_sessions.alive(_digests(entries), now)
        seats = await read.invites.holders(
            one.grounds.invite_id for one in entries if one.grounds.invite_id
        )
        held = await read.consultations.holders(
            one.grounds.held[0] for one in entries if one.grounds.held
        )
        found = {one: _reason(one.grounds, alive, seats, held) for one in entries}
        return {one: reason for one, reason in found.items() if reason is not None}

    def _end(self, concerned: Callable[[Grounds], bool], reason: str) -> None:
        for one in [each for each in self._open if concerned(each.grounds)]:
            one.end(reason)


def _digests(entries: Iterable[_Open]) -> Iterator[bytes]:
    return (one.grounds.web_session for one in entries if one.grounds.web_session is not None)


def _reason(
    grounds: Grounds, alive: set[bytes], seats: dict[str, bytes | None], held: dict[str, str]
) -> str | None:
    """Why this must end: a key of values.CLOSE_CODES; None: it need not."""
    if grounds.web_session not in alive:
        return LEFT
    if grounds.invite_id is not None:
        if grounds.invite_id not in seats:
            return "gone"
        if seats[grounds.invite_id] is None:
            return LEFT
        if seats[grounds.invite_id] != grounds.web_session:
            return "replaced"
    if grounds.held is not None and held.get(grounds.held[0]) != grounds.held[1]:
        return "gone"
    return None
