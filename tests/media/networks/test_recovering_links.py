"""A link that was narrow and recovers has its large video back within seconds, and audio before.

A model of a call with a clock: one subscriber of one camera in two encodings, behind a link with a
queue or a policer. Room, layer selection, estimate and probes are the relay's own; the packets of
the streams are counted instead of sent.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from media.congestion.bandwidth_estimate import LOSS_CALM
from media.congestion.queueing_delay import Delay
from media.rooms.peer import Peer
from media.rtp.codecs import Kind
from media.sfu import bandwidth_probes
from media.sfu.layer_selection import select_layers
from media.streams.inbound import InboundStream
from media.streams.receiver_reports import LIKELY
from scripts.traffic.relay_target import Target

NOW = 100.0
TICK = 0.02
AUDIO_RATE, SMALL_RATE, LARGE_RATE = 40_000.0, 150_000.0, 900_000.0
AUDIO_PACKETS = 50
"A second."
PACKET = 8 * 1_100
"Bits of a packet of video."
NARROW, WIDE = 320_000.0, 5_000_000.0
ONE_WAY = 0.075
KEYFRAME = 0.3
"Seconds from the choice of an encoding to its first packet."
SOON = 8.0


@dataclass
class Link:
    """A narrow link, that either queues what is too much for it or drops it at once."""

    capacity: float = NARROW
    policed: bool = False
    loss: float = 0.0
    backlog: float = 0.0
    "Bits that wait, or that were let through in a burst."
    most: float = NARROW * 0.3
    "Bits that may."

    def carry(self, bits: float, seconds: float) -> float:
        """Take what is sent in a moment. Returns the fraction lost of it."""
        self.backlog = max(0.0, self.backlog - self.capacity * seconds) + bits
        excess = max(0.0, self.backlog - self.most)
        self.backlog -= excess
        return 1 - (1 - excess / bits) * (1 - self.loss)

    @property
    def wait(self) -> float:
        return 0.0 if self.policed else self.backlog / self.capacity


@dataclass
class Call:
    """The subscriber, and what it receives. Times are seconds from the beginning."""

    target: Target
    subscriber: Peer
    large: InboundStream
    small: InboundStream
    link: Link
    chance: random.Random
    now: float = NOW
    drowned: float = 0.0
    "Seconds of audio lost that the link does not lose anyway."
    _switch_at: float = 0.0
    _reports: list[tuple[float, dict[int, float | None]]] = field(default_factory=list)
    _second: float = NOW
    _sent: float = 0.0
    _lost: float = 0.0
    _video: float = 0.0
    _begun: float = 0.0
    _begun_lost: float = 0.0

    @property
    def seen(self):
        return self.subscriber.downlink.outbound_streams["a", Kind.VIDEO]

    def hold(self, seconds: float, until_large: bool = False) -> float:
        """Go on for so long, or until the large encoding is there. Returns the seconds passed."""
        began = self.now
        while self.now - began < seconds and not (until_large and self.seen.inbound is self.large):
            self._tick()
        return self.now - began

    def _tick(self) -> None:
        self.now += TICK
        for stream in (self.large, self.small):
            stream.last_seen = self.now
        downlink = self.subscriber.downlink
        prober = downlink.prober
        before, octets = (set(prober.round.sent), prober.round.octets) if prober.round else ((), 0)
        if prober.round is not None:
            bandwidth_probes.service(self.subscriber, self.now)
        current = prober.round
        padding = [one for one in current.sent if one not in before] if current else []
        video = self.seen.inbound.bitrate if self.seen.inbound is not None else 0.0
        bits = (AUDIO_RATE + video) * TICK
        padded = (current.octets - (octets if before else 0)) * 8 if current else 0.0
        lost = self.link.carry(bits + padded, TICK)
        self.drowned += TICK * max(0.0, lost - self.link.loss)
        self._report_padding(padding, lost)
        self._switch()
        self._sent += bits
        self._lost += bits * lost
        self._video += video * TICK
        self._watch(video * TICK, lost)
        if round((self.now - NOW) / TICK) % 50 == 0:
            self._report()
        if downlink.estimate.urgent or round((self.now - NOW) / TICK) % 25 == 0:
            select_layers(self.target.sfu.rooms["room"], self.now)

    def _report_padding(self, padding: list[int], lost: float) -> None:
        found = {
            number: None if self.chance.random() < lost else self.now + ONE_WAY + self.link.wait
            for number in padding
        }
        if found:
            self._reports.append((self.now + self.link.wait + 2 * ONE_WAY + 0.1, found))
        for due, arrivals in self._reports:
            if due <= self.now and self.chance.random() >= self.link.loss:
                self.subscriber.downlink.prober.note_feedback(arrivals)
        self._reports = [one for one in self._reports if one[0] > self.now]

    def _switch(self) -> None:
        """A keyframe of the encoding that was chosen arrives."""
        if self.seen.target is None:
            self._switch_at = self.now + KEYFRAME
        elif self.now >= self._switch_at:
            self.seen.begin(self.seen.target, 1, 0, memoryview(b""), self.now)
            self._begun = self._begun_lost = 0.0

    def _watch(self, bits: float, lost: float) -> None:
        """NACKs stop a video that has just begun and does not fit."""
        estimate = self.subscriber.downlink.estimate
        self._begun += bits
        self._begun_lost += bits * lost
        if 30 * 8000 < self._begun < 400 * 8000:
            fraction = self._begun_lost / self._begun
            estimate.note_overuse(fraction, self.subscriber.downlink.present_rate, self.now)

    def _report(self) -> None:
        """The receiver reports of a second."""
        downlink, fraction = self.subscriber.downlink, self._lost / self._sent
        seconds = self.now - self._second
        downlink.rate_before, downlink.rate = downlink.rate, self._sent / seconds
        downlink.video_rates = {self.seen.ssrc: self._video / seconds}
        downlink.note_round_trip(2 * ONE_WAY + self.link.wait, self.now)
        downlink.estimate.note_loss(
            fraction,
            downlink.present_rate,
            downlink.video_rate,
            self.now,
            downlink.rate_before,
            LIKELY / (seconds * AUDIO_PACKETS + self._video / PACKET),
        )
        if fraction <= downlink.estimate.random_loss + LOSS_CALM:
            downlink.prober.note_fitting(min(downlink.rate, downlink.rate_before), self.now)
        self._second, self._sent, self._lost, self._video = self.now, 0.0, 0.0, 0.0


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    running = Target(clock=lambda: NOW)
    await running.fill("ac")
    client = running.clients["a"]
    for stream in (client.audio, client.video):
        assert stream is not None
        client.send_packets(stream, 3, 0.0)
    running.sfu.forwarder.drain(running.port)
    yield running
    await running.close()


def begin(target: Target, link: Link, seed: int, reports_arrivals: bool = True) -> Call:
    """A call in which the small encoding has just begun."""
    room = target.sfu.rooms["room"]
    publisher, subscriber = room.peers["a"], room.peers["c"]
    camera = publisher.publications.by_kind[Kind.VIDEO]
    large = next(iter(camera.inbound_streams.values()))
    small = InboundStream(77, large.codec, "a", "l")
    large.rid = "h"
    camera.rids, camera.inbound_streams = ("h", "l"), {"h": large, "l": small}
    for stream, rate in ((large, LARGE_RATE), (small, SMALL_RATE)):
        stream.bitrate, stream.last_seen, stream.began_at = rate, NOW, NOW - 60
    for inbound in publisher.inbound_streams.values():
        if inbound.history is None:
            inbound.bitrate = AUDIO_RATE
    for outbound in subscriber.downlink.outbound_streams.values():
        outbound.reports_arrivals = reports_arrivals
    subscriber.downlink.video_since = NOW
    subscriber.downlink.estimate.delay = Delay()
    call = Call(target, subscriber, large, small, link, random.Random(seed))
    call.seen.begin(small, 1, 0, memoryview(b""), NOW)
    return call


KINDS = {
    "queue": {},
    "policed": {"policed": True, "most": 32_000.0},
    "lossy": {"loss": 0.05},
    "lossy and policed": {"loss": 0.05, "policed": True, "most": 32_000.0},
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
async def test_a_link_that_recovers_has_its_large_video_back_soon(
    target: Target, kind: str, seed: int
) -> None:
    call = begin(target, Link(**KINDS[kind]), seed)
    narrow = call.hold(20 + 7.3 * seed)
    assert call.seen.inbound is call.small
    assert call.drowned < 0.02 * narrow, "and audio is hardly harmed until then"
    call.link.capacity = WIDE
    call.drowned = 0.0
    assert call.hold(60, until_large=True) < SOON
    call.hold(20)
    assert call.seen.inbound is call.large
    assert call.drowned < 0.2


async def test_without_reports_on_arrivals_it_takes_longer(target: Target) -> None:
    call = begin(target, Link(), 0, reports_arrivals=False)
    call.hold(20)
    call.link.capacity = WIDE
    assert call.hold(60, until_large=True) > SOON
