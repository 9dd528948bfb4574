"""Abandoned sessions: when their scheduler is warned, and when they are closed."""

from datetime import datetime, timedelta

from signaling.consultation import Consultation
from signaling.notices.notice import dedupe_key

STATES = ("active", "kept_open")
WARNING = timedelta(days=1)
"""The scheduler is warned at least this long before. Only what is so damaged that no warning can be stored
is closed without one, this long after its time."""


def warn_before(now: datetime, after: timedelta) -> datetime:
    """Latest last event of sessions whose scheduler is to be warned at `now`."""
    return now - max(after - WARNING, timedelta())


def closes_at(consultation: Consultation, told_at: datetime, after: timedelta) -> datetime:
    """When it is closed: `after` its last event, but no sooner than WARNING after `told_at`."""
    return max(_last_event_at(consultation) + after, told_at + WARNING)


def closes_unwarned_at(consultation: Consultation, after: timedelta) -> datetime:
    """When one is closed whose scheduler cannot be warned."""
    return _last_event_at(consultation) + after + WARNING


def recipient_id(consultation: Consultation) -> str:
    return f"{consultation.id}-{consultation.scheduler_id}"


def detail(consultation: Consultation) -> str:
    """Distinguishes the warnings of one session: after every event there may be a new one."""
    return _last_event_at(consultation).isoformat(timespec="minutes")


def warning_key(consultation: Consultation) -> str:
    sequence = consultation.calendar_sequence
    return dedupe_key(recipient_id(consultation), "left_open", sequence, detail(consultation))


def _last_event_at(consultation: Consultation) -> datetime:
    return consultation.last_event_at or consultation.created_at
