"""The words of dates: names of days and months, their order, parts of the day; a table a language.

The tables come from the Unicode Consortium's data (Babel), with other orders and words where those
would be misread. The browser gets the same tables with its catalog, so a page and a mail write a moment
alike, whatever the browser knows of the language.
"""

import re
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import get_period_id, get_period_names, parse_pattern
from babel.localedata import locale_identifiers
from persiantools.jdatetime import JalaliDate

# English without the habits of one country: the day before the month.
_LOCALES = {"en": "en_150"}
_COMMAS = {"ar": "،", "fa": "،", "ps": "،", "ti": "፣", "am": "፣"}
_SIGNS = {
    "%w": "EEEE EEE E cccc ccc",
    "%d": "d dd",
    "%m": "MMMM MMM LLLL LLL",
    "%n": "M MM",
    "%y": "y",
    "": "G",
}
"The fields of the patterns here -> CLDR's fields that they replace; %n is the month's number."
_FIELDS = {field: sign for sign, fields in _SIGNS.items() for field in fields.split()}
_ORDERS = {
    # In CLDR's, year or month would come first, or two numbers would be adjacent.
    "ps": ("%w %d %m %y", "%d %m %y", "%d %m"),
    "so": ("%w, %d %m %y", "%d %m %y", "%d %m"),
    "am": ("%w %d %m %y", "%d %m %y", "%d %m"),
    # Its names of months are those of the Ethiopian calendar, whose months begin on other days.
    "ti": ("%w፣ %d/%n/%y", "%d/%n/%y", "%d/%n"),
}
_TWO_CLOCKS = ("am", "sw", "ti")
"Where many count the hours from sunrise or sunset, so that 9:00 may mean 15:00."
_LAST_UNCLEAR_HOUR = 12
_REGIONAL = ("ar", "fa")
"Where names of months differ by country: the zone says which."

_IRANIAN = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)
_DARI = ("حمل", "ثور", "جوزا", "سرطان", "اسد", "سنبله", "میزان", "عقرب", "قوس", "جدی", "دلو", "حوت")
_SOLAR = {
    # The Persian catalog serves people from Iran and from Afghanistan.
    "fa": tuple(f"{iranian} ({dari})" for iranian, dari in zip(_IRANIAN, _DARI, strict=True)),
    "fa_IR": _IRANIAN,
    "fa_AF": _DARI,
    "ps": (
        "وری",
        "غویی",
        "غبرګولی",
        "چنګاښ",
        "زمری",
        "وږی",
        "تله",
        "لړم",
        "لیندۍ",
        "مرغومی",
        "سلواغه",
        "کب",
    ),
}
"The months of the Solar Hijri year, which Babel does not have."
_BESIDE = "%s / "
_DAY_AND_MONTH = "%d\u00a0%m"
"Not broken between lines: the day could be read as part of the year before it."
_NOWRUZ_FROM, _NOWRUZ_UNTIL = 2020, 2070
"The years for which the browser is told when the Solar Hijri year begins."


@dataclass(frozen=True)
class DateWords:
    """How dates are written in one language, and in one region where these differ."""

    weekdays: tuple[str, ...]
    "Sunday first, as in JavaScript."
    months: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    short_months: tuple[str, ...]
    long: str
    "With the weekday, and the date of the Solar Hijri calendar (%s) where that is in use."
    short: str
    "For the short names."
    with_year: str
    without_year: str
    comma: str
    periods: tuple[str, ...]
    "The part of the day for each ambiguous hour, from midnight on."
    solar: tuple[str, ...]

    @property
    def gregorian(self) -> str:
        """The long pattern without the date of the other calendar."""
        return self.long.replace(_BESIDE, "")

    def write(self, pattern: str, on: date, *, short: bool = False) -> str:
        """A date by one of these patterns."""
        weekdays = self.short_weekdays if short else self.weekdays
        months = self.short_months if short else self.months
        parts = {
            "w": weekdays[on.isoweekday() % 7],
            "d": str(on.day),
            "m": months[on.month - 1],
            "n": str(on.month),
            "y": str(on.year),
            "s": self._solar_day(on) if "%s" in pattern else "",
        }
        return re.sub(r"%(\w)", lambda match: parts[match[1]], pattern)

    def clock(self, at: time) -> str:
        """Hour and minute, with the part of the day where the hour alone is ambiguous."""
        text = f"{at:%H:%M}"
        return f"{text} {self.periods[at.hour]}" if at.hour < len(self.periods) else text

    def joined(self, day: str, at: time) -> str:
        return f"{day}{self.comma} {self.clock(at)}"

    def _solar_day(self, on: date) -> str:
        """With its own months and digits, so that it is not taken for the Gregorian date beside it."""
        solar = JalaliDate(on)  # type: ignore[no-untyped-call]
        text = f"{solar.day}\u00a0{self.solar[solar.month - 1]} {solar.year}"
        return re.sub(r"[0-9]", lambda digit: chr(0x6F0 + int(digit[0])), text)


def locale_of(language: str) -> Locale:
    """Babel's data for a language of the catalogs."""
    return Locale.parse(_LOCALES.get(language, language))


@cache
def date_words(language: str, time_zone: str = "") -> DateWords:
    """The words for a language of the catalogs, as used in the country of a zone."""
    return _words_of(language, _regional_name(language, time_zone))


def plain(text: str) -> str:
    """Typographic characters replaced by GSM 7-bit ones, as they would double an SMS's price."""
    return text.replace("\u2019", "'").replace("\u00a0", " ").replace("\u202f", " ")


def browser_words(language: str) -> dict[str, Any]:
    """The words as JSON for `static/js/shared/time/format.js`, without what a language does not use."""
    words = date_words(language)
    table: dict[str, Any] = {
        "weekdays": words.weekdays,
        "long": words.long,
        "with_year": words.with_year,
        "without_year": words.without_year,
        "comma": words.comma,
    }
    if "%m" in words.long:
        table["months"] = words.months
    if words.periods:
        table["periods"] = words.periods
    if words.solar:
        years = range(_NOWRUZ_FROM, _NOWRUZ_UNTIL)
        days = "".join(str(_nowruz(year).day - 20) for year in years)
        table |= {"solar": words.solar, "nowruz": {"from": _NOWRUZ_FROM, "days": days}}
    if language in _REGIONAL:
        table["regions"] = _regions(language)
    return table


def _regions(language: str) -> list[dict[str, Any]]:
    """The zones where months have other names than usual, with those names."""
    zones_of: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for zone in sorted(get_global("zone_territories")):
        words = date_words(language, zone)
        zones_of.setdefault((words.months, words.solar), []).append(zone)
    usual = date_words(language)
    return [
        {"months": months, "solar": solar, "zones": zones}
        for (months, solar), zones in zones_of.items()
        if (months, solar) != (usual.months, usual.solar)
    ]


def _regional_name(language: str, time_zone: str) -> str:
    """The locale whose names of months to use: "ar_SY" in Damascus."""
    territory = get_global("zone_territories").get(time_zone)
    name = f"{language}_{territory}"
    return name if territory and language in _REGIONAL and name in _locales() else language


@cache
def _locales() -> frozenset[str]:
    """Every locale that Babel knows: it would look for the file of each one that it is asked about."""
    return frozenset(locale_identifiers())


@cache
def _words_of(language: str, name: str) -> DateWords:
    locale, region = locale_of(language), locale_of(name)
    solar = _SOLAR.get(name) or _SOLAR.get(language, ())
    long, with_year, without_year = _ORDERS.get(language) or (
        _pattern(locale.date_formats["full"].pattern),
        _pattern(locale.date_formats["long"].pattern),
        _pattern(str(locale.datetime_skeletons["MMMMd"])),
    )
    short = long if language in _ORDERS else _pattern(str(locale.datetime_skeletons["yMMMEd"]))
    return DateWords(
        weekdays=_weekdays(locale, "wide"),
        months=_months(region, "wide"),
        short_weekdays=_weekdays(locale, "abbreviated"),
        short_months=_months(region, "wide" if language in _REGIONAL else "abbreviated"),
        long=long.replace("%d %m", f"{_BESIDE}{_DAY_AND_MONTH}") if solar else long,
        short=short,
        with_year=with_year,
        without_year=without_year,
        comma=_COMMAS.get(language, ","),
        periods=_periods(locale) if language in _TWO_CLOCKS else (),
        solar=solar,
    )


def _pattern(pattern: str) -> str:
    return plain(str(parse_pattern(pattern).format) % _FIELDS)


def _weekdays(locale: Locale, width: str) -> tuple[str, ...]:
    names = locale.days["format"][width]
    return tuple(plain(names[(day - 1) % 7]) for day in range(7))


def _months(locale: Locale, width: str) -> tuple[str, ...]:
    names = locale.months["format"][width]
    return tuple(plain(names[month]) for month in range(1, 13))


def _periods(locale: Locale) -> tuple[str, ...]:
    names = {
        **get_period_names("abbreviated", "format", locale),
        **get_period_names("wide", "format", locale),
    }
    hours = range(_LAST_UNCLEAR_HOUR + 1)
    return tuple(plain(names[get_period_id(time(hour, 30), locale=locale)]) for hour in hours)


def _nowruz(year: int) -> date:
    """The first day of the Solar Hijri year that begins in a Gregorian one."""
    first: date = JalaliDate(year - 621, 1, 1).to_gregorian()  # type: ignore[no-untyped-call]
    return first
