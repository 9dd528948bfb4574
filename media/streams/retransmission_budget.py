"""How much of a link retransmissions may take."""

from __future__ import annotations

MOST_PER_SECOND = 300
"A subscriber that asks for more has lost its link, and retransmissions would drown the rest."
SHARE = 0.25
"Fraction of a narrow link for retransmissions: what was too much for it once is so again."
PACKET_BITS = 8 * 1200
"Bits of a packet worth retransmitting."
AT_ONCE_SECONDS = 0.25
"Seconds of the budget that may be used at once."
INTERVAL = 0.02
"Seconds before a packet is retransmitted again: two NACKs may cross one retransmission."


class RetransmissionBudget:
    """What one stream's retransmissions may take, and when each packet was last repeated."""

    __slots__ = ("_at", "_left", "_per_second", "_refilled_at")

    def __init__(self) -> None:
        self._per_second = self._left = 0.0
        self._refilled_at = -AT_ONCE_SECONDS
        self._at: dict[int, float] = {}

    def set_share(self, bitrate: float) -> None:
        """Set this stream's part of the link's limit, in bits per second."""
        self._per_second = min(MOST_PER_SECOND, SHARE * bitrate / PACKET_BITS)

    def allows(self, sequence: int, now: float) -> bool:
        """Whether the packet of that sequence number may be repeated now."""
        added = (now - self._refilled_at) * self._per_second
        self._left = min(self._left + added, max(self._per_second * AT_ONCE_SECONDS, 1.0))
        self._refilled_at = now
        return self._left >= 1 and now - self._at.get(sequence, -1.0) >= INTERVAL

    def note(self, sequence: int, now: float) -> None:
        """Record that it is repeated."""
        if len(self._at) > MOST_PER_SECOND:
            self._at.clear()
        self._left -= 1
        self._at[sequence] = now
