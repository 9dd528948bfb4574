"""What receiver reports (RFC 3550 section 6.4.2) say of what was sent to a subscriber."""

from __future__ import annotations

from dataclasses import dataclass

LOSS_PACKETS = 150
"Packets over which loss is smoothed: three seconds of speech."
ENOUGH_PACKETS = 50
"Packets that reports must speak of before their loss says something: a second of sound."
FEWEST_PACKETS = 15
LONGEST_TALLY = 4.0
"Seconds after which fewer must do: who listens to silence gets few."


@dataclass(slots=True)
class Reception:
    """How one stream arrives at its subscriber."""

    loss: float = 0.0
    "Fraction lost, of some hundred and fifty packets."
    _fresh: int = -1
    "First number sent since a pause, while reports may still speak of what was before; or -1."
    _reported: int = -1
    "Extended sequence number of the last report."

    def begin(self, first: int) -> None:
        """The stream begins, or goes on after a pause, with this sequence number."""
        self._fresh = first

    def note(self, highest: int, loss: float) -> int:
        """A report block: a fraction of what was sent since the last one; of how many packets.

        What was lost at the end before a pause is missed only when the next packet comes. It says
        nothing of how the link is then, so a report that reaches back there tells of none.
        """
        before, self._reported = self._reported, highest
        if before < 0:
            # The stream's first report tells of all of it.
            before = highest - ((highest - self._fresh + 1) & 0xFFFF) if self._fresh >= 0 else -1
        elif self._fresh >= 0 and (before + 1 - self._fresh) & 0xFFFF >= 0x8000:
            return 0
        self._fresh = -1
        packets = (highest - before) & 0xFFFFFFFF if before >= 0 else 0
        if packets >= 0x8000:
            return 0
        self.loss += min(1.0, packets / LOSS_PACKETS) * (loss - self.loss)
        return packets


@dataclass(slots=True)
class Tally:
    """How many packets receiver reports spoke of since the last look, and how many were lost."""

    expected: int = 0
    lost: float = 0.0
    since: float = 0.0

    def add(self, packets: int, loss: float) -> None:
        """A report block."""
        self.expected += packets
        self.lost += packets * loss

    def take(self, now: float) -> float | None:
        """The fraction lost of all of it, if it is enough to say so; counting begins anew."""
        few = self.expected < ENOUGH_PACKETS
        if few and (self.expected < FEWEST_PACKETS or now - self.since < LONGEST_TALLY):
            return None
        fraction = self.lost / self.expected
        self.expected, self.lost, self.since = 0, 0.0, now
        return fraction
