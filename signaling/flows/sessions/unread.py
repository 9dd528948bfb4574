"""What schedulers have not read, counted for their lobbies.

Nothing is counted while a message is written: a moment later, and only for whoever has a page that
shows it, the stored messages are.
"""

from datetime import timedelta
from itertools import count

from signaling.chat import Author, UnreadSession, by_session
from signaling.consultation import BEGUN_STATES, OPEN_STATES
from signaling.moments.milliseconds import to_ms
from signaling.ports.clock import Timers
from signaling.ports.store import Store
from signaling.rooms.hub import Hub
from signaling.rooms.room import Room
from signaling.wire.values import UnreadEntry

UNREAD_AFTER = timedelta(seconds=3)
"What is read at once, on an open page, never counts as unread."


class UnreadMessages:
    def __init__(self, store: Store, hub: Hub, timers: Timers) -> None:
        self._store = store
        self._hub = hub
        self._timers = timers
        self._due: dict[str, set[Room]] = {}
        "account id -> rooms in which somebody wrote, while a timer waits"
        self._entering: set[str] = set()
        self._numbers = count()
        self._shown: dict[str, int] = {}
        "account id -> number of the count that its lobbies show"

    async def of(self, account_id: str) -> list[UnreadSession]:
        """The open sessions in which this account has something to read, oldest first.

        Those that it holds, and what nobody has read in the sessions of its teams that have begun.
        """
        read = self._store.read
        visible = {*await read.consultations.ids_held_by(account_id, OPEN_STATES)}
        for mate in self._hub.mates.get(account_id, ()):
            visible |= {*await read.consultations.ids_of(mate, BEGUN_STATES)}
        unread = await read.chat.unread(account_id, visible)
        authors: dict[str, Author] = {}
        found = {each.consultation_id for each in unread}
        for consultation_id in found:
            for invite in await read.invites.of_consultation(consultation_id):
                authors[invite.id] = Author(invite.person.name, invite.role)
            former = await read.consultations.former_schedulers(consultation_id)
            authors |= {each: Author(name, "scheduler") for each, name in former.items()}
        for holders in (await read.consultations.holders(found)).values():
            for holder in [await read.accounts.get(each) for each in holders - {account_id}]:
                if holder is not None:
                    authors[holder.id] = Author(holder.name, "scheduler")
        return by_session(unread, authors)

    async def count_for(self, account_id: str) -> None:
        """Count for a lobby that is entered as soon as this returns."""
        self._entering.add(account_id)
        try:
            await self._show(account_id)
        finally:
            self._entering.discard(account_id)

    async def recount(self, account_id: str) -> None:
        """Count again for the lobbies of an account, which sees more or less than before."""
        if self._hub.in_lobby(account_id):
            await self._show(account_id)

    async def _show(self, account_id: str) -> None:
        """Count, and show it in the lobbies of this account, unless it was counted anew meanwhile."""
        number = next(self._numbers)
        unread = [_entry(each) for each in await self.of(account_id)]
        if number > self._shown.get(account_id, -1):
            self._shown[account_id] = number
            self._hub.show_unread(account_id, unread)

    def written(self, room: Room) -> None:
        """Somebody wrote; those who have not read it soon are shown that."""
        for account_id in self._hub.readers(room):
            if self._hub.in_lobby(account_id) or account_id in self._entering:
                self._look_later(account_id, room)

    def _look_later(self, account_id: str, room: Room) -> None:
        if account_id in self._due:
            self._due[account_id].add(room)
            return
        self._due[account_id] = {room}
        at = self._timers.now() + UNREAD_AFTER
        self._timers.set(_timer(account_id), at, lambda: self._look(account_id))

    async def seen(self, room: Room, participant_id: str) -> None:
        """Somebody has read more; stored already."""
        if participant_id in room.consultation.holders:
            for account_id in self._hub.readers(room):
                if self._hub.shows_unread(account_id, room.consultation.id):
                    await self._show(account_id)

    async def _look(self, account_id: str) -> None:
        rooms = self._due.pop(account_id, set())
        if self._hub.in_lobby(account_id) and any(
            room.has_unread(room.reader(account_id)) for room in rooms
        ):
            await self._show(account_id)


def _timer(account_id: str) -> str:
    return f"unread:{account_id}"


def _entry(session: UnreadSession) -> UnreadEntry:
    named = ", ".join(author.name for author in session.authors if author.name)
    return UnreadEntry(session.consultation_id, named, session.count, to_ms(session.since))
