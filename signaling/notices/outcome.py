"""The outcome of a notice: what its attempts mean for it, and whether another way is tried.

Whether it is still worth another way is in `outdated.py`, whether a reminder is, in `reminder.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from signaling.notices.notice import (
    ARRIVED_STATES,
    OVER_STATES,
    Attempt,
    Envelope,
    Notice,
)


@dataclass(frozen=True)
class Due:
    """A due notice, with everything needed to send it."""

    notice: Notice
    envelope: Envelope
    attempts: tuple[Attempt, ...]
    "In the order of their ways."
    planned_at: datetime | None
    "The date of its session."
    overtaken: bool = False
    "A later reminder for the same person is due too: after an outage one is enough."


def conclude(
    notice: Notice, attempts: Sequence[Attempt], ways: int, now: datetime
) -> tuple[Notice, Attempt, datetime | None]:
    """(notice, latest attempt, when it is due again) after one of its attempts has moved.

    `attempts` are in the order of their ways, `ways` is how many there are. One that arrived settles
    the notice, whatever became of the others; a notice that was dropped meanwhile is not retried.
    """
    latest = attempts[-1]
    if notice.state != "dropped" and any(each.state in ARRIVED_STATES for each in attempts):
        arrived = notice.after("hand_over")
        return arrived, _withdrawn(latest), None
    if notice.state == "dropped":
        return notice, _withdrawn(latest), None
    if latest.state in OVER_STATES:
        if len(attempts) < ways and notice.state != "failed":
            again = notice.after("return") if notice.state == "handed_over" else notice
            return again, latest, now
        return (notice if notice.state == "failed" else notice.after("fail")), latest, None
    return notice, latest, latest.next_try_at


def _withdrawn(attempt: Attempt) -> Attempt:
    return attempt.abandon("withdrawn") if attempt.state in ("queued", "failed") else attempt
