"""Dates, times and durations as the report's language writes them, in the report's time zone.

The calendar is the Gregorian one in every language: an appointment must not bear two dates,
and the pages show the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from babel import Locale

# Languages that Babel knows by another name.
_ALIASES = {"prs": "fa-AF"}


@dataclass(frozen=True)
class Dates:
    """Writes moments for one reader."""

    locale: Locale
    zone: ZoneInfo

    def date(self, moment: datetime) -> str:
        """Write the day with its weekday: "Sunday, November 22, 2026"."""
        from babel.dates import format_date

        return format_date(moment.astimezone(self.zone), "full", locale=self.locale)

    def short_date(self, moment: datetime) -> str:
        """Write the day without its weekday: "November 22, 2026"."""
        from babel.dates import format_date

        return format_date(moment.astimezone(self.zone), "long", locale=self.locale)

    def time(self, moment: datetime) -> str:
        """Write hour and minute: "6:15 PM"."""
        from babel.dates import format_time

        return format_time(moment, "short", tzinfo=self.zone, locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Write day and time: "November 22, 2026, 6:15 PM"."""
        from babel.dates import get_datetime_format

        pattern = str(get_datetime_format("medium", locale=self.locale))
        return pattern.replace("{0}", self.time(moment)).replace("{1}", self.short_date(moment))

    def zone_name(self, moment: datetime) -> str:
        """Name the zone as people call it and as computers do."""
        from babel.dates import get_timezone_name

        name = get_timezone_name(moment.astimezone(self.zone), locale=self.locale)
        return name if name == self.zone.key else f"{name} ({self.zone.key})"

    def duration(self, length: timedelta) -> str:
        """Write hours and minutes, at least one minute: "1 hour 5 minutes"."""
        from babel.units import format_unit

        hours, minutes = divmod(max(1, round(length.total_seconds() / 60)), 60)
        parts = [(hours, "duration-hour"), (minutes, "duration-minute")]
        return " ".join(
            format_unit(amount, unit, "long", locale=self.locale)
            for amount, unit in parts
            if amount
        )

    @property
    def rtl(self) -> bool:
        """Whether the language is written from right to left."""
        return self.locale.text_direction == "rtl"


def dates_for(language: str, time_zone: str) -> Dates:
    """Make a writer for a BCP 47 tag; a language that Babel does not know becomes English."""
    from babel import Locale, UnknownLocaleError

    tag = _ALIASES.get(language, language)
    for candidate in (tag, tag.replace("_", "-").split("-")[0]):
        try:
            locale = Locale.parse(candidate.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        return Dates(locale, ZoneInfo(time_zone))
    return Dates(Locale("en"), ZoneInfo(time_zone))
