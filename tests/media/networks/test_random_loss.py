"""A link that loses packets at random, and has no queue, takes no video away.

A model of a call with a clock: one participant receives audio and video of several others, and all of
their links lose the same fraction each way. Room, layer selection, estimate and the reading of RTCP are
the relay's own; the packets of the streams are counted instead of sent, and the participant's reports
are real SRTCP, some of which get lost too.
"""

import math
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from aiortc.rtp import RtcpReceiverInfo

from media.rooms.negotiation import SourceId
from media.rooms.peer import Peer
from media.rtp import rtcp
from media.rtp.codecs import Kind
from media.sfu import rtcp_received
from media.sfu.layer_selection import select_layers
from media.streams.outbound import OutboundStream
from scripts.traffic.relay_target import Target

NOW = 100.0
TICK = 0.02
AUDIO_RATE = 60_000.0
PACKET = 8 * 1_000
"Bits of a packet of video."
ROUND_TRIP = 0.04
KEYFRAME = 0.3
"Seconds from the choice of an encoding to its first packet."
SECONDS = 90
ESTIMATES_EVERY = 0.5


@dataclass
class Receiver:
    """How a client reports: seconds between reports on a stream, and what its REMBs cover."""

    video: tuple[float, float]
    audio: tuple[float, float]
    covers: str
    "``all`` streams in one REMB, ``each`` video in its own, or ``none``: it sends none."


RECEIVERS = {
    "browser": Receiver((0.5, 1.5), (2.5, 7.5), "all"),
    "aiortc": Receiver((0.5, 1.5), (0.5, 1.5), "each"),
    "without REMB": Receiver((0.5, 1.5), (2.5, 7.5), "none"),
}


@dataclass
class Reception:
    """One stream as the participant receives it."""

    due: float
    expected: int = 0
    lost: int = 0
    bits: float = 0.0
    "Of packets that have been sent in part."
    arrived: float = 0.0
    "Bits per second, smoothed as receivers do."
    remb: float = 0.0


@dataclass
class Call:
    """The participant, and what it receives."""

    target: Target
    subscriber: Peer
    receiver: Receiver
    chance: random.Random
    loss: float
    rates: dict[SourceId, float]
    now: float = NOW
    paused: dict[SourceId, float] = field(default_factory=dict)
    "Seconds without it, of each video that was paused."
    _streams: dict[SourceId, Reception] = field(default_factory=dict)
    _switch_at: dict[SourceId, float] = field(default_factory=dict)

    def hold(self, seconds: float) -> None:
        """Go on for so long."""
        end = self.now + seconds
        while self.now < end:
            self._tick()

    def _tick(self) -> None:
        self.now += TICK
        ticks = round((self.now - NOW) / TICK)
        for source, outbound in self.subscriber.downlink.outbound_streams.items():
            self._send(source, outbound)
        for message in self._due_reports():
            self._receive(message)
        if ticks % round(ESTIMATES_EVERY / TICK) == 0:
            for message in self._estimates():
                self._receive(message)
        if ticks % 50 == 0:
            self._second()
        if self.subscriber.downlink.estimate.urgent or ticks % 25 == 0:
            select_layers(self.target.sfu.rooms["room"], self.now)

    def _second(self) -> None:
        """What the relay does every second."""
        downlink = self.subscriber.downlink
        downlink.measure(1.0, self.now)
        downlink.note_round_trip(ROUND_TRIP, self.now)
        for peer in self.target.sfu.rooms["room"].peers.values():
            for inbound in peer.inbound_streams.values():
                inbound.report(self.now)

    def _send(self, source: SourceId, outbound: OutboundStream) -> None:
        """The packets of a moment, on their way from the publisher to the participant."""
        if outbound.target is not None:
            if self.now >= self._switch_at.setdefault(source, self.now + KEYFRAME):
                outbound.begin(outbound.target, 1, 0, memoryview(b""), self.now)
        else:
            self._switch_at.pop(source, None)
        inbound = outbound.inbound
        if inbound is None:
            self.paused[source] = self.paused.get(source, 0.0) + TICK
            return
        seen = self._streams.setdefault(source, Reception(self.now + self.chance.random()))
        video = source[1] is Kind.VIDEO
        packets = self._packets(seen, self.rates[source]) if video else 1
        bits = packets * (PACKET if video else AUDIO_RATE * TICK)
        before = self._lost_of(packets)
        lost = self._lost_of(packets if video else packets - before)
        inbound.next_sequence = (inbound.next_sequence + packets) & 0xFFFF
        # Of video the relay has what was lost on the way to it sent again.
        inbound.received += packets - (0 if video else before)
        inbound.last_seen = self.now
        outbound.packets += packets
        outbound.octets += int(bits / 8)
        seen.expected += packets
        seen.lost += lost + (0 if video else before)
        now_arrived = bits * (1 - lost / packets) / TICK if packets else 0.0
        seen.arrived += 0.04 * (now_arrived - seen.arrived)

    def _packets(self, seen: Reception, rate: float) -> int:
        seen.bits += rate * TICK
        whole = math.floor(seen.bits / PACKET)
        seen.bits -= whole * PACKET
        return whole

    def _lost_of(self, packets: int) -> int:
        return sum(self.chance.random() < self.loss for _ in range(packets))

    def _due_reports(self) -> Iterator[bytes]:
        for source, seen in self._streams.items():
            outbound = self.subscriber.downlink.outbound_streams[source]
            inbound = outbound.inbound
            if self.now < seen.due or inbound is None or not seen.expected:
                continue
            least, most = self.receiver.video if source[1] is Kind.VIDEO else self.receiver.audio
            seen.due = self.now + least + (most - least) * self.chance.random()
            highest = (inbound.next_sequence - 1 + outbound.sequence_offset) & 0xFFFF
            fraction = 256 * seen.lost // seen.expected
            seen.expected = seen.lost = 0
            yield rtcp.receiver_reports(
                1, [RtcpReceiverInfo(outbound.ssrc, min(fraction, 255), 0, highest, 0, 0, 0)]
            )

    def _estimates(self) -> Iterator[bytes]:
        """REMBs of a receiver that sees no queue: they grow up to one and a half times what comes."""
        videos = {
            source: seen
            for source, seen in self._streams.items()
            if source[1] is Kind.VIDEO
            and self.subscriber.downlink.outbound_streams[source].inbound is not None
        }
        for seen in videos.values():
            seen.remb = min(max(seen.remb, 0.85 * seen.arrived) * 1.04, 1.5 * seen.arrived + 10_000)
        groups = [list(videos)] if self.receiver.covers == "all" else [[one] for one in videos]
        for group in groups if self.receiver.covers != "none" else []:
            ssrcs = [self.subscriber.downlink.outbound_streams[source].ssrc for source in group]
            yield rtcp.bitrate_limit(1, int(sum(videos[one].remb for one in group)), ssrcs)

    def _receive(self, message: bytes) -> None:
        if self.chance.random() < self.loss:
            return
        ciphers = self.target.clients[self.subscriber.id].ciphers
        assert ciphers is not None
        sealed = ciphers.outgoing.protect_rtcp(message)
        rtcp_received.handle(self.subscriber, sealed, self.now, self.now, lambda _: None)


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    running = Target(clock=lambda: NOW)
    yield running
    await running.close()


async def begin(
    target: Target, receiver: Receiver, rates: list[float], loss: float, seed: int
) -> Call:
    """A call in which videos of these rates have begun."""
    names = "abcdefgh"[: len(rates) + 1]
    await target.fill(names)
    for client in target.clients.values():
        for stream in (client.audio, client.video):
            assert stream is not None
            client.send_packets(stream, 3, 0.0)
    target.sfu.forwarder.drain(target.port)
    room = target.sfu.rooms["room"]
    subscriber = room.peers[names[-1]]
    subscriber.downlink.video_since = NOW - 10
    sources: dict[SourceId, float] = {}
    for name, rate in zip(names, rates, strict=False):
        publisher = room.peers[name]
        sources[name, Kind.VIDEO] = rate
        for inbound in publisher.inbound_streams.values():
            inbound.bitrate = AUDIO_RATE if inbound.history is None else rate
            inbound.last_seen, inbound.began_at = NOW, NOW - 60
    for outbound in subscriber.downlink.outbound_streams.values():
        outbound.reports_arrivals = False
    call = Call(target, subscriber, receiver, random.Random(seed), 0.0, sources)
    call.hold(10)
    assert len(call.subscriber.downlink.outbound_streams) == 2 * len(rates)
    call.paused.clear()
    call.loss = loss
    return call


ROOMS = {"two": [900e3], "four": [700e3, 150e3, 300e3], "eight": [140e3, 35e3, 25e3] * 2 + [120e3]}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", ROOMS)
@pytest.mark.parametrize("kind", RECEIVERS)
async def test_random_loss_pauses_no_video(target: Target, kind: str, size: str, seed: int) -> None:
    call = await begin(target, RECEIVERS[kind], ROOMS[size], 0.06, seed)
    call.hold(SECONDS)
    assert call.paused == {}
