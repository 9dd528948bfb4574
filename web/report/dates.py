"""Dates, times and durations of a report: as on the pages, in the report's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel import Locale, UnknownLocaleError

from web.texts import dates
from web.texts.date_words import locale_of

# Languages that Babel has under another code.
_ALIASES = {"prs": "fa"}


@dataclass(frozen=True)
class Dates:
    """Formats moments for one reader."""

    language: str
    time_zone: str

    def day(self, moment: datetime) -> date:
        """The local date, for comparison."""
        return dates.local(moment, self.time_zone).date()

    def date(self, moment: datetime) -> str:
        """The date with its weekday: "Sunday, 22 November 2026"."""
        return dates.full_day(moment, self.time_zone, self.language)

    def time(self, moment: datetime) -> str:
        """Hour and minute: "18:15"."""
        return dates.clock_time(moment, self.time_zone, self.language)

    def moment(self, moment: datetime) -> str:
        """Date and time: "Sun, 22 Nov 2026, 18:15"."""
        return dates.short_moment(moment, self.time_zone, self.language)

    def zone_name(self, moment: datetime) -> str:
        """The zone by its common name and its IANA name."""
        name = dates.zone_name(moment, self.time_zone, self.language)
        return name if name == self.time_zone else f"{name} ({self.time_zone})"

    def duration(self, length: timedelta) -> str:
        """Hours and minutes, at least one minute: "1 hour 5 minutes"."""
        hours, minutes = divmod(max(1, round(length.total_seconds() / 60)), 60)
        parts = [(hours, "hour"), (minutes, "minute")]
        return " ".join(
            dates.amount(number, unit, self.language) for number, unit in parts if number
        )

    def size(self, size: int) -> str:
        """Bytes in words: "1.4 MB", "87 kB"; as in the chat, a megabyte is 2**20 of them."""
        return dates.file_size(size, self.language)

    @property
    def rtl(self) -> bool:
        """Whether the language is written from right to left."""
        return locale_of(self.language).text_direction == "rtl"


def dates_for(language: str, time_zone: str) -> Dates:
    """Dates for a BCP 47 tag; in English for a language that Babel does not know."""
    tag = language.replace("_", "-").split("-")[0]
    code = _ALIASES.get(tag, tag)
    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        code = "en"
    return Dates(code, time_zone)
