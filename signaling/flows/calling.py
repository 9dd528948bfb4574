"""What happens when somebody rings, answers, drops out of a call, or hangs up."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from signaling import messages as wire
from signaling.access import require
from signaling.call import RECONNECT_GRACE, RING_TIMEOUT, Call
from signaling.chat import ChatMessage, Kind
from signaling.consultation import CALL_STATES
from signaling.errors import Conflict, NotFound
from signaling.flows.rooms import Attendance, Rooms
from signaling.identifier import new_id
from signaling.ports import Clock, Records, Store, Timers
from signaling.room import Room

_END_LINES: dict[str, Kind] = {
    "ended": "call_ended",
    "refused": "call_missed",
    "missed": "call_missed",
}


class Calling:
    def __init__(self, store: Store, rooms: Rooms, clock: Clock, timers: Timers) -> None:
        self._store = store
        self._rooms = rooms
        self._clock = clock
        self._timers = timers

    # --- commands

    async def start(self, attendance: Attendance, message: wire.CallStart) -> wire.Ack:
        """Ring everybody who is online; joins the call if there is one already."""
        require(attendance.role, "start_call")
        room, caller = attendance.room, attendance.participant_id
        async with self._turn(room):
            if room.consultation.state not in CALL_STATES:
                raise Conflict
            peer_id = attendance.connection.peer_id
            if room.call is not None and not room.call.over:
                joined = room.call.accept(caller, peer_id, self._clock.now())
                await self._change(room, message.id, joined)
                return wire.Ack(message.id)
            if room.call is not None and room.call.id == message.id:
                return wire.Ack(message.id)  # the repeated command of a call that is over
            others = [seat.participant_id for seat in room.seats.values() if seat.online]
            call = Call.start(message.id, message.media, caller, peer_id, others, self._clock.now())
            await self._change(room, message.id, call)
            self._timers.set(
                f"ring:{call.id}",
                self._clock.now() + RING_TIMEOUT,
                lambda: self._apply(room, call.id, lambda current, now: current.miss(now)),
            )
        return wire.Ack(message.id)

    async def accept(self, attendance: Attendance, message: wire.CallAccept) -> wire.Ack:
        """Answer, join late, or come back with a reloaded page."""
        require(attendance.role, "join_call")
        room = attendance.room
        async with self._turn(room):
            call = self._current(room, message.call_id)
            changed = call.accept(
                attendance.participant_id, attendance.connection.peer_id, self._clock.now()
            )
            await self._change(room, message.id, changed)
        return wire.Ack(message.id)

    async def decline(self, attendance: Attendance, message: wire.CallDecline) -> wire.Ack:
        room = attendance.room
        async with self._turn(room):
            call = self._current(room, message.call_id)
            changed = call.decline(attendance.participant_id, self._clock.now())
            await self._change(room, message.id, changed)
        return wire.Ack(message.id)

    async def hang_up(self, attendance: Attendance, message: wire.CallLeave) -> wire.Ack:
        room = attendance.room
        async with self._turn(room):
            call = room.call
            if call is not None and call.id == message.call_id:
                changed = call.leave(attendance.participant_id, self._clock.now())
                await self._change(room, message.id, changed)
        return wire.Ack(message.id)

    async def end(self, room: Room) -> None:
        """The session was terminated: the call is over for everybody. Within the room's turn."""
        if room.call is not None and not room.call.over:
            await self._change(room, None, room.call.end(self._clock.now()))

    # --- negotiation between peers

    def description(self, attendance: Attendance, message: wire.SendDescription) -> None:
        """Pass a description on. Raises NotFound if that peer is not in this call."""
        sender = attendance.connection.peer_id
        passed = wire.ReceiveDescription(sender, message.description)
        if not attendance.room.pass_on(attendance.participant_id, message.to, passed):
            raise NotFound

    def candidate(self, attendance: Attendance, message: wire.SendCandidate) -> None:
        """Pass a candidate on; one for a peer that has just left is dropped."""
        sender = attendance.connection.peer_id
        passed = wire.ReceiveCandidate(sender, message.candidate)
        attendance.room.pass_on(attendance.participant_id, message.to, passed)

    def set_media(self, attendance: Attendance, message: wire.SetMedia) -> None:
        room = attendance.room
        seat = room.seats[attendance.participant_id]
        if seat.media != message.media:
            seat.media = message.media
            room.tell_call_of(attendance.participant_id)

    def set_quality(self, attendance: Attendance, message: wire.SetQuality) -> None:
        room = attendance.room
        seat = room.seats[attendance.participant_id]
        if seat.quality != message.quality:
            seat.quality = message.quality
            room.tell_call_of(attendance.participant_id)

    # --- connections that come and go

    def dropped_out(self, room: Room, participant_id: str) -> None:
        """Somebody's socket is gone; media may go on. They have a while to come back."""
        call = room.call
        if call is None or call.over or participant_id not in call.joined():
            return
        self._timers.set(
            f"drop:{call.id}:{participant_id}",
            self._clock.now() + RECONNECT_GRACE,
            lambda: self._apply(
                room, call.id, lambda current, now: current.leave(participant_id, now)
            ),
        )

    def came_back(self, room: Room, participant_id: str) -> None:
        """The same page is back: the call goes on as if nothing had been."""
        if room.call is not None:
            self._timers.cancel(f"drop:{room.call.id}:{participant_id}")

    async def page_changed(self, room: Room, participant_id: str) -> None:
        """Another page sits there now: the old one's media are gone.

        The call waits for the new page to join again as long as for a lost connection.
        """
        call = room.call
        if call is None or call.over or participant_id not in call.joined():
            return
        self.dropped_out(room, participant_id)

    # --- inside

    def _turn(self, room: Room) -> AbstractAsyncContextManager[object]:
        return self._rooms.turn(room.consultation.id)

    @staticmethod
    def _current(room: Room, call_id: str) -> Call:
        call = room.call
        if call is None or call.id != call_id or call.over:
            raise Conflict
        return call

    async def _apply(
        self, room: Room, call_id: str, change: Callable[[Call, datetime], Call]
    ) -> None:
        """Change a call from a timer; nothing happens if it is over or another one runs."""
        async with self._turn(room):
            if room.call is not None and room.call.id == call_id and not room.call.over:
                await self._change(room, None, change(room.call, self._clock.now()))

    async def _change(self, room: Room, command_id: str | None, call: Call) -> None:
        """Store the call as it is now, then tell; the line in the chat with it."""
        before = room.call
        if call is before:
            return
        now = self._clock.now()
        consultation_id = room.consultation.id
        new = before is None or before.id != call.id
        kind: Kind | None = "call_started" if new else _END_LINES.get(call.state)

        async def work(records: Records) -> tuple[bool, ChatMessage | None]:
            chat = records.chat
            if command_id and not await chat.first_time(consultation_id, command_id):
                return False, None
            await records.calls.put(consultation_id, call)
            if kind is None:
                return True, None
            line = await chat.append(consultation_id, new_id(), call.started_by, kind, "", now)
            return True, line

        first, line = await self._store.write(work)
        if not first:
            return
        room.call = call
        if call.over:
            self._timers.cancel(f"ring:{call.id}")
            for participant_id in call.members:
                self._timers.cancel(f"drop:{call.id}:{participant_id}")
        for participant_id in call.joined():
            seat = room.seats.get(participant_id)
            if seat is not None and seat.online:
                self._timers.cancel(f"drop:{call.id}:{participant_id}")
        room.tell_call()
        if line is not None:
            room.add_chat(line)
