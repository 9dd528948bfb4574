"""Reminders: when each is due, and when one is dropped instead of sent.

One is dropped if its hour has passed (`hour_has_passed`), if a later one for the same person is due too
(`Due.overtaken`), or when its session begins (`signaling/flows/sessions/running.py`), is moved or canceled
(`signaling/flows/sessions/planning.py`).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from signaling.notices.notice import Notice

LATE_REMINDER = timedelta(minutes=1)
"A reminder that is due at the start of its session may still be sent this long after it."


def due_moments(
    planned_at: datetime, before: Iterable[timedelta], now: datetime
) -> Iterator[tuple[timedelta, datetime]]:
    """(time before the session, when that is) of each reminder that is not due yet."""
    for each in before:
        due_at = planned_at - each
        if due_at > now:
            yield each, due_at


def hour_has_passed(notice: Notice, planned_at: datetime | None, now: datetime) -> bool:
    """Whether it is too late for a reminder of the session at `planned_at`."""
    if notice.occasion != "reminder" or planned_at is None:
        return False
    return now > max(planned_at, notice.due_at + LATE_REMINDER)
