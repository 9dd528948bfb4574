"""Dates, times and durations of a report: written as on the pages, in the report's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel import Locale, UnknownLocaleError

from web.texts import dates
from web.texts.date_words import locale_of

# Languages that Babel knows by another name.
_ALIASES = {"prs": "fa"}


@dataclass(frozen=True)
class Dates:
    """Writes moments for one reader."""

    language: str
    time_zone: str

    def day(self, moment: datetime) -> date:
        """Tell the day, for comparing."""
        return dates.local(moment, self.time_zone).date()

    def date(self, moment: datetime) -> str:
        """Write the day with its weekday: "Sunday, 22 November 2026"."""
        return dates.full_day(moment, self.time_zone, self.language)

    def time(self, moment: datetime) -> str:
        """Write hour and minute: "18:15"."""
        return dates.clock_time(moment, self.time_zone, self.language)

    def moment(self, moment: datetime) -> str:
        """Write day and time: "Sun, 22 Nov 2026, 18:15"."""
        return dates.short_moment(moment, self.time_zone, self.language)

    def zone_name(self, moment: datetime) -> str:
        """Name the zone as people call it and as computers do."""
        name = dates.zone_name(moment, self.time_zone, self.language)
        return name if name == self.time_zone else f"{name} ({self.time_zone})"

    def duration(self, length: timedelta) -> str:
        """Write hours and minutes, at least one minute: "1 hour 5 minutes"."""
        hours, minutes = divmod(max(1, round(length.total_seconds() / 60)), 60)
        parts = [(hours, "hour"), (minutes, "minute")]
        return " ".join(
            dates.amount(number, unit, self.language) for number, unit in parts if number
        )

    @property
    def rtl(self) -> bool:
        """Whether the language is written from right to left."""
        return locale_of(self.language).text_direction == "rtl"


def dates_for(language: str, time_zone: str) -> Dates:
    """Make a writer for a BCP 47 tag; a language that Babel does not know becomes English."""
    tag = language.replace("_", "-").split("-")[0]
    code = _ALIASES.get(tag, tag)
    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        code = "en"
    return Dates(code, time_zone)
