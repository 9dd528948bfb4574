"""Opening and closing rooms: the live side of a consultation, built once from what is stored."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from signaling.account import Account
from signaling.consultation import CALL_STATES
from signaling.errors import NotFound
from signaling.flows.calls.calling import Calling
from signaling.flows.calls.locks import Locks
from signaling.invite import Invite
from signaling.ports.clock import Timers
from signaling.ports.store import Store
from signaling.rooms.hub import Hub
from signaling.rooms.room import Room, Seat
from signaling.rooms.transcript import Transcript
from signaling.wire import messages as wire

DROP_AFTER = timedelta(minutes=10)
"How long an empty room stays in memory, so that short absences resume without a snapshot."


class Rooms:
    """Finds live rooms, opens them from storage, and serializes the changes of each."""

    def __init__(
        self, store: Store, hub: Hub, locks: Locks, calling: Calling, timers: Timers
    ) -> None:
        self._store = store
        self._locks = locks
        self._calling = calling
        self._timers = timers
        self.hub = hub

    def exclusive(self, consultation_id: str) -> AbstractAsyncContextManager[object]:
        """Within, nobody else changes this consultation or its call."""
        return self._locks.exclusive(consultation_id)

    async def open(self, consultation_id: str) -> Room:
        """The live room of a consultation. Raises NotFound if there is no such consultation."""
        if room := self.hub.room(consultation_id):
            return room
        async with self._opening(consultation_id):
            if room := self.hub.room(consultation_id):
                return room
            room = await self._load(consultation_id)
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
        checks = await read.device_checks.of_consultation(consultation_id)
        seats = [_seat_of(scheduler)]
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
            ),
            await read.chat.seen(consultation_id),
            await read.consultations.former_schedulers(consultation_id),
        )
        if consultation.state in CALL_STATES:
            room.restore_call(await read.calls.current(consultation_id))
        return room

    def notify_scheduler(self, scheduler_id: str) -> None:
        """Show the scheduler who waits, and those who wait whether the scheduler is busy."""
        rooms = list(self.hub.rooms_of(scheduler_id))
        attended = [
            room for room in rooms if room.scheduler_attends and room.consultation.state == "active"
        ]
        for room in rooms:
            busy = any(other is not room for other in attended)
            if busy != room.scheduler_busy:
                room.scheduler_busy = busy
                room.publish_consultation()
        self.hub.notify_lobby(scheduler_id)

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
            if room.photo_request is not None and room.photo_request.concerns(participant_id):
                room.ask_photo(None)
            room.publish(lambda seq: wire.ParticipantRemoved(seq, participant_id))

    def change_scheduler(self, room: Room, scheduler: Account, now: datetime) -> None:
        """Another account holds the session now. Within `exclusive`.

        Whoever is there waits for the new scheduler; the former one's page ends, and the name stays
        beside what they wrote.
        """
        before = room.consultation.scheduler_id
        room.consultation = replace(room.consultation, scheduler_id=scheduler.id)
        self._timers.cancel(absence(room, before))
        if (seat := room.retire(before)) is not None:
            _dismiss(seat)
        room.seats[scheduler.id] = _seat_of(scheduler)
        room.publish_participant(scheduler.id)
        if room.waiting_since is None and room.others_online():
            room.waiting_since = now

    async def changed(self, consultation_ids: Iterable[str]) -> None:
        """Refresh lists of these consultations: something outside their rooms has changed."""
        for scheduler_id in await self._store.read.consultations.schedulers_of(consultation_ids):
            self.hub.notify_lobby(scheduler_id, wire.ListChanged())


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
