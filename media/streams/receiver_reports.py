"""Loss on the way to a subscriber, from its receiver reports (RFC 3550 section 6.4.2)."""

from __future__ import annotations

from dataclasses import dataclass

LOSS_PACKETS = 150
"Packets over which loss is smoothed: three seconds of speech."
ENOUGH_PACKETS = 50
"Packets that reports must cover before their loss means something: a second of audio."
FEWEST_PACKETS = 15
SHORTEST_TALLY = 0.8
"""Seconds over which the reports on several streams are taken together, however many packets they cover:
those on a single one come every second."""
MUCH = 0.3
"Fraction lost that is told at once."
LIKELY = 0.1
"Fraction lost that the chance is computed for."
LONGEST_TALLY = 4.0
"Seconds after which fewer are enough: silence takes few packets."


@dataclass(slots=True)
class Reception:
    """How one stream arrives at its subscriber."""

    loss: float = 0.0
    "Fraction lost, smoothed over some 150 packets."
    _fresh: int = -1
    "First sequence number since a pause, while reports may still reach back before it; or -1."
    _reported: int = -1
    "Extended sequence number of the last report."

    def begin(self, first: int) -> None:
        """The stream starts, or resumes after a pause, with this sequence number."""
        self._fresh = first

    def note(self, highest: int, loss: float) -> int:
        """Record a report block. Returns how many packets it covers.

        ``highest`` is its extended sequence number, ``loss`` the fraction lost since the previous
        one. A loss just before a pause shows only when the next packet arrives and says nothing
        about the link by then, so a report that reaches back there covers none.
        """
        before, self._reported = self._reported, highest
        if before < 0:
            # The stream's first report covers all of it.
            before = highest - ((highest - self._fresh + 1) & 0xFFFF) if self._fresh >= 0 else -1
        elif self._fresh >= 0 and (before + 1 - self._fresh) & 0xFFFF >= 0x8000:
            return 0
        self._fresh = -1
        packets = (highest - before) & 0xFFFFFFFF if before >= 0 else 0
        if packets >= 0x8000:
            return 0
        self.loss += min(1.0, packets / LOSS_PACKETS) * (loss - self.loss)
        return packets


@dataclass(frozen=True, slots=True)
class Loss:
    """What was lost on the way to a subscriber of all that some reports cover."""

    fraction: float
    variance: float
    """Of the fraction, by chance, on a link that loses a tenth. What is lost before the relay adds to
    it twice: when the relay counts it is not quite when the receiver does."""


@dataclass(slots=True)
class Tally:
    """How many packets receiver reports covered since the last result, and how many were lost."""

    expected: int = 0
    lost: float = 0.0
    lost_before: float = 0.0
    since: float = 0.0

    def add(self, packets: int, loss: float, before: float = 0.0) -> None:
        """Add a report block: this fraction was lost after the relay, and that before it."""
        self.expected += packets
        self.lost += packets * loss
        self.lost_before += packets * before

    def take(self, now: float) -> Loss | None:
        """What was lost once enough packets are covered, else None; counting then restarts."""
        passed = now - self.since
        if self.expected < FEWEST_PACKETS:
            return None
        fraction = self.lost / self.expected
        if self.expected < ENOUGH_PACKETS:
            if passed < LONGEST_TALLY:
                return None
        elif passed < SHORTEST_TALLY and fraction < MUCH:
            return None
        variance = (LIKELY + 2 * self.lost_before / self.expected) / self.expected
        self.expected, self.lost, self.lost_before, self.since = 0, 0.0, 0.0, now
        return Loss(fraction, variance)
