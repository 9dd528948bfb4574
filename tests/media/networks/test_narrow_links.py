"""However narrow a link is, video does not harm its audio for long.

A model of a call with a clock of half seconds: a publisher, a link that loses what is too much, and
a receiver that reports. Estimate and allocation are the relay's own.
"""

from dataclasses import dataclass, field

import pytest

from media.congestion.allocation import Choice, allocate
from media.congestion.bandwidth_estimate import SMALLEST_VIDEO, UNLIMITED, Estimate
from media.sfu.publisher_limit import LEAST_SIMULCAST, LEAST_VIDEO
from media.streams.receiver_reports import LIKELY

STEP = 0.5
AUDIO_RATE = 40_000.0
AUDIO_PACKETS = 50
"A second."
PACKET = 8 * 1_100
"Bits of a packet of video."


@dataclass
class Call:
    """One subscriber of one video, whose publisher sends one encoding and may be asked for less."""

    capacity: float
    floor: float
    estimates: bool
    "Whether the receiver sends estimates (REMB)."
    lost_by_nature: float = 0.0
    wanted: float = 700_000.0
    narrowed: float = 0.0
    "What the link can take from the second minute on, if that is less."
    estimate: Estimate = field(default_factory=Estimate)
    drowned: float = 0.0
    "Seconds in which more than a tenth was lost that need not be."
    seen: float = 0.0
    "Seconds with video."

    def hold(self, seconds: float) -> None:
        rate, watching, before, now = self.wanted, True, 0.0, 0.0
        reported = lost = packets = 0.0
        while now < seconds:
            now += STEP
            self.estimate.grow(now)
            self.estimate.probe_floor = AUDIO_RATE + (
                min(SMALLEST_VIDEO, rate) if watching else 0.0
            )
            choice = Choice("video", (rate,), 0 if watching else None, self.floor)
            found = allocate(self.estimate.limit, AUDIO_RATE, [choice])
            shown = found.chosen["video"] is not None
            if shown and not watching and self.estimate.limit < UNLIMITED:
                self.estimate.note_upgrade(now)
            watching = shown
            share = found.shares.get("video", self.wanted)
            target = min(self.wanted, max(share, self.floor))
            # An encoder takes a second to send less, and grows as estimates do.
            rate = max(target, 0.6 * rate) if rate > target else min(target, 1.04 * rate)
            video = rate if watching else 0.0
            sent = AUDIO_RATE + video
            # The first report afterwards speaks of before as well.
            narrowed = self.narrowed and now > 60.5
            too_much = max(0.0, 1 - (self.narrowed if narrowed else self.capacity) / sent)
            self.drowned += STEP * (too_much > 0.1)
            self.seen += STEP * watching
            if now % 1.0 == 0:
                self.estimate.note_round_trip(0.1 + 0.5 * (too_much > 0), sent, watching, now)
            reported += sent
            packets += STEP * (AUDIO_PACKETS + video / PACKET)
            lost += sent * (1 - (1 - too_much) * (1 - self.lost_by_nature))
            # Reports on video come every second, those on audio every five.
            if now % (1.0 if watching else 5.0) == 0:
                chance = LIKELY / packets
                self.estimate.note_loss(lost / reported, sent, video, now, before, chance)
                reported = lost = packets = 0.0
                if watching and self.estimates:
                    claimed = 0.85 * (1 - too_much) if too_much else 1.5
                    self.estimate.note_remb(int(claimed * video), video, AUDIO_RATE, now)
                before = sent


@pytest.mark.parametrize("estimates", [False, True])
@pytest.mark.parametrize(
    ("floor", "capacity"),
    [(LEAST_VIDEO, rate * 1e3) for rate in (60, 100, 130, 150, 160, 170, 190, 200, 300)]
    + [(LEAST_SIMULCAST, rate * 1e3) for rate in (60, 130, 190, 220, 250, 280, 300, 400)],
)
def test_audio_is_not_drowned_by_a_video_that_cannot_be_made_small_enough(
    floor: float, capacity: float, estimates: bool
) -> None:
    call = Call(capacity, floor, estimates)
    call.hold(300)
    assert call.drowned < 0.1 * 300
    if capacity > 1.2 * (floor + AUDIO_RATE):
        assert call.seen > 0.8 * 300, "and what fits is shown"


@pytest.mark.parametrize("estimates", [False, True])
@pytest.mark.parametrize("floor", [LEAST_VIDEO, LEAST_SIMULCAST])
@pytest.mark.parametrize("narrowed", [60e3, 80e3, 100e3, 200e3, 300e3])
def test_audio_is_soon_above_water_when_a_link_narrows(
    narrowed: float, floor: float, estimates: bool
) -> None:
    call = Call(3e6, floor, estimates, narrowed=narrowed)
    call.hold(180)
    assert call.seen > 55
    assert call.drowned < 0.2 * 120
