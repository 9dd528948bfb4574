"""The outcome of a notice: what its attempts mean for it, and whether it is outdated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.consultation import OPEN_STATES, Consultation
from signaling.invite import Invite
from signaling.notices.notice import (
    ARRIVED_STATES,
    OVER_STATES,
    Attempt,
    Envelope,
    Notice,
)
from signaling.notices.retry import GIVE_UP_AFTER

FAREWELLS = ("canceled", "removed")
"Sent to people whose invite is over: never outdated."
NOT_STARTED = ("planned", "waiting")
LATE_REMINDER = timedelta(minutes=1)
"A reminder that is due at the start of its session may still be sent this long after it."


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


def hour_has_passed(notice: Notice, planned_at: datetime | None, now: datetime) -> bool:
    """Whether it is too late for a reminder of the session at `planned_at`."""
    if notice.occasion != "reminder" or planned_at is None:
        return False
    return now > max(planned_at, notice.due_at + LATE_REMINDER)


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


def is_current(
    notice: Notice, consultation: Consultation, invite: Invite | None, now: datetime
) -> bool:
    """Whether an undelivered notice is worth another way.

    Not once the session was moved, canceled or is over, nor a day late.
    """
    if now - notice.due_at > GIVE_UP_AFTER:
        return False
    if invite is None or notice.occasion in FAREWELLS:
        return True
    states = NOT_STARTED if notice.occasion == "reminder" else OPEN_STATES
    same_date = notice.version == consultation.calendar_sequence
    return same_date and invite.usable and consultation.state in states
