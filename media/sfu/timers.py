"""All that happens by the clock: one wheel for the participants and rooms of a worker.

A wheel has a slot for each fifth tick of its period, and everybody is in the least filled one, so that
the load stays even; in between, what a turn needs of code and data would leave the processor's caches.
What every packet changes is counted where packets are handled; here the counters
are looked at. Nothing here is done for each packet, and only what a second or a tenth of one must
not miss is done for each participant.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, ParamSpec, Protocol, TypeVar

from media.forwarding.packet_loop import Forwarder
from media.forwarding.read_schedule import ReadSchedule
from media.messages import ActiveSpeaker, Event
from media.rooms.peer import Peer
from media.rooms.room import Room
from media.sfu import bandwidth_probes, rtcp_sent
from media.sfu.layer_selection import select_layers, select_layers_for
from media.sfu.publisher_limit import publisher_limit

logger = logging.getLogger(__name__)

TICK = 0.02
"Seconds between two ticks."
SERVICE_TICKS = 5
"""Ticks between two looks at a participant. Where Python writes transport-wide feedback that is its
interval: 100 ms, as the draft says."""
GATHERED = 5
"Ticks from one on which anybody has a turn to the next."
SERVED_AT_ONCE = 8
"Participants looked at before packets that wait have their turn."
SELECTION_TICKS = 25
SPEAKER_TICKS = 10
SECOND_TICKS = 50

Item = TypeVar("Item")
P = ParamSpec("P")


class Wheel(Generic[Item]):
    """Whom a timer concerns, each once in ``ticks`` ticks, on each ``GATHERED``-th of them."""

    def __init__(self, ticks: int) -> None:
        self._slots: list[dict[Item, None]] = [{} for _ in range(ticks // GATHERED)]

    def add(self, item: Item) -> None:
        """Have a turn from now on."""
        min(self._slots, key=len)[item] = None

    def discard(self, item: Item) -> None:
        """Have none any more."""
        for slot in self._slots:
            slot.pop(item, None)

    def due(self, tick: int) -> list[Item]:
        """Whose turn it is."""
        turn, between = divmod(tick, GATHERED)
        return [] if between else list(self._slots[turn % len(self._slots)])


class Served(Protocol):
    """Whose timers these are: an SFU."""

    rooms: dict[str, Room]
    forwarder: Forwarder
    now: Callable[[], float]
    emit: Callable[[Event], None]

    def disconnect(self, room: Room, peer: Peer, reason: str = "") -> None: ...


class Timers:
    """The wheels of one SFU, and what they do."""

    def __init__(self, sfu: Served, loop: asyncio.AbstractEventLoop) -> None:
        self._sfu = sfu
        self._loop = loop
        self._read_schedule: ReadSchedule | None = None
        self._services: Wheel[Peer] = Wheel(SERVICE_TICKS)
        self._seconds: Wheel[Peer] = Wheel(SECOND_TICKS)
        self._selections: Wheel[Room] = Wheel(SELECTION_TICKS)
        self._speakers: Wheel[Room] = Wheel(SPEAKER_TICKS)
        self._thrift: Wheel[Room] = Wheel(SECOND_TICKS)
        self._probed: set[Peer] = set()
        "Whose link is being probed; others send no padding."
        self._threaded = False
        "Whether the native loop's thread ran at the last tick; it may end by itself."
        self._tick = 0
        self._next_tick = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, read_schedule: ReadSchedule) -> None:
        """Tick from now on."""
        self._read_schedule = read_schedule
        self._next_tick = self._loop.time() + TICK
        self._timer = self._loop.call_at(self._next_tick, self.tick)

    def stop(self) -> None:
        """Tick no more."""
        if self._timer is not None:
            self._timer.cancel()

    def add(self, peer: Peer) -> None:
        """Serve a participant until it is removed."""
        self._services.add(peer)
        self._seconds.add(peer)

    def remove(self, peer: Peer) -> None:
        """Serve a participant no more."""
        self._services.discard(peer)
        self._seconds.discard(peer)
        self._probed.discard(peer)

    def add_room(self, room: Room) -> None:
        """Serve a room until it is removed."""
        for wheel in (self._selections, self._speakers, self._thrift):
            wheel.add(room)

    def remove_room(self, room: Room) -> None:
        """Serve a room no more."""
        for wheel in (self._selections, self._speakers, self._thrift):
            wheel.discard(room)

    def select(self, room: Room) -> None:
        """Select the layers of everybody in a room now, as something has changed."""
        select_layers(room, self._sfu.now())
        self._note_probes(room)

    def _note_probes(self, room: Room) -> None:
        self._probed.update(
            peer for peer in room.peers.values() if peer.downlink.prober.round is not None
        )

    def tick(self) -> None:
        """Do what is due, and come again."""
        self._safely(self._work)
        # A machine that slept, or a busy loop, skips ticks instead of catching up with them.
        self._next_tick = max(self._next_tick + TICK, self._loop.time() + TICK / 4)
        self.stop()
        self._timer = self._loop.call_at(self._next_tick, self.tick)

    def _safely(self, work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Do something for one of them: a bug there must not stop what the others are due."""
        try:
            work(*args, **kwargs)
        except Exception:
            self._note_fault()

    def _note_fault(self) -> None:
        self._sfu.forwarder.errors += 1
        logger.exception("a timer failed")

    def _work(self) -> None:
        self._tick += 1
        if self._read_schedule is not None:
            self._safely(self._read_schedule.take_reports)
            self._threaded = self._read_schedule.threaded
        tick, now = self._tick, self._sfu.now()
        self._safely(self._send_nacks, now)
        self._safely(self._send_padding, now)
        for number, peer in enumerate(self._services.due(tick), 1):
            # What `_safely` does, at less than its cost: this is what is done most often.
            try:
                self.serve(peer, now)
            except Exception:
                self._note_fault()
            if not number % SERVED_AT_ONCE:
                self._let_packets_through()
        for peer in self._seconds.due(tick):
            self._safely(self._serve_each_second, peer, now)
            self._let_packets_through()
        for room in self._selections.due(tick):
            self._safely(self.select, room)
            self._let_packets_through()
        for room in self._speakers.due(tick):
            self._safely(self._detect_speakers, room, now)
        for room in self._thrift.due(tick):
            self._safely(room.follow_thrift)
        self._sfu.forwarder.flush()
        if self._read_schedule is not None:
            self._read_schedule.review(TICK)

    def _let_packets_through(self) -> None:
        if self._read_schedule is not None:
            self._read_schedule.drain_all()

    def _send_nacks(self, now: float) -> None:
        gaps = self._sfu.forwarder.gaps
        for peer, inbound in list(gaps):
            rtcp_sent.send_nack(peer, inbound, now)
            if not inbound.missing or peer.closed:
                gaps.discard((peer, inbound))

    def _send_padding(self, now: float) -> None:
        for peer in list(self._probed):
            bandwidth_probes.service(peer, now)
            if peer.downlink.prober.round is None:
                self._probed.discard(peer)

    def serve(self, peer: Peer, now: float) -> None:
        """Send a participant what cannot wait for the next second; ten times in one."""
        if peer.downlink.estimate.urgent:
            room = self._sfu.rooms[peer.room_id]
            select_layers_for(room, peer, now)
            self._note_probes(room)
        if peer.inbound_streams and peer.connected:
            rtcp_sent.send_keyframe_requests(peer, now)
        if not (peer.feedback_session and self._threaded) and peer.connected:
            rtcp_sent.send_transport_feedback(peer)

    def _serve_each_second(self, peer: Peer, now: float) -> None:
        room = self._sfu.rooms[peer.room_id]
        seconds = max(now - peer.measured_at, TICK)
        peer.measured_at = now
        for inbound in peer.inbound_streams.values():
            inbound.measure(seconds)
        peer.downlink.measure(seconds, now)
        peer.uplink.rate = peer.received_octets * 8 / seconds
        if peer.liveness.is_unchecked(now):
            self._look_for_life(peer, now)
        peer.received_octets = 0
        peer.liveness.spoke = False
        if peer.connected:
            # A peer that publishes nothing needs no limit, and computing one looks at everybody.
            limit = publisher_limit(room, peer, now) if peer.inbound_streams else 0
            rtcp_sent.send_receiver_reports(peer, now, limit)
            rtcp_sent.send_own_reports(peer, now, room.peers.get)
        if peer.uplink.supports_red and peer.uplink.redundancy.note(rtcp_sent.audio_loss(peer)):
            room.set_redundancy(peer, peer.uplink.redundancy.wanted)
        if peer.liveness.is_silent(now):
            self._sfu.disconnect(room, peer, "silent")

    def _look_for_life(self, peer: Peer, now: float) -> None:
        """Let authentic packets of the last second count for a peer that sends no checks.

        Only those from its destination do. They are not counted by address, so what came while it
        had other addresses counts for nothing, and it loses those.
        """
        if peer.addresses != [peer.destination.address]:
            self._sfu.forwarder.demux.keep_destination_only(peer)
        elif peer.received_octets or peer.liveness.spoke:
            peer.liveness.alive_at = now

    def _detect_speakers(self, room: Room, now: float) -> None:
        before = room.speakers.speaker
        for peer in room.peers.values():
            count = peer.loudness_count
            room.speakers.note(peer.id, peer.loudness / count if count else 0.0)
            if count:
                peer.loudness = peer.loudness_count = 0
        speaker = room.speakers.decide(now)
        if speaker != before:
            self._sfu.emit(ActiveSpeaker(room.id, speaker))
