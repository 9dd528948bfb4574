"""Which missing packets a publisher is sent NACKs for, when, and when they are given up (RFC 4585).

What subscribers send NACKs for is in ``media/streams/retransmissions.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_MISSING = 256
"Longer gaps, beyond the history, are not requested: only a keyframe helps then."
NACK_DELAY = 0.012
"Seconds before a gap is requested, so that packets merely reordered can arrive."
NACK_INTERVAL = 0.06
"Seconds between two NACKs for one packet, unless the round trip is known to be longer."
NACK_TRIES = 10
MISSING_AGE = 1.5
"Seconds after which a packet would arrive too late to be shown."


@dataclass(slots=True)
class Gap:
    """A missing sequence number."""

    since: float
    nack_at: float
    "When the next NACK is due."
    tries: int = 0


def due(missing: dict[int, Gap], now: float, round_trip: float) -> tuple[list[int], bool]:
    """(sequence numbers to send a NACK for now, oldest first; whether others were given up).

    Those are removed from ``missing``: too old, or requested too often.
    """
    found = []
    given_up = []
    interval = max(NACK_INTERVAL, round_trip * 1.25)
    for sequence, gap in missing.items():
        if now - gap.since > MISSING_AGE or gap.tries >= NACK_TRIES:
            given_up.append(sequence)
        elif gap.nack_at <= now:
            gap.tries += 1
            gap.nack_at = now + interval
            found.append(sequence)
    for sequence in given_up:
        del missing[sequence]
    return found, bool(given_up)


def next_at(missing: dict[int, Gap], now: float) -> float:
    """When the next NACK is due, or the next gap is to be given up; now if nothing is missing."""
    return min((min(gap.nack_at, gap.since + MISSING_AGE) for gap in missing.values()), default=now)
