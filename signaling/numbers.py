"""What is counted, by the week, of sessions that leave nothing else behind: the one place that decides.

A label is made of words of this file and of what the operator has set up (the sender of a route). None
says who, from which country, in which language or at which hour, and no count is kept for less than a
week, so that one of a few sessions cannot be told from another. The audit log, which the same people
read, says more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Kind = Literal["session", "waiting", "delivery", "call"]
KINDS: tuple[Kind, ...] = ("session", "waiting", "delivery", "call")

SessionLabel = Literal["planned", "held", "canceled", "not_held"]

WAITED = (1, 5, 10, 20, 40, 60)
"Bounds of the histogram of waiting times, in minutes; who waits for an hour remembers the day."
LONGER = "longer"
WAITING_LABELS = (*(f"up_to_{minutes}" for minutes in WAITED), LONGER)

QUALITIES = ("good", "fair", "poor")
"As browsers report them, the best first."
UNKNOWN = "unknown"
UNANSWERED = "unanswered"
_SEPARATOR = "|"


@dataclass(frozen=True)
class Number:
    """One thing that happened, as it is counted."""

    kind: Kind
    label: str


def week_of(now: datetime) -> str:
    """The ISO 8601 week in UTC: "2026-W50"."""
    year, week, _day = now.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def monday_of(week: str) -> date:
    """Its first day."""
    return date.fromisoformat(f"{week}-1")


def weeks_until(now: datetime, count: int) -> list[str]:
    """The last weeks, oldest first, with the present one."""
    return [week_of(now - timedelta(weeks=back)) for back in reversed(range(count))]


def session(label: SessionLabel) -> Number:
    return Number("session", label)


def waiting(waited: timedelta) -> Number:
    """How long the first person had waited when the scheduler started the session."""
    bounds = (minutes for minutes in WAITED if waited <= timedelta(minutes=minutes))
    found = next(bounds, None)
    return Number("waiting", LONGER if found is None else f"up_to_{found}")


def delivery(channel: str, sender_id: str | None, *, arrived: bool) -> Number:
    """A notice that was handed over, or given up, by its last channel and sender."""
    parts = (channel, sender_id or "", "handed_over" if arrived else "failed")
    return Number("delivery", _SEPARATOR.join(parts))


def delivery_parts(label: str) -> tuple[str, str, str]:
    """(channel, sender, "handed_over" or "failed") of such a label."""
    channel, _, rest = label.partition(_SEPARATOR)
    sender, _, outcome = rest.rpartition(_SEPARATOR)
    return channel, sender, outcome


def call(topology: str | None, qualities: Iterable[str | None]) -> Number:
    """A call that is over, by its topology at the end; None: nobody answered it.

    Its quality is the worst of what each participant reported last.
    """
    if topology is None:
        return Number("call", UNANSWERED)
    reported = [QUALITIES.index(each) for each in qualities if each in QUALITIES]
    quality = QUALITIES[max(reported)] if reported else UNKNOWN
    return Number("call", f"{topology}{_SEPARATOR}{quality}")


def call_parts(label: str) -> tuple[str, str]:
    """(topology, quality) of such a label; an unanswered call has no quality."""
    path, _, quality = label.partition(_SEPARATOR)
    return path, quality
