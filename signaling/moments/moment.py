"""Resolving a date and a time of day in a zone, as people plan by, to a moment."""

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from signaling.errors import N_, InvalidInput
from signaling.moments.typed_moment import NO_DATE, typed_clock, typed_day

Occurrence = Literal["", "first", "second"]
"Which one of an hour that comes twice, when the clocks go back (`fold`, PEP 495)."


class AmbiguousTime(InvalidInput):
    """This time comes twice that day; holds both moments, the earlier first."""

    sentence = N_(
        "The clocks go back that night, so this time comes twice. Please choose which one."
    )

    def __init__(self, first: datetime, second: datetime) -> None:
        self.moments = (first, second)
        super().__init__("time")


def resolve(
    day: str, clock: str, time_zone: str, *, now: datetime, occurrence: Occurrence = ""
) -> datetime:
    """The UTC moment of `day` (2026-12-07) and `clock` (14:30) in the IANA `time_zone`.

    Other spellings of both: `signaling/moments/typed_moment.py`.

    Raises InvalidInput for `date`, `time` or `time_zone`: malformed, past, an unknown zone, a time
    that the start of daylight saving skips; AmbiguousTime for one that its end repeats.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("time_zone", N_("This time zone does not exist.")) from None
    on, at = typed_day(day), typed_clock(clock)
    if not 2000 <= on.year <= 9000:
        raise InvalidInput("date", NO_DATE)
    first, second = (
        datetime.combine(on, at, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    wall = datetime.combine(on, at)
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise InvalidInput(
            "time",
            N_("The clocks go forward that night: this time does not exist. Choose another one."),
        )
    if first != second and not occurrence:
        raise AmbiguousTime(first, second)
    chosen = second if occurrence == "second" else first
    if chosen <= now:
        raise InvalidInput("date", N_("This date and time are in the past."))
    if (chosen - now).days > 3 * 366:
        raise InvalidInput("date", N_("This date is more than three years ahead."))
    return chosen


def same_clock(at: datetime, ahead: timedelta, zone: ZoneInfo) -> datetime:
    """The moment at which `zone` shows the local time that `at` had with the UTC offset `ahead`.

    `at` itself if the offset is still the same, or if that local time is skipped now.
    """
    if at.astimezone(zone).utcoffset() == ahead:
        return at
    wall = (at.astimezone(UTC) + ahead).replace(tzinfo=None)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else at
