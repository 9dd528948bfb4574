"""What happens when somebody enters a room, drops out of it, and comes back."""

from datetime import timedelta

from signaling.access import require, role_of
from signaling.chat import ChatMessage, LineKind
from signaling.consultation import (
    AWAITED_STATES,
    OPEN_STATES,
    TRANSITIONS,
    ConsultationEvent,
)
from signaling.errors import InviteNotUsable, NotFound, SessionClosed
from signaling.flows.calls.calling import Calling
from signaling.flows.notices.news import News
from signaling.flows.rooms import Rooms, absence
from signaling.identifier import new_id
from signaling.moments.milliseconds import to_ms
from signaling.ports.clock import Clock, Timers
from signaling.ports.connection import Connection
from signaling.ports.store import Records, Store
from signaling.rooms.attendance import Attendance
from signaling.rooms.room import Room
from signaling.rooms.seat import Seat
from signaling.wire import client_messages as client
from signaling.wire import messages as wire
from signaling.wire.values import IceServer, MediaPolicy

LEAVE_GRACE = timedelta(seconds=30)
"""How long somebody may be away before the chat says that they left: a phone that changes networks
or a reloaded page is not a departure."""


def _open_seat(room: Room, participant_id: str) -> Seat:
    """The seat that somebody may take now. Raises as `Attending.enter` says."""
    seat = room.seats.get(participant_id)
    if seat is None:
        raise NotFound
    role = _role(room, seat)
    require(role, "enter")
    require(role, "read_chat")  # the snapshot holds it
    if seat.role != "scheduler" and room.consultation.state not in OPEN_STATES:
        # closed while this socket was on its way
        raise SessionClosed if room.consultation.state == "closed" else InviteNotUsable
    return seat


def _role(room: Room, seat: Seat) -> str:
    """By the table of access: what others are shown does not tell a colleague from the scheduler."""
    return role_of(room.consultation, seat.participant_id) or seat.role


class Attending:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        calling: Calling,
        news: News,
        clock: Clock,
        timers: Timers,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._calling = calling
        self._news = news
        self._clock = clock
        self._timers = timers

    async def enter(
        self,
        consultation_id: str,
        participant_id: str,
        connection: Connection,
        hello: client.Hello,
        ice_servers: list[IceServer],
        media_policy: MediaPolicy,
    ) -> Attendance:
        """Seat a connection.

        Raises NotFound if this person has no seat there (any more), InviteNotUsable or
        SessionClosed if the session is over.
        """
        room = await self._rooms.open(consultation_id)
        seat = _open_seat(room, participant_id)

        def welcome(resumed: bool) -> wire.Welcome:
            return wire.Welcome(
                version=wire.PROTOCOL_VERSION,
                server_time=to_ms(self._clock.now()),
                participant_id=participant_id,
                peer_id=connection.peer_id,
                epoch=room.epoch,
                resumed=resumed,
                ice_servers=ice_servers,
                media_policy=media_policy,
                seated_at=seat.seated_at,
            )

        self._rooms.keep(room)
        self._timers.cancel(absence(room, participant_id))
        attendance = Attendance(room, participant_id, _role(room, seat), connection)
        same_page = seat.peer_id == connection.peer_id
        room.attach(participant_id, connection, hello, welcome, self._clock.now())
        try:
            if same_page:
                self._calling.came_back(room, participant_id)
            else:
                await self._calling.peer_changed(room, participant_id)
            await self._arrived(room, participant_id)
        except BaseException:
            await self.leave(attendance)  # this socket is about to end
            raise
        return attendance

    async def leave(self, attendance: Attendance) -> None:
        """The socket of an attendance was closed, for whatever reason."""
        room, participant_id = attendance.room, attendance.participant_id
        detached = room.detach(participant_id, attendance.connection, self._clock.now())
        if not detached or not self._rooms.is_live(room):
            return
        self._calling.dropped_out(room, participant_id)

        async def gone() -> None:
            await self._gone(room, participant_id)

        until = self._timers.now() + LEAVE_GRACE
        self._timers.set(absence(room, participant_id), until, gone)
        self._rooms.notify_scheduler(room.consultation.scheduler_id)

    async def _arrived(self, room: Room, participant_id: str) -> None:
        now = self._clock.now()
        seat = room.seats[participant_id]
        if seat.role == "scheduler":
            if room.consultation.state == "active":
                room.waiting_since = None
        else:
            await self._news.came(room.consultation.id, participant_id)
            if room.waiting_since is None and room.consultation.state in AWAITED_STATES:
                room.waiting_since = now
        async with self._rooms.exclusive(room.consultation.id):
            first = not room.chat.is_there(participant_id)
            arriving = seat.role != "scheduler" and "arrive" in TRANSITIONS[room.consultation.state]
            if first or arriving:
                await self._record(
                    room,
                    participant_id,
                    "joined" if first else None,
                    "arrive" if arriving else None,
                )
        self._rooms.notify_scheduler(room.consultation.scheduler_id)

    async def _gone(self, room: Room, participant_id: str) -> None:
        async with self._rooms.exclusive(room.consultation.id):
            seat = room.seats.get(participant_id)
            if seat is None or seat.online:
                return
            if not room.others_online():
                room.waiting_since = None
            leaving = not room.others_online() and "leave" in TRANSITIONS[room.consultation.state]
            line: LineKind | None = "left" if room.chat.is_there(participant_id) else None
            await self._record(room, participant_id, line, "leave" if leaving else None)
        self._rooms.notify_scheduler(room.consultation.scheduler_id)
        if room.empty:
            self._rooms.drop_later(room)

    async def _record(
        self,
        room: Room,
        participant_id: str,
        line: LineKind | None,
        event: ConsultationEvent | None,
    ) -> None:
        """Store a chat line and a step of the consultation together, then publish both."""
        now = self._clock.now()
        consultation = room.consultation
        if event is not None:
            consultation = consultation.after(event, now)

        async def work(records: Records) -> ChatMessage | None:
            if consultation is not room.consultation:
                await records.consultations.change(consultation)
            if line is None:
                return None
            noted = await records.chat.append(
                consultation.id, new_id(), participant_id, line, "", now
            )
            if noted is not None and line == "joined":  # as often as the chat says so
                await records.audit.append(now, participant_id, "enter", consultation.id)
            return noted

        message = await self._store.write(work, consultation.id)
        if consultation is not room.consultation:
            room.consultation = consultation
            room.publish_consultation()
        if message is not None:
            room.add_chat(message)
