"""Bandwidth probes: whether a link takes more than is sent, before more is sent.

A better encoding is a jump to several times the bit rate. So padding is first sent beside what is
sent anyway, at the rate that the encoding would need in all, and the receiver reports when each of
its packets arrived (transport-wide feedback). Packets that arrive later and later are in a queue,
packets that are missing were too many: then the link does not take it.

A probe has several rounds. The first doubles the rate for a moment, so that it costs a link that is
full already little, the next doubles it again, and the last holds the rate that is wanted for as
long as a short queue would hide that it is too much. (draft-ietf-rmcat-gcc-02 leaves probing open;
browsers probe with padding as well, but in bursts.)
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from enum import Enum

STEP = 2.0
"Factor by which a round exceeds what is known to fit."
GENTLE_STEP = 1.5
"The same once a probe has lost packets: some of them were audio."
ROUND = 0.15
"Seconds of a round, the last one excepted: five ticks or more, so that jitter averages out."
LAST_ROUND = 0.4
PACKETS = 12
"Packets that a round consists of at least; more where those would be too large."
FEWEST = 6
"Packets of a round that must be reported on for a verdict."
HEARD = 0.6
"Fraction of its packets that must be: a lost report says nothing of what it covered."
LOSSY = 0.15
"Fraction lost beyond the link's random loss that is too much."
FEWEST_LOST = 3
CHANCE = 2.5
"Standard deviations by which the random loss of so few packets may exceed its mean."
STEEP = 0.25
"Seconds that the delay may grow by in a second of a round. Beyond it a queue builds up."
LAST_STEEP = 0.1
JITTER = 0.015
"Seconds of growth that may always be chance."
LONGEST_QUEUE = 0.12
"Seconds of growth at which a round ends at once: audio waits in the same queue."
PATIENCE = 0.5
"Seconds beyond a round trip in which reports must have come."
RETRY_AFTER = 2.5
"Seconds from a probe that was too much to the next: it has cost audio up to a tenth of a second."
MOST_RETRY_AFTER = 3.5
SPARSE = 5.0
"Factor of these waits for a link whose audio is to take few bits: it notices each probe."
UNHEARD_RETRY_AFTER = 1.0
DEAF_RETRY_AFTER = 60.0
"Seconds until a receiver that sends no reports is tried again."
MOST_UNHEARD = 3
"Probes in a row without a report after which the receiver counts as one that sends none."
PROVEN_SECONDS = 20.0
"Seconds for which a rate that has fit counts as one that fits."


class Verdict(Enum):
    """What a round has shown."""

    FITS = "fits"
    QUEUED = "queued"
    LOST = "lost"
    UNHEARD = "unheard"


@dataclass
class Round:
    """Padding sent at one rate. Times are seconds, rates bits per second."""

    rate: float
    "Of everything that is sent, padding included."
    extra: float
    "Of the padding alone."
    seconds: float
    steep: float
    began_at: float
    octets: int = 0
    ends_at: float | None = None
    "When sending ended; None while it goes on."
    sent: dict[int, float] = field(default_factory=dict)
    "Transport-wide number -> when it left."
    delays: dict[int, float] = field(default_factory=dict)
    "The same -> time on the way, by two clocks that are only compared with themselves."
    lost: set[int] = field(default_factory=set)

    @property
    def packet_octets(self) -> float:
        """Bytes that each of its packets should have."""
        return self.extra * self.seconds / 8 / PACKETS

    def growth(self) -> tuple[float, float]:
        """By how many seconds the delay has grown, and in how many."""
        moments = [
            (left, self.delays[number])
            for number, left in self.sent.items()
            if number in self.delays
        ]
        third = len(moments) // 3
        if not third:
            return 0.0, 0.0
        (early, before), (late, after) = (
            tuple(sum(values) / third for values in zip(*part, strict=True))
            for part in (moments[:third], moments[-third:])
        )
        return after - before, late - early

    def verdict(self, random_loss: float) -> Verdict:
        """What the reports so far say."""
        reported = len(self.delays) + len(self.lost)
        chance = CHANCE * math.sqrt(reported * random_loss * (1 - random_loss))
        most = max((random_loss + LOSSY) * reported + chance, FEWEST_LOST - 1)
        if reported >= FEWEST and len(self.lost) > most:
            return Verdict.LOST
        if reported < max(FEWEST, HEARD * len(self.sent)):
            return Verdict.UNHEARD
        growth, seconds = self.growth()
        return Verdict.QUEUED if growth > max(JITTER, self.steep * seconds) else Verdict.FITS


class Prober:
    """The probes of one subscriber's link."""

    def __init__(self) -> None:
        self.round: Round | None = None
        self.wanted = 0.0
        "Bits per second that the present probe is about."
        self.proven = 0.0
        "Bits per second that have fit."
        self.next_at = 0.0
        self.unheard = 0
        "Probes in a row that nothing was heard of."
        self.unknown = True
        "Nothing has been probed yet, nor has been given up."
        self.sparse = False
        "Probes are to be rare."
        self._proven_at = -1000.0
        self._present = 0.0
        self._number = secrets.randbelow(0x8000)
        self._retry_after = RETRY_AFTER
        self._step = STEP

    @property
    def usable(self) -> bool:
        """Whether the receiver reports arrivals, for all that is known."""
        return self.unheard < MOST_UNHEARD

    def fits(self, rate: float, now: float) -> bool:
        """Whether as much has been shown to fit of late."""
        return rate <= self.proven and now - self._proven_at < PROVEN_SECONDS

    def begin(self, present: float, wanted: float, now: float) -> None:
        """Begin a probe: whether ``wanted`` bits per second fit where ``present`` are sent."""
        self.wanted, self._present = wanted, present
        self._start_round(self._step * present, now)

    def abandon(self, now: float) -> None:
        """End the probe: the link has trouble enough."""
        self.round = None
        self.unknown = False
        self.next_at = now + self._retry_after

    def _start_round(self, rate: float, now: float) -> None:
        last = rate >= self.wanted
        rate = min(rate, self.wanted)
        seconds, steep = (LAST_ROUND, LAST_STEEP) if last else (ROUND, STEEP)
        self.round = Round(rate, max(rate - self._present, 0.2 * rate), seconds, steep, now)

    def octets_due(self, now: float) -> float:
        """Bytes of padding to be sent now."""
        current = self.round
        if current is None or current.ends_at is not None:
            return 0.0
        passed = now - current.began_at
        if passed >= current.seconds:
            current.ends_at = now
            return 0.0
        return current.extra / 8 * passed - current.octets

    def next_number(self, octets: int, now: float) -> int:
        """The transport-wide sequence number of a packet of padding that leaves now."""
        self._number = (self._number + 1) & 0xFFFF
        if self.round is not None:
            self.round.sent[self._number] = now
            self.round.octets += octets
        return self._number

    def note_feedback(self, arrivals: dict[int, float | None]) -> None:
        """Record a report: number -> when it arrived by the receiver's clock, None if lost."""
        current = self.round
        if current is None:
            return
        for number, arrival in arrivals.items():
            left = current.sent.get(number)
            if left is None:
                continue
            if arrival is None:
                current.lost.add(number)
            else:
                current.lost.discard(number)
                current.delays[number] = arrival - left

    def review(self, round_trip: float, random_loss: float, now: float) -> Verdict | None:
        """Judge the present round if it can be judged. Returns the verdict that ends the probe."""
        current = self.round
        if current is None:
            return None
        verdict = current.verdict(random_loss)
        flooded = verdict is Verdict.LOST or current.growth()[0] > LONGEST_QUEUE
        if not flooded:
            if current.ends_at is None:
                return None
            complete = len(current.delays) + len(current.lost) >= len(current.sent)
            if not complete and now < current.ends_at + round_trip + PATIENCE:
                return None
        elif verdict is not Verdict.LOST:
            verdict = Verdict.QUEUED
        return self._conclude(current, verdict, now)

    def _conclude(self, current: Round, verdict: Verdict, now: float) -> Verdict | None:
        self.round = None
        if verdict is Verdict.FITS:
            self.unheard = 0
            self.note_fitting(current.rate, now)
            if current.rate < self.wanted:
                self._start_round(self._step * current.rate, now)
                return None
            self._retry_after, self._step = RETRY_AFTER, STEP
            self.next_at = now
        elif verdict is Verdict.UNHEARD:
            self.unheard += 1
            self.next_at = now + (UNHEARD_RETRY_AFTER if self.usable else DEAF_RETRY_AFTER)
        else:
            self.unheard = 0
            if verdict is Verdict.LOST:
                self._step = GENTLE_STEP
            self.next_at = now + self._retry_after * (SPARSE if self.sparse else 1.0)
            self._retry_after = min(1.2 * self._retry_after, MOST_RETRY_AFTER)
        return verdict

    def note_fitting(self, rate: float, now: float) -> None:
        """Record that as much was sent without harm."""
        if rate >= self.proven or now - self._proven_at >= PROVEN_SECONDS:
            self.proven, self._proven_at = rate, now

    def note_cut(self, limit: float, at: float) -> None:
        """Record that no more than this fits since then."""
        if at >= self._proven_at:
            self.proven = min(self.proven, limit)
