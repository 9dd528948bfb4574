"""What a receiver estimates (REMB) of all that it is sent, though one message may cover a part.

A browser sends one estimate of all its videos. Others, aiortc among them, estimate for each video by
itself and send a message for each: compared with everything sent, every one of them would say that
the link is full. So the newest of each part are added up, and compared with what is sent of these.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

FRESH = 3.0
"Seconds for which the estimate of one part is added to those of the others."
APART = 0.4
"""Seconds between two sums that count, where there are several parts: a receiver with one estimate
sends it about as often."""


@dataclass(frozen=True)
class Claim:
    """An estimate, and which streams it is of."""

    bitrate: int
    "Bits per second."
    ssrcs: frozenset[int]


class ReceiverEstimates:
    """The newest estimates of one receiver. Times are seconds."""

    __slots__ = ("_parts", "_summed_at")

    def __init__(self) -> None:
        self._parts: dict[frozenset[int], tuple[int, float]] = {}
        "Streams -> bits per second that may be sent of them, and when that was said."
        self._summed_at = -1000.0

    def note(self, bitrate: int, ssrcs: Set[int], now: float) -> Claim | None:
        """Record an estimate of these streams. Returns the sum with those of other streams, or None
        if it is too soon after the last one."""
        parts = {
            part: (claimed, at)
            for part, (claimed, at) in self._parts.items()
            if part.isdisjoint(ssrcs) and now - at < FRESH
        }
        parts[frozenset(ssrcs)] = (bitrate, now)
        self._parts = parts
        if len(parts) > 1 and now - self._summed_at < APART:
            return None
        self._summed_at = now
        return Claim(sum(claimed for claimed, _ in parts.values()), frozenset().union(*parts))
