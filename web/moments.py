"""Dates and times for people: in their zone, which is named, by the Gregorian calendar and 24 hours.

One appointment must not bear two dates or two hours, so the calendar, the digits and the clock are
the same in every language and the same as in the browser (`static/js/shared/times.js`).
"""

from datetime import datetime, timedelta

from babel import Locale
from babel.dates import format_date, get_timezone_name

from web.zone_names import zone_of

# English without the habits of one country: the day before the month.
_LOCALES = {"en": "en_150"}
_COMMAS = {"ar": "،", "fa": "،", "ps": "،", "ti": "፣", "am": "፣"}


def locale_of(language: str) -> Locale:
    """Babel's data for a language of the catalogs."""
    return Locale.parse(_LOCALES.get(language, language))


def local(at: datetime, time_zone: str) -> datetime:
    """A moment as the clocks of a zone show it."""
    return at.astimezone(zone_of(time_zone))


def long_moment(at: datetime, time_zone: str, language: str) -> str:
    """For notices: "Monday, 7 December 2026, 14:30 (Central European Time)"."""
    here = local(at, time_zone)
    day = format_date(here, "full", locale=locale_of(language))
    return f"{_joined(day, here, language)} ({zone_name(at, time_zone, language)})"


def short_moment(at: datetime, time_zone: str, language: str) -> str:
    """For lists: "Mon 7 Dec 2026, 14:30"."""
    here = local(at, time_zone)
    day = format_date(here, "EEE d MMM y", locale=locale_of(language))
    return _joined(day, here, language)


def full_day(at: datetime, time_zone: str, language: str) -> str:
    """For reports: "Monday, 7 December 2026"."""
    here = local(at, time_zone)
    return _plain(format_date(here, "full", locale=locale_of(language)))


def clock_time(at: datetime, time_zone: str) -> str:
    """For reports: "14:30"."""
    return f"{local(at, time_zone):%H:%M}"


def zone_name(at: datetime, time_zone: str, language: str) -> str:
    """The zone as people call it: "Central European Time", else the country: "Somalia Time"."""
    zone = zone_of(time_zone)
    offset = at.astimezone(zone).utcoffset() or timedelta()
    if zone.key == "UTC" or zone.key.startswith("Etc/"):
        minutes = offset // timedelta(minutes=1)
        sign = "-" if minutes < 0 else "+"
        return f"UTC{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02}" if minutes else "UTC"
    # Given a zone without a moment, Babel names it for summer and winter alike.
    name: str = get_timezone_name(zone, locale=locale_of(language))
    if language == "ru":  # Babel writes the summer form of a country's time all year round
        name = name.removesuffix(", летнее время")
    return _plain(name)


def _plain(text: str) -> str:
    """Signs as on a telephone's keys: typographic ones would double the price of an SMS."""
    return text.replace("\u2019", "'").replace("\u00a0", " ").replace("\u202f", " ")


def _joined(day: str, here: datetime, language: str) -> str:
    return f"{_plain(day)}{_COMMAS.get(language, ',')} {here:%H:%M}"
