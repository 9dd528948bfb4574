"""Opening and closing rooms: the live side of a consultation, built once from what is stored."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from signaling.account import Account, mates_in
from signaling.consultation import CALL_STATES
from signaling.errors import HostAway, NotFound
from signaling.flows.calls.calling import Calling
from signaling.flows.calls.locks import Locks
from signaling.invite import Invite
from signaling.ports.clock import Timers
from signaling.ports.store import Store
from signaling.rooms.hub import Hub
from signaling.rooms.room import Room
from signaling.rooms.seat import Seat
from signaling.rooms.transcript import Transcript
from signaling.wire import messages as wire

DROP_AFTER = timedelta(minutes=10)
"How long an empty room stays in memory, so that short absences resume without a snapshot."


class Rooms:
    """Finds live rooms, opens them from storage, and serializes the changes of each."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        locks: Locks,
        calling: Calling,
        timers: Timers,
        recount: Callable[[str], Awaitable[None]],
    ) -> None:
        """`recount` counts again what an account has not read, for its lobbies."""
        self._store = store
        self._locks = locks
        self._calling = calling
        self._timers = timers
        self._recount = recount
        self.hub = hub
        self.own: Callable[[str], Awaitable[None]] | None = None
        """Where several hosts share the rooms: makes one this host's. Raises HostAway if it is another's."""
        self.owns: Callable[[str], bool] = lambda _: True
        "Whether a room is this host's, now."

    async def answer_for(self, consultation_id: str) -> None:
        """Raises HostAway if another host answers for this consultation; else this one does."""
        if self.own is not None:
            await self.own(consultation_id)

    @asynccontextmanager
    async def exclusive(self, consultation_id: str) -> AsyncIterator[None]:
        """Within, nobody else changes this consultation or its call.

        Raises HostAway if the room has been given up to another host meanwhile.
        """
        room = self.hub.room(consultation_id)
        async with self._locks.exclusive(consultation_id):
            if room is not None and room.given_up:
                raise HostAway
            yield

    async def open(self, consultation_id: str) -> Room:
        """The live room of a consultation.

        Raises NotFound if there is no such consultation, HostAway if another host answers for it.
        """
        if self.own is not None:
            await self.own(consultation_id)
        if room := self.hub.room(consultation_id):
            return room
        async with self._opening(consultation_id):
            if room := self.hub.room(consultation_id):
                return room
            room = await self._load(consultation_id)
            if not self.owns(consultation_id):
                raise HostAway  # it was given up meanwhile
            self.hub.add(room)
            self.drop_later(room)  # whoever opened it may never enter
            self._calling.restore(room)
            return room

    def _opening(self, consultation_id: str) -> AbstractAsyncContextManager[object]:
        return self._locks.exclusive(f"open:{consultation_id}")

    @asynccontextmanager
    async def closed_to_all(self, consultation_id: str) -> AsyncIterator[None]:
        """Within, nobody else changes a consultation or opens its room."""
        async with self.exclusive(consultation_id), self._opening(consultation_id):
            yield

    def end(self, consultation_id: str) -> None:
        """The consultation was purged: its live side, if there is one, ends at once."""
        room = self.hub.room(consultation_id)
        if room is not None:
            self.disconnect(room, everybody=True)
            self.hub.remove(consultation_id)
            self._timers.cancel(_drop_timer(room))
            for participant_id in room.seats:
                self._timers.cancel(absence(room, participant_id))

    def give_up(self, consultation_id: str) -> None:
        """Another host answers for this room from now on: its pages come back there, and its call.

        Nothing is stored, so nobody leaves: what the new owner reads is what this one has written.
        """
        room = self.hub.room(consultation_id)
        if room is None:
            return
        room.given_up = True
        self.hub.remove(consultation_id)
        self._timers.cancel(_drop_timer(room))
        for seat in room.seats.values():
            self._timers.cancel(absence(room, seat.participant_id))
            if seat.connection is not None:
                seat.connection.send(wire.encode(wire.Goodbye("restart")))
                seat.connection.close("restart")
        self._calling.give_up(room)
        self.notify_scheduler(room.consultation.scheduler_id)

    def is_live(self, room: Room) -> bool:
        """Whether this is the room that people enter, not one that was purged or dropped."""
        return self.hub.room(room.consultation.id) is room

    def drop_later(self, room: Room) -> None:
        """Drop the live side of a room if it is still empty after DROP_AFTER."""
        self._timers.set(
            _drop_timer(room), self._timers.now() + DROP_AFTER, lambda: self._drop(room)
        )

    def keep(self, room: Room) -> None:
        """Somebody enters: the room is not dropped."""
        self._timers.cancel(_drop_timer(room))

    async def _drop(self, room: Room) -> None:
        if not self.is_live(room) or not room.empty:
            return
        if room.call is None or room.call.over:
            self.hub.remove(room.consultation.id)
        else:
            self.drop_later(room)

    async def _load(self, consultation_id: str) -> Room:
        read = self._store.read
        consultation = await read.consultations.get(consultation_id)
        if consultation is None:
            raise NotFound
        scheduler = await read.accounts.get(consultation.scheduler_id)
        if scheduler is None:
            raise NotFound
        colleagues = [await read.accounts.get(each) for each in sorted(consultation.shared_with)]
        checks = await read.device_checks.of_consultation(consultation_id)
        seats = [_seat_of(each) for each in (scheduler, *colleagues) if each is not None]
        for invite in await read.invites.of_consultation(consultation_id):
            if invite.state != "revoked":
                check = checks.get(invite.id)
                seats.append(Seat.of_invite(invite, check.readiness if check else "not_tested"))
        room = Room(
            consultation,
            seats,
            Transcript(
                await read.chat.page(consultation_id),
                await read.chat.written(consultation_id),
                await read.chat.announced(consultation_id),
                await read.chat.phone_wishes(consultation_id),
            ),
            await read.chat.seen(consultation_id),
            await read.consultations.former_schedulers(consultation_id),
        )
        if consultation.state in CALL_STATES:
            room.restore_call(await read.calls.current(consultation_id))
        return room

    def notify_scheduler(self, scheduler_id: str) -> None:
        """Show a scheduler's colleagues and the scheduler who waits in their rooms.

        And show those who wait whether their scheduler is busy.
        """
        watchers = self.hub.watchers(scheduler_id)
        for account_id in watchers:
            self._show_whether_busy(account_id)
        for account_id in watchers:
            self.hub.notify_lobby(account_id)

    def _show_whether_busy(self, scheduler_id: str) -> None:
        rooms = list(self.hub.rooms_of(scheduler_id))
        attended = [
            room
            for room in rooms
            if room.consultation.state == "active" and room.is_online(scheduler_id)
        ]
        for room in rooms:
            if room.consultation.scheduler_id != scheduler_id:
                continue
            busy = any(other is not room for other in attended)
            if busy != room.scheduler_busy:
                room.scheduler_busy = busy
                room.publish_consultation()

    @staticmethod
    def disconnect(room: Room, *, everybody: bool = False) -> None:
        """Disconnect everybody who came by link, for the session is over; or `everybody`."""
        for seat in room.seats.values():
            if everybody or seat.role != "scheduler":
                _dismiss(seat)

    @staticmethod
    def add_seat(room: Room, invite: Invite) -> None:
        """Somebody was invited: show the others who is expected."""
        room.seats[invite.id] = Seat.of_invite(invite)
        room.publish_participant(invite.id)

    @staticmethod
    def remove_seat(room: Room, participant_id: str) -> None:
        """Somebody is no longer invited: end their connection and show the others."""
        seat = room.seats.pop(participant_id, None)
        if seat is not None:
            _dismiss(seat)
            room.chat.phone_wishes.discard(participant_id)
            if room.photo_request is not None and room.photo_request.concerns(participant_id):
                room.ask_photo(None)
            room.publish(lambda seq: wire.ParticipantRemoved(seq, participant_id))

    def change_scheduler(self, room: Room, scheduler: Account, now: datetime) -> None:
        """Another account is the scheduler now. Within `exclusive`.

        Whoever is there waits for the new scheduler; the former one's page ends, and the name stays
        beside what they wrote. Somebody with whom the session was shared stays where they are.
        """
        before = room.consultation
        room.consultation = replace(
            before,
            scheduler_id=scheduler.id,
            shared_with=before.shared_with - {scheduler.id},
        )
        self._seat_colleague(room, scheduler)
        self._retire(room, before.scheduler_id, now)

    def add_colleague(self, room: Room, colleague: Account) -> None:
        """The session is shared with a colleague, who has a seat now. Within `exclusive`."""
        shared_with = room.consultation.shared_with | {colleague.id}
        room.consultation = replace(room.consultation, shared_with=shared_with)
        self._seat_colleague(room, colleague)

    def remove_colleague(self, room: Room, colleague_id: str, now: datetime) -> None:
        """It is shared with them no longer: their page ends, and their name stays. Within `exclusive`."""
        shared_with = room.consultation.shared_with - {colleague_id}
        room.consultation = replace(room.consultation, shared_with=shared_with)
        self._retire(room, colleague_id, now)

    @staticmethod
    def _seat_colleague(room: Room, colleague: Account) -> None:
        if colleague.id not in room.seats:
            room.former.pop(colleague.id, None)
            room.seats[colleague.id] = _seat_of(colleague)
            room.publish_participant(colleague.id)

    def _retire(self, room: Room, account_id: str, now: datetime) -> None:
        """Somebody's seat is gone; whoever is left there without staff waits from now on."""
        self._timers.cancel(absence(room, account_id))
        if (seat := room.retire(account_id)) is not None:
            _dismiss(seat)
        if room.waiting_since is None and room.others_online() and not room.scheduler_attends:
            room.waiting_since = now

    async def changed(self, consultation_ids: Iterable[str]) -> None:
        """Refresh lists of these consultations: something outside their rooms has changed."""
        held = await self._store.read.consultations.holders(consultation_ids)
        for account_id in {each for holders in held.values() for each in holders}:
            self.hub.notify_lobby(account_id, wire.ListChanged())

    async def holders_changed(self, *account_ids: str) -> None:
        """Sessions have come to these accounts, or gone from them: what they and theirs see changes."""
        concerned: set[str] = set()
        for account_id in account_ids:
            self.notify_scheduler(account_id)
            concerned |= self.hub.watchers(account_id)
        for account_id in concerned:
            self.hub.notify_lobby(account_id, wire.ListChanged())
            await self._recount(account_id)

    async def moved_on(self, room: Room) -> None:
        """A session has begun, or is over: show who waits, and what there is to read, as it is now."""
        self.notify_scheduler(room.consultation.scheduler_id)
        for account_id in self.hub.readers(room):
            if self.hub.in_lobby(account_id) and (
                self.hub.shows_unread(account_id, room.consultation.id)
                or room.has_unread(room.reader(account_id))
            ):
                await self._recount(account_id)

    async def load_teams(self) -> None:
        """The teams are what is stored now: show everybody whom they see waiting."""
        async with self._locks.exclusive("teams"):  # or what was read first might be kept last
            self.hub.mates = mates_in(await self._store.read.teams.all())
        for account_id in self.hub.with_lobby():
            self.hub.notify_lobby(account_id)
            await self._recount(account_id)


def _seat_of(scheduler: Account) -> Seat:
    return Seat(scheduler.id, "scheduler", scheduler.name, scheduler.language)


def _dismiss(seat: Seat) -> None:
    if seat.connection is not None:
        seat.connection.send(wire.encode(wire.Goodbye("gone")))
        seat.connection.close("gone")


def absence(room: Room, participant_id: str) -> str:
    """Name of the timer after which a participant who is away counts as having left."""
    return f"leave:{room.consultation.id}:{participant_id}"


def _drop_timer(room: Room) -> str:
    return f"drop room:{room.consultation.id}"
