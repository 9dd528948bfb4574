"""What happens when a call goes through the forwarder, goes there, or comes back from it.

Legs at the forwarder follow the call: every member has one while the call is forwarded or about to
be, and nobody else. What should be and what is are compared again after every change, so that a
lost command or a late event does no harm. The decisions are those of `signaling/calls/topology.py`.

Every time kept here is one of the timers' clock, for all are waits.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from signaling.calls import relay_events as said
from signaling.calls.call import RECONNECT_GRACE, Call
from signaling.calls.topology import (
    CONNECT_WITHIN,
    MOVE_WITHIN,
    Topology,
    arrive,
    block,
    complete,
    conclude,
    next_look,
)
from signaling.errors import NotFound
from signaling.flows.calls.call_changes import CallChanges
from signaling.flows.rooms import Attendance
from signaling.ports import Clock, Forwarder, Timers
from signaling.rooms.room import Room
from signaling.wire import messages as wire

AGAIN_AFTER = timedelta(seconds=2)
"A leg that failed is made anew no sooner than this after it was made."


@dataclass
class _Leg:
    """One page's connection with the forwarder."""

    joined_at: datetime
    connected: bool = False
    offer: wire.RelayOffer | None = None
    "Not answered yet: said again when the page's socket comes back."
    sharing: bool = False


@dataclass
class _Stage:
    """What one live call has at the forwarder."""

    room: Room
    call_id: str
    ended: bool = False
    opened: bool = False
    legs: dict[str, _Leg] = field(default_factory=dict)
    "By peer id."
    due: dict[str, datetime] = field(default_factory=dict)
    "By peer id: when a leg that is not connected counts as impossible."
    pauses: dict[str, datetime] = field(default_factory=dict)
    "By peer id: no new leg before."
    useless: set[str] = field(default_factory=set)
    "Peer ids whose leg is to be replaced."
    target: Topology | None = None
    receives: dict[str, frozenset[str]] = field(default_factory=dict)
    "By way of the target, by participant."
    arranging: asyncio.Task[None] | None = None

    @property
    def place(self) -> str:
        return f"{self.room.consultation.id}:{self.call_id}"

    @property
    def call(self) -> Call | None:
        call = self.room.call
        return call if call is not None and call.id == self.call_id and not call.over else None


class Forwarding:
    def __init__(
        self, changes: CallChanges, forwarder: Forwarder, clock: Clock, timers: Timers
    ) -> None:
        self._changes = changes
        self._forwarder = forwarder
        self._clock = clock
        self._timers = timers
        self._stages: dict[str, _Stage] = {}
        "By place."
        self._current: dict[str, _Stage] = {}
        "By consultation."
        changes.followers.append(self.follow)

    async def close(self) -> None:
        """Stop arranging; the forwarder ends its legs itself."""
        tasks = [stage.arranging for stage in self._stages.values() if stage.arranging]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- from pages

    async def answer(self, attendance: Attendance, message: wire.RelayAnswer) -> None:
        """Pass an answer on. Raises NotFound for a page that is not in the call."""
        stage, peer_id = self._stage_of(attendance)
        leg = stage.legs.get(peer_id)
        if leg is None or leg.offer is None or leg.offer.revision != message.revision:
            return  # to an offer that is not of interest any more
        leg.offer = None
        await self._forwarder.answer(stage.place, peer_id, message.revision, message.sdp)

    async def ready(self, attendance: Attendance, message: wire.PathReady) -> None:
        """A page receives these peers by way of that topology; the last one ends the change."""
        stage, _ = self._stage_of(attendance)
        room = stage.room
        async with self._changes.exclusive(room):
            call = stage.call
            if call is None or call.path.moving_to != message.topology:
                return
            found = (call.participant_of(peer_id) for peer_id in message.peers)
            stage.receives[attendance.participant_id] = frozenset(one for one in found if one)
            joined = frozenset(call.joined())
            if complete(call.path, joined, stage.receives):
                moved = replace(call, path=arrive(call.path, joined))
                await self._changes.change(room, None, moved)

    async def failed(self, attendance: Attendance, message: wire.PathFailed) -> None:
        """A page has no path: to another page, or to the forwarder."""
        stage, peer_id = self._stage_of(attendance)
        room = stage.room
        async with self._changes.exclusive(room):
            call = stage.call
            if call is None:
                return
            if message.to is None:
                self._make_anew(stage, peer_id)
                await self._changes.change(room, None, call)
                self._arrange(stage)
                return
            other = call.participant_of(message.to)
            joined = frozenset(call.joined())
            if other is not None and joined == {attendance.participant_id, other}:
                await self._changes.change(room, None, replace(call, path=block(call.path, joined)))

    async def prefer(self, attendance: Attendance, message: wire.TileShown) -> None:
        """How high a page shows somebody's picture."""
        stage, peer_id = self._stage_of(attendance)
        call = stage.call
        # Also of somebody whose leg is being made anew: it is not said again.
        if peer_id in stage.legs and call is not None and call.participant_of(message.peer_id):
            await self._forwarder.prefer(
                stage.place, peer_id, message.peer_id, message.kind, message.height
            )

    # --- from the room

    def follow(self, room: Room) -> None:
        """The call, or who is in it, has changed."""
        call, current = room.call, self._current.get(room.consultation.id)
        if current is not None and current.call is None:
            current.ended = True
            del self._current[room.consultation.id]
            self._timers.cancel(f"topology:{current.call_id}")
            self._arrange(current)
            current = None
        if call is None or call.over:
            return
        if current is None:
            current = _Stage(room, call.id)
            self._stages[current.place] = self._current[room.consultation.id] = current
        if current.target is not call.path.moving_to:
            current.target = call.path.moving_to
            current.receives.clear()
        self._look_later(room, call)
        self._arrange(current)

    def came_back(self, room: Room, participant_id: str) -> None:
        """The same page is back on another socket."""
        stage = self._current.get(room.consultation.id)
        seat = room.seats[participant_id]
        if stage is None or seat.peer_id is None:
            return
        leg = stage.legs.get(seat.peer_id)
        if leg is not None and not leg.connected:
            self._expect(stage, seat.peer_id, CONNECT_WITHIN)
        if leg is not None and leg.offer is not None:
            # It or its answer may have been lost with the socket, and none follows before that.
            room.tell_page(seat.peer_id, leg.offer)
        self._arrange(stage)

    # --- from the forwarder

    def receive(self, event: said.Event) -> None:
        """Something the forwarder says; of legs that are gone it says nothing of interest."""
        stage = self._stages.get(event.place)
        if stage is None:
            return
        if isinstance(event, said.SpeakerChanged):
            for peer_id in stage.legs:
                stage.room.tell_page(peer_id, wire.Speaking(event.peer_id))
            return
        leg = stage.legs.get(event.peer_id)
        if leg is None:
            return
        match event:
            case said.Offered():
                leg.offer = wire.RelayOffer(
                    event.revision, event.fresh, event.sdp, list(event.tracks)
                )
                stage.room.tell_page(event.peer_id, leg.offer)
            case said.Connected():
                leg.connected = True
                stage.due.pop(event.peer_id, None)
            case said.Disconnected():
                self._lost(stage, event.peer_id, leg)
                if not event.returning:
                    self._forget(stage, event.peer_id, leg)
                    self._arrange(stage)
            case said.PictureHeld():
                stage.room.tell_page(
                    event.peer_id,
                    wire.PicturePaused(event.publisher_id, event.kind, event.paused),
                )

    # --- legs

    def _stage_of(self, attendance: Attendance) -> tuple[_Stage, str]:
        """The call that this very page is in. Raises NotFound if it is in none."""
        stage = self._current.get(attendance.room.consultation.id)
        peer_id = attendance.connection.peer_id
        call = None if stage is None else stage.call
        if (
            stage is None
            or call is None
            or call.participant_of(peer_id) != attendance.participant_id
        ):
            raise NotFound
        return stage, peer_id

    def _wanted(self, stage: _Stage) -> dict[str, bool]:
        """Peer ids that should have a leg -> whether they share a screen."""
        call = stage.call
        if call is None or not call.path.forwarded:
            return {}
        wanted = {}
        for participant_id in call.joined():
            seat, member = stage.room.seats.get(participant_id), call.members[participant_id]
            # Another page that sits there has not joined: the old one's media are gone.
            if seat is not None and member.peer_id and seat.peer_id == member.peer_id:
                wanted[member.peer_id] = seat.media is not None and seat.media.screen
        return wanted

    def _arrange(self, stage: _Stage) -> None:
        if stage.arranging is None or stage.arranging.done():
            stage.arranging = asyncio.create_task(self._arrange_legs(stage), name="legs")

    async def _arrange_legs(self, stage: _Stage) -> None:
        while (step := self._next_step(stage)) is not None:
            await step
        if stage.ended:
            self._stages.pop(stage.place, None)

    def _next_step(self, stage: _Stage) -> Coroutine[None, None, None] | None:
        """What brings the forwarder nearer to what should be."""
        wanted, place, now = self._wanted(stage), stage.place, self._timers.now()
        if wanted and not stage.opened:
            stage.opened = True
            return self._forwarder.open(place, self.receive)
        for peer_id in [one for one in stage.legs if one not in wanted or one in stage.useless]:
            del stage.legs[peer_id]
            stage.useless.discard(peer_id)
            if peer_id not in wanted:
                stage.due.pop(peer_id, None)
            return self._forwarder.leave(place, peer_id)
        for peer_id, sharing in wanted.items():
            leg = stage.legs.get(peer_id)
            if leg is None and stage.pauses.get(peer_id, now) <= now:
                stage.legs[peer_id] = _Leg(now)
                if peer_id not in stage.due:
                    self._expect(stage, peer_id, CONNECT_WITHIN)
                return self._forwarder.join(place, peer_id)
            if leg is not None and leg.sharing != sharing:
                leg.sharing = sharing
                return self._forwarder.share(place, peer_id, sharing)
        if stage.opened and not wanted:
            stage.opened = False
            return self._forwarder.close(place)
        return None

    def _lost(self, stage: _Stage, peer_id: str, leg: _Leg) -> None:
        if leg.connected:
            self._expect(stage, peer_id, RECONNECT_GRACE)
        leg.connected, leg.offer = False, None

    def _forget(self, stage: _Stage, peer_id: str, leg: _Leg) -> None:
        """The leg is no more; another one follows, but not in a hot circle."""
        del stage.legs[peer_id]
        again = leg.joined_at + AGAIN_AFTER
        stage.pauses[peer_id] = again
        if again > self._timers.now():

            async def arrange() -> None:
                self._arrange(stage)

            self._timers.set(f"leg again:{stage.place}:{peer_id}", again, arrange)

    def _make_anew(self, stage: _Stage, peer_id: str) -> None:
        """The page says that its leg carries nothing."""
        leg = stage.legs.get(peer_id)
        if leg is not None and self._timers.now() >= leg.joined_at + AGAIN_AFTER:
            self._lost(stage, peer_id, leg)
            stage.useless.add(peer_id)

    # --- time

    def _expect(self, stage: _Stage, peer_id: str, within: timedelta) -> None:
        """A leg is to be connected by then."""
        due = stage.due[peer_id] = self._timers.now() + within

        async def look() -> None:
            if stage.due.get(peer_id) == due:
                await self._late(stage, peer_id)

        self._timers.set(f"leg:{stage.place}:{peer_id}", due, look)

    async def _late(self, stage: _Stage, peer_id: str) -> None:
        """Somebody cannot reach the forwarder: they leave the call, the others go on."""
        room = stage.room
        stage.due.pop(peer_id, None)
        async with self._changes.exclusive(room):
            call = stage.call
            participant_id = None if call is None else call.participant_of(peer_id)
            if call is None or participant_id is None:
                return
            if call.path.moving_to is not None:  # which has a time of its own
                self._expect(stage, peer_id, CONNECT_WITHIN)
            elif not self._forwarder.usable:  # nobody's fault: all go on directly
                await self._changes.change(room, None, call)
            elif call.path.forwarded and room.seats[participant_id].online:
                await self._part(room, call, [participant_id])

    def _look_later(self, room: Room, call: Call) -> None:
        name, at = f"topology:{call.id}", next_look(call.path)
        if at is None or (call.path.moving_to is None and at <= self._timers.now()):
            self._timers.cancel(name)
        else:
            self._timers.set(name, at, lambda: self._review(room, call.id))

    async def _review(self, room: Room, call_id: str) -> None:
        """The time of a change is over, or one may begin."""
        async with self._changes.exclusive(room):
            call, now = room.call, self._timers.now()
            if call is None or call.id != call_id or call.over:
                return
            path, lost = call.path, frozenset[str]()
            if path.moving_to is not None and path.since and path.since + MOVE_WITHIN <= now:
                joined = frozenset(call.joined())
                path, lost = conclude(
                    path, joined, self._connected(room, call), self._changes.policy, now
                )
            await self._part(room, replace(call, path=path), sorted(lost))

    def _connected(self, room: Room, call: Call) -> frozenset[str]:
        """Participants whose leg is connected."""
        legs = self._current[room.consultation.id].legs
        found = (call.participant_of(peer_id) for peer_id, leg in legs.items() if leg.connected)
        return frozenset(one for one in found if one)

    async def _part(self, room: Room, call: Call, lost: Iterable[str]) -> None:
        """Change the call; those who cannot be taken along are told before they see it."""
        for participant_id in lost:
            peer_id = call.members[participant_id].peer_id
            call = call.leave(participant_id, self._clock.now())
            if peer_id is not None:
                room.tell_page(peer_id, wire.CallLost(call.id))
        await self._changes.change(room, None, call)
