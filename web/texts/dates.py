"""Dates and times for people: in a named zone, in the Gregorian calendar, with 24 hours.

An appointment must not appear under two dates or two hours, so calendar, digits and clock are the same
in every language, and the same as in the browser (`static/js/shared/time/format.js`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from babel.dates import get_timezone_name
from babel.lists import format_list
from babel.numbers import format_percent, get_decimal_symbol
from babel.units import format_unit

from web.texts.date_words import date_words, locale_of, plain
from web.zones.names import zone_of

_MANY = {("ps", "hour"): "{} ساعته"}
"Where Babel uses Latin letters for any number but one."


def local(at: datetime, time_zone: str) -> datetime:
    """A moment in the local time of a zone."""
    return at.astimezone(zone_of(time_zone))


def full_moment(at: datetime, time_zone: str, language: str) -> str:
    """For mails: "Monday, 7 December 2026, 14:30 (Central European Time)".

    Where the Solar Hijri calendar is in use, its date comes first.
    """
    text = day_and_time(at, time_zone, language)
    return f"{text} ({zone_name(at, time_zone, language)})"


def long_moment(at: datetime, time_zone: str, language: str) -> str:
    """The same in the Gregorian calendar only, for SMS."""
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
    """For reports: "14:30"; "09:00 asubuhi" where an hour of the morning is ambiguous."""
    return date_words(language).clock(local(at, time_zone).time())


def amount(number: int, unit: str, language: str) -> str:
    """A number of minutes, hours or days in words: "3 minutes"."""
    many = _MANY.get((language, unit))
    if many and number != 1:
        return many.format(number)
    return format_unit(number, f"duration-{unit}", "long", locale=locale_of(language))


def amounts(times: Iterable[timedelta], language: str) -> str:
    """Times in words, each in the largest unit that fits: "1 day and 10 minutes"."""
    words = []
    for time in times:
        minutes = time // timedelta(minutes=1)
        days, hours = minutes // 1440, minutes // 60
        if minutes % 60:
            words.append(amount(minutes, "minute", language))
        elif hours % 24:
            words.append(amount(hours, "hour", language))
        else:
            words.append(amount(days, "day", language))
    return format_list(words, locale=locale_of(language))


def file_size(size: int, language: str) -> str:
    """Bytes in words: "1.4 MB", "87 kB"; a megabyte is 2**20 of them."""
    locale = locale_of(language)
    if size >= 2**30:
        gigabytes = round(size / 2**30, 1)
        return format_unit(gigabytes, "digital-gigabyte", "short", locale=locale)
    megabytes = round(size / 2**20, 1)
    if megabytes >= 1:
        return format_unit(megabytes, "digital-megabyte", "short", locale=locale)
    return format_unit(max(1, round(size / 2**10)), "digital-kilobyte", "short", locale=locale)


def decimal_sign(language: str) -> str:
    """The decimal separator, such as the comma of "2,5"."""
    return get_decimal_symbol(locale_of(language), numbering_system="latn")


def percent(share: float, language: str) -> str:
    """A share from 0 to 1 in whole percent, rounded down: nothing incomplete has 100 %."""
    whole = int(share * 100) / 100
    return format_percent(whole, locale=locale_of(language), numbering_system="latn")


def offset(at: datetime, time_zone: str) -> str:
    """A zone's UTC offset at a moment: "UTC+3", "UTC+5:30", "UTC"."""
    minutes = (local(at, time_zone).utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def comes_twice(at: datetime, time_zone: str) -> bool:
    """Whether the local time of a moment occurs twice, as the clocks go back."""
    here = local(at, time_zone)
    return here.utcoffset() != here.replace(fold=1 - here.fold).utcoffset()


def zone_name(at: datetime, time_zone: str, language: str) -> str:
    """The zone's common name: "Central European Time", or by country: "Somalia Time".

    With its offset where the local time alone is ambiguous.
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
    # Without a moment, Babel gives the generic name, for summer and winter alike.
    name: str = get_timezone_name(zone, locale=locale_of(language))
    if language == "ru":  # Babel writes the summer form of a country's time all year round
        name = name.removesuffix(", летнее время")
    return plain(name)
