"""Dates and times for people: in their zone, which is named, by the Gregorian calendar and 24 hours.

One appointment must not bear two dates or two hours, so the calendar, the digits and the clock are
the same in every language and the same as in the browser (`static/js/shared/time/format.js`).
"""

from datetime import datetime, timedelta

from babel.dates import get_timezone_name
from babel.numbers import get_decimal_symbol
from babel.units import format_unit

from web.texts.date_words import date_words, locale_of, plain
from web.zones.names import zone_of

_MANY = {("ps", "hour"): "{} ساعته"}
"What Babel writes in Latin letters for any number but one."


def local(at: datetime, time_zone: str) -> datetime:
    """A moment as the clocks of a zone show it."""
    return at.astimezone(zone_of(time_zone))


def full_moment(at: datetime, time_zone: str, language: str) -> str:
    """For mails: "Monday, 7 December 2026, 14:30 (Central European Time)".

    Where people live by the Solar Hijri calendar, its day stands before the other.
    """
    text = day_and_time(at, time_zone, language)
    return f"{text} ({zone_name(at, time_zone, language)})"


def long_moment(at: datetime, time_zone: str, language: str) -> str:
    """The same by one calendar alone, where each sign may cost."""
    here, words = local(at, time_zone), date_words(language, time_zone)
    text = words.joined(words.write(words.gregorian, here), here.time())
    return f"{text} ({zone_name(at, time_zone, language)})"


def day_and_time(at: datetime, time_zone: str, language: str) -> str:
    """The same without the zone, for pages: "Monday, 7 December 2026, 14:30"."""
    here, words = local(at, time_zone), date_words(language, time_zone)
    return words.joined(words.write(words.long, here), here.time())


def short_moment(at: datetime, time_zone: str, language: str) -> str:
    """For lists: "Mon, 7 Dec 2026, 14:30"."""
    here, words = local(at, time_zone), date_words(language, time_zone)
    return words.joined(words.write(words.short, here, short=True), here.time())


def full_day(at: datetime, time_zone: str, language: str) -> str:
    """For reports: "Monday, 7 December 2026"."""
    words = date_words(language, time_zone)
    return words.write(words.long, local(at, time_zone))


def clock_time(at: datetime, time_zone: str, language: str) -> str:
    """For reports: "14:30"; "09:00 asubuhi" where an hour of the morning is read in two ways."""
    return date_words(language).clock(local(at, time_zone).time())


def amount(number: int, unit: str, language: str) -> str:
    """A number of minutes, hours or days in words: "3 minutes"."""
    many = _MANY.get((language, unit))
    if many and number != 1:
        return many.format(number)
    return format_unit(number, f"duration-{unit}", "long", locale=locale_of(language))


def decimal_sign(language: str) -> str:
    """What stands before tenths: the comma of "2,5"."""
    return get_decimal_symbol(locale_of(language), numbering_system="latn")


def offset(at: datetime, time_zone: str) -> str:
    """How far a zone's clocks are from UTC at that moment: "UTC+3", "UTC+5:30", "UTC"."""
    minutes = (local(at, time_zone).utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def comes_twice(at: datetime, time_zone: str) -> bool:
    """Whether the clocks go back and show the time of that moment once more, or have done so."""
    here = local(at, time_zone)
    return here.utcoffset() != here.replace(fold=1 - here.fold).utcoffset()


def zone_name(at: datetime, time_zone: str, language: str) -> str:
    """The zone as people call it: "Central European Time", else the country: "Somalia Time".

    With its offset where the clocks alone would not tell which moment it is.
    """
    if comes_twice(at, time_zone):
        comma = date_words(language).comma
        return f"{_zone_name(at, time_zone, language)}{comma} {offset(at, time_zone)}"
    return _zone_name(at, time_zone, language)


def _zone_name(at: datetime, time_zone: str, language: str) -> str:
    zone = zone_of(time_zone)
    ahead = at.astimezone(zone).utcoffset() or timedelta()
    if zone.key == "UTC" or zone.key.startswith("Etc/"):
        minutes = ahead // timedelta(minutes=1)
        sign = "-" if minutes < 0 else "+"
        return f"UTC{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02}" if minutes else "UTC"
    # Given a zone without a moment, Babel names it for summer and winter alike.
    name: str = get_timezone_name(zone, locale=locale_of(language))
    if language == "ru":  # Babel writes the summer form of a country's time all year round
        name = name.removesuffix(", летнее время")
    return plain(name)
