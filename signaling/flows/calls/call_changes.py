"""Changes of calls: each is steered to a path, stored, and only then announced; one at a time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from signaling import numbers
from signaling.calls.call import Call, CallState
from signaling.calls.topology import Policy, steer
from signaling.chat import ChatMessage, LineKind
from signaling.command import MOST, Command
from signaling.errors import CallsFull, Conflict, HostAway
from signaling.flows.calls.forwarding import Forwarding
from signaling.flows.calls.locks import Locks
from signaling.identifier import new_id
from signaling.numbers import Number
from signaling.ports.clock import Clock, Timers
from signaling.ports.relay import Relay
from signaling.ports.store import Records, Store
from signaling.rooms.room import Room

_END_LINES: dict[CallState, LineKind] = {"ended": "call_ended", "missed": "call_missed"}
"A refused call ends with the line of whoever declined last."


def _line_of(before: Call | None, call: Call) -> tuple[LineKind, str] | None:
    """What the chat says of this change, and of whom."""
    if before is None or before.id != call.id:
        return "call_started", call.started_by
    for participant, member in call.members.items():
        if member.state == "declined" and before.members.get(participant) != member:
            return "call_declined", participant
    kind = _END_LINES.get(call.state)
    return (kind, call.started_by) if kind else None


class CallChanges:
    def __init__(
        self,
        store: Store,
        locks: Locks,
        clock: Clock,
        timers: Timers,
        relay: Relay,
        policy: Callable[[], Policy],
    ) -> None:
        self._store = store
        self._locks = locks
        self._clock = clock
        self._timers = timers
        self._relay = relay
        self._policy = policy
        self.forwarding = Forwarding(self, relay, clock, timers)

    @property
    def policy(self) -> Policy:
        """What holds now; a call that runs follows it at its next change."""
        return self._policy()

    @asynccontextmanager
    async def exclusive(self, room: Room) -> AsyncIterator[None]:
        """Within, nobody else changes this room. Raises HostAway if another host does by now."""
        async with self._locks.exclusive(room.consultation.id):
            if room.given_up:
                raise HostAway
            yield

    async def apply(
        self, room: Room, call_id: str, change: Callable[[Call, datetime], Call]
    ) -> None:
        """Change a call from a timer; does nothing if it is over or another one runs."""
        async with self.exclusive(room):
            if room.call is not None and room.call.id == call_id and not room.call.over:
                await self.change(room, None, change(room.call, self._clock.now()))

    async def change(self, room: Room, command: Command | None, call: Call) -> bool:
        """Store `call` as it is now, with its chat line, then announce it and move the media.

        Within `exclusive(room)`. False if nothing has changed, as by a command that was done
        before. Raises Conflict for the id of another call, CallsFull for a participant with too
        many commands.
        """
        before = room.call
        now = self._clock.now()
        if not call.over:
            joined = frozenset(call.joined())
            path = steer(call.path, joined, self.policy, self._relay.usable, self._timers.now())
            call = replace(call, path=path)
        if call == before:
            return False
        consultation_id = room.consultation.id
        new = before is None or before.id != call.id
        said = _line_of(before, call)

        async def work(records: Records) -> tuple[bool, ChatMessage | None]:
            if command is not None:
                if not await records.commands.mark_done(consultation_id, command):
                    return False, None
                done = await records.commands.count_of(consultation_id, command.participant_id)
                if done > MOST and command.participant_id in call.joined():
                    raise CallsFull
            if not await records.calls.put(consultation_id, call):
                raise Conflict
            if call.over:
                await records.numbers.count(now, [_counted(room, call)])
            if new:
                await records.audit.append(now, call.started_by, "start_call", consultation_id)
            if said is None:
                return True, None
            kind, author = said
            line = await records.chat.append(consultation_id, new_id(), author, kind, "", now)
            return True, line

        first, line = await self._store.write(work, consultation_id)
        if not first:
            return False
        room.call = call
        self._stop_timers(room, call)
        room.publish_call()
        if line is not None:
            room.add_chat(line)
        self.forwarding.follow(room)
        return True

    def _stop_timers(self, room: Room, call: Call) -> None:
        if call.over:
            self._timers.cancel(f"ring:{call.id}")
            for participant_id in call.members:
                self._timers.cancel(f"drop:{call.id}:{participant_id}")
        for participant_id in call.joined():
            if room.calls_by(participant_id, call.members[participant_id].peer_id):
                self._timers.cancel(f"drop:{call.id}:{participant_id}")


def _counted(room: Room, over: Call) -> Number:
    topology = over.path.topology.value if over.answered_at else None
    return numbers.call(topology, (seat.quality for seat in room.seats.values()))
