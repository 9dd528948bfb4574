"""Whether a publisher should send its audio with redundancy (RED, RFC 2198).

Each packet then repeats the one before it, so that single losses are not heard. That costs some
35 kbit/s, so it is asked for only while there is loss. Opus's in-band FEC (RFC 6716 section 2.1.7)
repairs part of it; redundancy repairs what FEC leaves.
"""

from __future__ import annotations

LOSSY = 0.03
"Fraction of packets lost, on the uplink or the worst downlink, that is heard in speech."
LOSSY_SECONDS = 3
CALM = 0.01
CALM_SECONDS = 20
"Seconds in a row that must agree: each change costs an offer and an answer."


class Redundancy:
    """The redundancy of one publisher's audio."""

    __slots__ = ("_seconds_against", "wanted")

    def __init__(self) -> None:
        self.wanted = False
        self._seconds_against = 0

    def note(self, loss: float) -> bool:
        """Record the present loss; whether ``wanted`` changed. Called once a second."""
        against = loss < CALM if self.wanted else loss > LOSSY
        self._seconds_against = self._seconds_against + 1 if against else 0
        if self._seconds_against < (CALM_SECONDS if self.wanted else LOSSY_SECONDS):
            return False
        self.wanted = not self.wanted
        self._seconds_against = 0
        return True
