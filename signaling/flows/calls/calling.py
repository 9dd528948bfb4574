"""What happens when somebody starts, answers, drops out of, or leaves a call."""

from datetime import timedelta

from signaling.access import require
from signaling.calls.call import RECONNECT_GRACE, RING_TIMEOUT, Call
from signaling.consultation import CALL_STATES
from signaling.errors import Conflict, NotFound
from signaling.flows.calls.call_changes import CallChanges
from signaling.ports.clock import Clock, Timers
from signaling.rooms.attendance import Attendance
from signaling.rooms.room import Room
from signaling.wire import client_messages as client
from signaling.wire import messages as wire
from signaling.wire.values import Description


class Calling:
    def __init__(self, changes: CallChanges, clock: Clock, timers: Timers) -> None:
        self._changes = changes
        self._clock = clock
        self._timers = timers

    # --- commands

    async def start(self, attendance: Attendance, message: client.CallStart) -> wire.Ack:
        """Ring everybody who is online and can be called; join the call if there is one already.

        Raises Conflict, or CallsFull for somebody who has called too often.
        """
        require(attendance.role, "start_call")
        room, caller = attendance.room, attendance.participant_id
        async with self._changes.exclusive(room):
            if room.consultation.state not in CALL_STATES:
                raise Conflict
            peer_id = attendance.connection.peer_id
            if room.call is not None and not room.call.over:
                joined = room.call.accept(caller, peer_id, self._clock.now())
                await self._changes.change(room, attendance.command(message.id), joined)
                return wire.Ack(message.id)
            others = [seat.participant_id for seat in room.reachable()]
            call = Call.start(message.id, message.media, caller, peer_id, others, self._clock.now())
            if await self._changes.change(room, attendance.command(message.id), call):
                self._ring(room, call, RING_TIMEOUT)
        return wire.Ack(message.id)

    async def accept(self, attendance: Attendance, message: client.CallAccept) -> wire.Ack:
        """Answer, join late, or come back with a reloaded page. Raises Conflict or CallsFull."""
        require(attendance.role, "join_call")
        room = attendance.room
        async with self._changes.exclusive(room):
            call = self._current(room, message.call_id)
            changed = call.accept(
                attendance.participant_id, attendance.connection.peer_id, self._clock.now()
            )
            await self._changes.change(room, attendance.command(message.id), changed)
        return wire.Ack(message.id)

    async def decline(self, attendance: Attendance, message: client.CallDecline) -> wire.Ack:
        """Decline; without effect once the call is over, as by this very answer given before."""
        room = attendance.room
        async with self._changes.exclusive(room):
            call = room.call
            if call is not None and call.id == message.call_id:
                changed = call.decline(attendance.participant_id, self._clock.now())
                await self._changes.change(room, attendance.command(message.id), changed)
        return wire.Ack(message.id)

    async def hang_up(self, attendance: Attendance, message: client.CallLeave) -> wire.Ack:
        room = attendance.room
        async with self._changes.exclusive(room):
            call = room.call
            if call is not None and call.id == message.call_id:
                changed = call.leave(attendance.participant_id, self._clock.now())
                await self._changes.change(room, attendance.command(message.id), changed)
        return wire.Ack(message.id)

    async def end(self, room: Room) -> None:
        """End the call for everybody: the session was terminated. Within `Rooms.exclusive`."""
        if room.call is not None and not room.call.over:
            await self._changes.change(room, None, room.call.end(self._clock.now()))

    async def remove(self, room: Room, participant_id: str) -> None:
        """Take somebody out of the call who has lost their seat. Within `Rooms.exclusive`."""
        if room.call is not None and not room.call.over:
            without = room.call.leave(participant_id, self._clock.now())
            await self._changes.change(room, None, without)

    # --- negotiation between peers

    def description(self, attendance: Attendance, message: client.SendDescription) -> None:
        """Forward a description. Raises NotFound if that peer is not in this call."""
        sender = attendance.connection.peer_id
        passed = wire.ReceiveDescription(sender, _hidden(message.description, self._hiding))
        if not attendance.room.pass_on(attendance.participant_id, message.to, passed):
            raise NotFound

    def candidate(self, attendance: Attendance, message: client.SendCandidate) -> None:
        """Forward a candidate; one for a peer that has just left is dropped."""
        if self._hiding and not _relayed(message.candidate.candidate):
            return
        sender = attendance.connection.peer_id
        passed = wire.ReceiveCandidate(sender, message.candidate)
        attendance.room.pass_on(attendance.participant_id, message.to, passed)

    def set_media(self, attendance: Attendance, message: client.SetMedia) -> None:
        room = attendance.room
        seat = room.seats[attendance.participant_id]
        if seat.media != message.media:
            seat.media = message.media
            room.publish_call_of(attendance.participant_id)
            self._changes.forwarding.follow(room)

    def set_quality(self, attendance: Attendance, message: client.SetQuality) -> None:
        room = attendance.room
        seat = room.seats[attendance.participant_id]
        if seat.quality != message.quality:
            seat.quality = message.quality
            room.publish_call_of(attendance.participant_id)

    # --- connections that come and go

    def dropped_out(self, room: Room, participant_id: str) -> None:
        """A socket is gone, while media may go on: the member has RECONNECT_GRACE to return."""
        call = room.call
        if call is None or call.over or participant_id not in call.joined():
            return
        self._timers.set(
            f"drop:{call.id}:{participant_id}",
            self._timers.now() + RECONNECT_GRACE,
            lambda: self._changes.apply(
                room, call.id, lambda current, now: current.leave(participant_id, now)
            ),
        )

    def came_back(self, room: Room, participant_id: str) -> None:
        """The same page is back: the call goes on as if nothing had happened."""
        if room.call is not None:
            self._timers.cancel(f"drop:{room.call.id}:{participant_id}")
            self._changes.forwarding.came_back(room, participant_id)

    async def peer_changed(self, room: Room, participant_id: str) -> None:
        """Another page holds the seat now, and the old one's media are gone.

        The call waits for the new page to join as long as for a lost connection.
        """
        call = room.call
        if call is None or call.over or participant_id not in call.joined():
            return
        self.dropped_out(room, participant_id)
        self._changes.forwarding.follow(room)

    def restore(self, room: Room) -> None:
        """Restore the call of a room opened after a restart: its members may come back."""
        call = room.call
        if call is None:
            return
        rung_for = self._clock.now() - call.started_at
        # The clock may have been set while the server was down.
        self._ring(room, call, RING_TIMEOUT - min(max(rung_for, timedelta()), RING_TIMEOUT))
        for participant_id in call.joined():
            self.dropped_out(room, participant_id)
        self._changes.forwarding.follow(room)

    def give_up(self, room: Room) -> None:
        """Another host goes on with the call of a room: nothing of it happens here any more."""
        call, room.call = room.call, None
        if call is not None:
            self._timers.cancel(f"ring:{call.id}")
            for participant_id in call.members:
                self._timers.cancel(f"drop:{call.id}:{participant_id}")
        self._changes.forwarding.follow(room)

    # --- inside

    def _ring(self, room: Room, call: Call, within: timedelta) -> None:
        """Whoever does not answer in time has missed the call."""
        self._timers.set(
            f"ring:{call.id}",
            self._timers.now() + within,
            lambda: self._changes.apply(room, call.id, lambda current, now: current.miss(now)),
        )

    @property
    def _hiding(self) -> bool:
        """Whether participants must not learn each other's addresses."""
        return self._changes.policy == "relay"

    @staticmethod
    def _current(room: Room, call_id: str) -> Call:
        call = room.call
        if call is None or call.id != call_id or call.over:
            raise Conflict
        return call


def _relayed(candidate: str) -> bool:
    """Whether a candidate (RFC 8839) is of type relay, or the end of candidates."""
    return not candidate or " typ relay" in candidate


def _hidden(description: Description, hiding: bool) -> Description:
    """The description; if addresses are hidden, with relay candidates only."""
    if not hiding:
        return description
    kept = [
        line
        for line in description.sdp.splitlines(keepends=True)
        if not line.startswith("a=candidate:") or _relayed(line)
    ]
    return Description(description.kind, "".join(kept), description.revision)
