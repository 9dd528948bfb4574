"""Whether a publisher should send its sound twice (RFC 2198), from the loss on its way.

Each packet then carries the one before it as well, so that single losses are not heard. That costs
some 35 kbit/s, and is therefore asked for only while there is loss to cure. Opus's own redundancy
(RFC 6716 section 2.1.7) cures part of it; what a lossy link leaves of speech is cured by copies.
"""

from __future__ import annotations

LOSSY = 0.03
"Fraction of packets lost, on the way in or on the worst way out, that is heard in speech."
LOSSY_SECONDS = 3
CALM = 0.01
CALM_SECONDS = 20
"Looks in a row, one a second, that must agree: each change is an offer and an answer."


class Redundancy:
    """One publisher's sound."""

    __slots__ = ("_seconds_against", "wanted")

    def __init__(self) -> None:
        self.wanted = False
        self._seconds_against = 0

    def note(self, loss: float) -> bool:
        """Take note of the present loss; whether ``wanted`` changed. Called once a second."""
        against = loss < CALM if self.wanted else loss > LOSSY
        self._seconds_against = self._seconds_against + 1 if against else 0
        if self._seconds_against < (CALM_SECONDS if self.wanted else LOSSY_SECONDS):
            return False
        self.wanted = not self.wanted
        self._seconds_against = 0
        return True
