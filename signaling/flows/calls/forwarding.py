"""What happens when a call goes through the relay, moves there, or comes back from it.

A leg is one page's RTCPeerConnection with the relay. Legs follow the call: every member has one
while the call is forwarded or about to be, and nobody else. What should be and what is are compared
again after every change, so that a lost command or a late event does no harm. The decisions are
those of `signaling/calls/topology.py`.

Every time kept here is one of the timers' clock.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from signaling.calls import relay_events
from signaling.calls.call import RECONNECT_GRACE, Call
from signaling.calls.topology import (
    CONNECT_WITHIN,
    MOVE_WITHIN,
    Policy,
    Topology,
    arrive,
    block,
    complete,
    conclude,
    next_review,
)
from signaling.command import Command
from signaling.errors import NotFound
from signaling.ports.clock import Clock, Timers
from signaling.ports.relay import Relay
from signaling.rooms.attendance import Attendance
from signaling.rooms.room import Room
from signaling.wire import client_messages as client
from signaling.wire import messages as wire

RETRY_AFTER = timedelta(seconds=2)
"A leg that failed is replaced no sooner than this after it was made."


class Changes(Protocol):
    """Changes of calls, see `signaling/flows/calls/call_changes.py`; each ends in `follow`."""

    @property
    def policy(self) -> Policy: ...

    def exclusive(self, room: Room) -> AbstractAsyncContextManager[object]: ...

    async def change(self, room: Room, command: Command | None, call: Call) -> bool: ...


@dataclass
class _Leg:
    joined_at: datetime
    connected: bool = False
    offer: wire.RelayOffer | None = None
    "Not answered yet: sent again when the page's socket comes back."
    sharing: bool = False


@dataclass
class _RelayRoom:
    """The room that one live call has at the relay."""

    room: Room
    call_id: str
    ended: bool = False
    open: bool = False
    legs: dict[str, _Leg] = field(default_factory=dict)
    "By peer id."
    connect_by: dict[str, datetime] = field(default_factory=dict)
    "By peer id: when a leg that is not connected counts as impossible."
    retry_at: dict[str, datetime] = field(default_factory=dict)
    "By peer id: no new leg before."
    stale: set[str] = field(default_factory=set)
    "Peer ids whose leg is to be replaced."
    target: Topology | None = None
    receives: dict[str, frozenset[str]] = field(default_factory=dict)
    "Which participants each participant reports receiving over the target topology."
    reconciling: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        return f"{self.room.consultation.id}:{self.call_id}"

    @property
    def call(self) -> Call | None:
        call = self.room.call
        return call if call is not None and call.id == self.call_id and not call.over else None


class Forwarding:
    def __init__(self, changes: Changes, relay: Relay, clock: Clock, timers: Timers) -> None:
        self._changes = changes
        self._relay = relay
        self._clock = clock
        self._timers = timers
        self._relay_rooms: dict[str, _RelayRoom] = {}
        "By id."
        self._current: dict[str, _RelayRoom] = {}
        "By consultation."

    async def close(self) -> None:
        """Stop reconciling; the relay ends its connections itself."""
        tasks = [each.reconciling for each in self._relay_rooms.values() if each.reconciling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- from pages

    async def answer(self, attendance: Attendance, message: client.RelayAnswer) -> None:
        """Pass an answer on. Raises NotFound for a page that is not in the call."""
        relay_room, peer_id = self._relay_room_of(attendance)
        leg = relay_room.legs.get(peer_id)
        if leg is None or leg.offer is None or leg.offer.revision != message.revision:
            return  # the answer to an outdated offer
        leg.offer = None
        await self._relay.answer(relay_room.id, peer_id, message.revision, message.sdp)

    async def ready(self, attendance: Attendance, message: client.PathReady) -> None:
        """A page receives these peers over that topology; the last one completes the move."""
        relay_room, _ = self._relay_room_of(attendance)
        room = relay_room.room
        async with self._changes.exclusive(room):
            call = relay_room.call
            if call is None or call.path.moving_to != message.topology:
                return
            relay_room.receives[attendance.participant_id] = _participants(call, message.peers)
            joined = frozenset(call.joined())
            if complete(call.path, joined, relay_room.receives):
                moved = replace(call, path=arrive(call.path, joined))
                await self._changes.change(room, None, moved)

    async def failed(self, attendance: Attendance, message: client.PathFailed) -> None:
        """A page has no path: to another page, or to the relay."""
        relay_room, peer_id = self._relay_room_of(attendance)
        room = relay_room.room
        async with self._changes.exclusive(room):
            call = relay_room.call
            if call is None:
                return
            if message.to is None:
                self._replace_leg(relay_room, peer_id)
                await self._changes.change(room, None, call)
                self._reconcile(relay_room)
                return
            other = call.participant_of(message.to)
            joined = frozenset(call.joined())
            if other is not None and joined == {attendance.participant_id, other}:
                blocked = replace(call, path=block(call.path, joined))
                await self._changes.change(room, None, blocked)

    async def prefer(self, attendance: Attendance, message: client.TileShown) -> None:
        """At what height a page shows somebody's video."""
        relay_room, peer_id = self._relay_room_of(attendance)
        call = relay_room.call
        # Also while the publisher's leg is being replaced: the page does not repeat it.
        if peer_id in relay_room.legs and call is not None and call.participant_of(message.peer_id):
            await self._relay.prefer(
                relay_room.id, peer_id, message.peer_id, message.kind, message.height
            )

    # --- from the room

    def follow(self, room: Room) -> None:
        """The call, or who is in it, has changed."""
        call, current = room.call, self._current.get(room.consultation.id)
        if current is not None and current.call is None:
            current.ended = True
            del self._current[room.consultation.id]
            self._timers.cancel(f"topology:{current.call_id}")
            self._reconcile(current)
            current = None
        if call is None or call.over:
            return
        if current is None:
            current = _RelayRoom(room, call.id)
            self._relay_rooms[current.id] = self._current[room.consultation.id] = current
        if current.target is not call.path.moving_to:
            current.target = call.path.moving_to
            current.receives.clear()
        self._set_review(room, call)
        self._reconcile(current)

    def came_back(self, room: Room, participant_id: str) -> None:
        """The same page is back on another socket."""
        relay_room = self._current.get(room.consultation.id)
        seat = room.seats[participant_id]
        if relay_room is None or seat.peer_id is None:
            return
        leg = relay_room.legs.get(seat.peer_id)
        if leg is not None and not leg.connected:
            self._expect_connection(relay_room, seat.peer_id, CONNECT_WITHIN)
        if leg is not None and leg.offer is not None:
            # The offer or its answer may have been lost with the socket; no other offer follows.
            room.send_to_peer(seat.peer_id, leg.offer)
        self._reconcile(relay_room)

    # --- from the relay

    def receive(self, event: relay_events.Event) -> None:
        """Pass an event on to the pages; events about legs that are gone are ignored."""
        relay_room = self._relay_rooms.get(event.room_id)
        if relay_room is None:
            return
        if isinstance(event, relay_events.ActiveSpeaker):
            for peer_id in relay_room.legs:
                relay_room.room.send_to_peer(peer_id, wire.ActiveSpeaker(event.peer_id))
            return
        leg = relay_room.legs.get(event.peer_id)
        if leg is None:
            return
        match event:
            case relay_events.Offered():
                leg.offer = wire.RelayOffer(
                    event.revision, event.fresh, event.sdp, list(event.tracks)
                )
                relay_room.room.send_to_peer(event.peer_id, leg.offer)
            case relay_events.Connected():
                leg.connected = True
                relay_room.connect_by.pop(event.peer_id, None)
            case relay_events.Disconnected():
                self._disconnected(relay_room, event.peer_id, leg)
                if not event.returning:
                    self._drop_leg(relay_room, event.peer_id, leg)
                    self._reconcile(relay_room)
            case relay_events.VideoPaused():
                relay_room.room.send_to_peer(
                    event.peer_id,
                    wire.VideoPaused(event.publisher_id, event.kind, event.paused),
                )

    # --- legs

    def _relay_room_of(self, attendance: Attendance) -> tuple[_RelayRoom, str]:
        """(relay room of the call that this very page is in, its peer id). Raises NotFound."""
        relay_room = self._current.get(attendance.room.consultation.id)
        peer_id = attendance.connection.peer_id
        call = None if relay_room is None else relay_room.call
        if (
            relay_room is None
            or call is None
            or call.participant_of(peer_id) != attendance.participant_id
        ):
            raise NotFound
        return relay_room, peer_id

    def _wanted(self, relay_room: _RelayRoom) -> dict[str, bool]:
        """Peer ids that should have a leg -> whether they share a screen."""
        call = relay_room.call
        if call is None or not call.path.forwarded:
            return {}
        wanted = {}
        for participant_id in call.joined():
            seat = relay_room.room.seats.get(participant_id)
            member = call.members[participant_id]
            # Another page in the same seat has not joined: the old one's media are gone.
            if seat is not None and member.peer_id and seat.peer_id == member.peer_id:
                wanted[member.peer_id] = seat.media is not None and seat.media.screen
        return wanted

    def _reconcile(self, relay_room: _RelayRoom) -> None:
        if relay_room.reconciling is None or relay_room.reconciling.done():
            relay_room.reconciling = asyncio.create_task(
                self._reconcile_legs(relay_room), name="legs"
            )

    async def _reconcile_legs(self, relay_room: _RelayRoom) -> None:
        while (step := self._next_step(relay_room)) is not None:
            await step
        if relay_room.ended:
            self._relay_rooms.pop(relay_room.id, None)

    def _next_step(self, relay_room: _RelayRoom) -> Coroutine[None, None, None] | None:
        """The command that brings the relay nearer to what should be; None: nothing is left."""
        wanted, room_id, now = self._wanted(relay_room), relay_room.id, self._timers.now()
        if wanted and not relay_room.open:
            relay_room.open = True
            return self._relay.open(room_id, self.receive)
        for peer_id in relay_room.legs:
            if peer_id not in wanted or peer_id in relay_room.stale:
                del relay_room.legs[peer_id]
                relay_room.stale.discard(peer_id)
                if peer_id not in wanted:
                    relay_room.connect_by.pop(peer_id, None)
                return self._relay.leave(room_id, peer_id)
        for peer_id, sharing in wanted.items():
            leg = relay_room.legs.get(peer_id)
            if leg is None and relay_room.retry_at.get(peer_id, now) <= now:
                relay_room.legs[peer_id] = _Leg(now)
                if peer_id not in relay_room.connect_by:
                    self._expect_connection(relay_room, peer_id, CONNECT_WITHIN)
                return self._relay.join(room_id, peer_id)
            if leg is not None and leg.sharing != sharing:
                leg.sharing = sharing
                return self._relay.share(room_id, peer_id, sharing)
        if relay_room.open and not wanted:
            relay_room.open = False
            return self._relay.close(room_id)
        return None

    def _disconnected(self, relay_room: _RelayRoom, peer_id: str, leg: _Leg) -> None:
        if leg.connected:
            self._expect_connection(relay_room, peer_id, RECONNECT_GRACE)
        leg.connected, leg.offer = False, None

    def _drop_leg(self, relay_room: _RelayRoom, peer_id: str, leg: _Leg) -> None:
        """The leg is gone; another one follows, but without a busy loop."""
        del relay_room.legs[peer_id]
        retry_at = leg.joined_at + RETRY_AFTER
        relay_room.retry_at[peer_id] = retry_at
        if retry_at > self._timers.now():

            async def reconcile() -> None:
                self._reconcile(relay_room)

            self._timers.set(f"leg again:{relay_room.id}:{peer_id}", retry_at, reconcile)

    def _replace_leg(self, relay_room: _RelayRoom, peer_id: str) -> None:
        """The page reports that its leg carries nothing."""
        leg = relay_room.legs.get(peer_id)
        if leg is not None and self._timers.now() >= leg.joined_at + RETRY_AFTER:
            self._disconnected(relay_room, peer_id, leg)
            relay_room.stale.add(peer_id)

    # --- time

    def _expect_connection(self, relay_room: _RelayRoom, peer_id: str, within: timedelta) -> None:
        deadline = relay_room.connect_by[peer_id] = self._timers.now() + within

        async def check() -> None:
            if relay_room.connect_by.get(peer_id) == deadline:
                await self._not_connected(relay_room, peer_id)

        self._timers.set(f"leg:{relay_room.id}:{peer_id}", deadline, check)

    async def _not_connected(self, relay_room: _RelayRoom, peer_id: str) -> None:
        """Somebody cannot reach the relay: they leave the call, the others go on."""
        room = relay_room.room
        relay_room.connect_by.pop(peer_id, None)
        async with self._changes.exclusive(room):
            call = relay_room.call
            participant_id = None if call is None else call.participant_of(peer_id)
            if call is None or participant_id is None:
                return
            if call.path.moving_to is not None:  # a move has a deadline of its own
                self._expect_connection(relay_room, peer_id, CONNECT_WITHIN)
            elif not self._relay.usable:  # nobody's fault: all go on directly
                await self._changes.change(room, None, call)
            elif call.path.forwarded and room.seats[participant_id].online:
                await self._change_without(room, call, [participant_id])

    def _set_review(self, room: Room, call: Call) -> None:
        name, at = f"topology:{call.id}", next_review(call.path)
        if at is None or (call.path.moving_to is None and at <= self._timers.now()):
            self._timers.cancel(name)
        else:
            self._timers.set(name, at, lambda: self._review(room, call.id))

    async def _review(self, room: Room, call_id: str) -> None:
        """The deadline of a move has passed, or a move may begin."""
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
            await self._change_without(room, replace(call, path=path), sorted(lost))

    def _connected(self, room: Room, call: Call) -> frozenset[str]:
        """Participants whose leg is connected."""
        legs = self._current[room.consultation.id].legs
        return _participants(call, (peer_id for peer_id, leg in legs.items() if leg.connected))

    async def _change_without(self, room: Room, call: Call, lost: Iterable[str]) -> None:
        """Change the call without the `lost` participants, who are told so before they see it."""
        for participant_id in lost:
            peer_id = call.members[participant_id].peer_id
            call = call.leave(participant_id, self._clock.now())
            if peer_id is not None:
                room.send_to_peer(peer_id, wire.CallLost(call.id))
        await self._changes.change(room, None, call)


def _participants(call: Call, peer_ids: Iterable[str]) -> frozenset[str]:
    """Who is in the call with these peers."""
    found = (call.participant_of(peer_id) for peer_id in peer_ids)
    return frozenset(participant_id for participant_id in found if participant_id)
