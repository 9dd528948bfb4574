"""Sessions that were started and left: when their scheduler is told, and when they are closed."""

from datetime import datetime, timedelta

from signaling.consultation import Consultation
from signaling.notices.notice import dedupe_key

STATES = ("active", "kept_open")
WARNING = timedelta(days=1)
"The scheduler knows at least so long before; nothing is closed that nobody was told of."


def told_of(now: datetime, after: timedelta) -> datetime:
    """Schedulers are told now of sessions in which the last event was by then."""
    return now - max(after - WARNING, timedelta())


def closes_at(consultation: Consultation, told_at: datetime, after: timedelta) -> datetime:
    """When it is closed, unless something happens there: `after` its last event, or later."""
    return max(_last_event_at(consultation) + after, told_at + WARNING)


def recipient_id(consultation: Consultation) -> str:
    return f"{consultation.id}-{consultation.scheduler_id}"


def detail(consultation: Consultation) -> str:
    """Tells warnings of one session apart: whenever something has happened there is a new one."""
    return _last_event_at(consultation).isoformat(timespec="minutes")


def warning_key(consultation: Consultation) -> str:
    sequence = consultation.calendar_sequence
    return dedupe_key(recipient_id(consultation), "left_open", sequence, detail(consultation))


def _last_event_at(consultation: Consultation) -> datetime:
    return consultation.last_event_at or consultation.created_at
