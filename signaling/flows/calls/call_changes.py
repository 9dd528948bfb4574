"""Keeping calls: every change of a call is steered, stored and then told, one after the other."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime

from signaling.calls.call import Call
from signaling.calls.topology import Policy, steer
from signaling.chat import ChatMessage, Kind
from signaling.command import MOST, Command
from signaling.errors import CallsFull, Conflict
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.ports import Clock, Forwarder, Records, Store, Timers
from signaling.rooms.room import Room

_END_LINES: dict[str, Kind] = {
    "ended": "call_ended",
    "refused": "call_missed",
    "missed": "call_missed",
}


class CallChanges:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        clock: Clock,
        timers: Timers,
        forwarder: Forwarder,
        policy: Policy,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._clock = clock
        self._timers = timers
        self._forwarder = forwarder
        self.policy: Policy = policy
        self.followers: list[Callable[[Room], None]] = []
        "Called after every change of a room's call."

    def exclusive(self, room: Room) -> AbstractAsyncContextManager[object]:
        """Changes of one room wait for each other here."""
        return self._rooms.exclusive(room.consultation.id)

    async def apply(
        self, room: Room, call_id: str, change: Callable[[Call, datetime], Call]
    ) -> None:
        """Change a call from a timer; nothing happens if it is over or another one runs."""
        async with self.exclusive(room):
            if room.call is not None and room.call.id == call_id and not room.call.over:
                await self.change(room, None, change(room.call, self._clock.now()))

    async def change(self, room: Room, command: Command | None, call: Call) -> bool:
        """Store the call as it is now, then tell; the line in the chat with it.

        Within the room's turn. False if nothing has changed, as by a command that was done before.
        Raises Conflict for the id of another call, CallsFull for who joins too often.
        """
        before = room.call
        now = self._clock.now()
        if not call.over:
            usable = self._forwarder.usable
            joined = frozenset(call.joined())
            path = steer(call.path, joined, self.policy, usable, self._timers.now())
            call = replace(call, path=path)
        if call == before:
            return False
        consultation_id = room.consultation.id
        new = before is None or before.id != call.id
        kind: Kind | None = "call_started" if new else _END_LINES.get(call.state)

        async def work(records: Records) -> tuple[bool, ChatMessage | None]:
            if command is not None:
                if not await records.commands.mark_done(consultation_id, command):
                    return False, None
                asked = await records.commands.count_of(consultation_id, command.participant_id)
                if asked > MOST and command.participant_id in call.joined():
                    raise CallsFull
            if not await records.calls.put(consultation_id, call):
                raise Conflict
            if new:
                await records.audit.append(now, call.started_by, "start_call", consultation_id)
            if kind is None:
                return True, None
            line = await records.chat.append(
                consultation_id, new_id(), call.started_by, kind, "", now
            )
            return True, line

        first, line = await self._store.write(work)
        if not first:
            return False
        room.call = call
        self._stop_timers(room, call)
        room.tell_call()
        if line is not None:
            room.add_chat(line)
        for follow in self.followers:
            follow(room)
        return True

    def _stop_timers(self, room: Room, call: Call) -> None:
        if call.over:
            self._timers.cancel(f"ring:{call.id}")
            for participant_id in call.members:
                self._timers.cancel(f"drop:{call.id}:{participant_id}")
        for participant_id in call.joined():
            seat = room.seats.get(participant_id)
            if seat is not None and seat.online:
                self._timers.cancel(f"drop:{call.id}:{participant_id}")
