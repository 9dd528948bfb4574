"""Whether a peer is still there: by what is authentic of what comes from it.

A lite agent asks for nothing, so it goes by the other side's checks, and by SRTP, SRTCP and DTLS:
some clients send no checks while they receive.
"""

from __future__ import annotations

SILENCE_SECONDS = 30.0
"""A peer from which nothing authentic came for this long is disconnected: as long as consent lasts
where it is asked for (RFC 7675 section 5.1)."""
UNCHECKED_SECONDS = 10.0
"Seconds without a check after which packets count; a browser sends one every 2.5 s."


class Liveness:
    """When a peer last gave a sign of life."""

    def __init__(self) -> None:
        self.alive_at = 0.0
        self.spoke = False
        "Whether authentic SRTCP or DTLS came since the last look."
        self._checked_at = 0.0

    def begin(self, now: float) -> None:
        """It joined, or its handshake is over."""
        self.alive_at = now

    def note_check(self, now: float) -> None:
        """A check proved the password."""
        self._checked_at = self.alive_at = now

    def is_unchecked(self, now: float) -> bool:
        """Whether no check has come for so long that packets are to count."""
        return now - self._checked_at > UNCHECKED_SECONDS

    def is_silent(self, now: float) -> bool:
        """Whether nothing authentic has come for so long that it counts as gone."""
        return now - self.alive_at > SILENCE_SECONDS
