"""Parsing dates and times of day as people type them where a browser has no pickers.

Unambiguous input is accepted, in the digits of any script: `14.30`, `14h30`, `2:30 pm`,
`٢٠٢٦-١٢-٠٧`, `7. 12. 2026`, `٢:٣٠ مساءً`. Ambiguous input is refused with both readings.
"""

import re
import unicodedata
from datetime import date, time

from signaling.errors import N_, InvalidInput

NO_DATE = N_("Please enter a date.")
NO_TIME = N_("Please enter a time.")
TWO_READINGS = N_("Is this %(first)s or %(second)s? Please write it like that.")

_YEAR_FIRST = re.compile(r"(\d{4})([-/. ])(\d{1,2})\2(\d{1,2})\.?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})\.?", re.ASCII)
_SPACED = re.compile(r" ?([-/.]) ?")
"As Czech, German, Hungarian and Korean write a date: `7. 12. 2026`."
_CLOCK = re.compile(
    r"(\d{1,2})(?:\s?(?:[:.]|h|uhr|u)\s?(\d\d)(?::\d\d(?:\.\d+)?)?(?:\s?(?:h|uhr))?|\s?(?:h|uhr))?"
    r"(?:\s?(am|pm))?",
    re.ASCII,
)
_TOGETHER = re.compile(r"([01]\d|2[0-3])([0-5]\d)", re.ASCII)
_HALVES = {
    "am": "am",
    "a": "am",
    "ص": "am",
    "قظ": "am",
    "pm": "pm",
    "p": "pm",
    "م": "pm",
    "بظ": "pm",
}
"Halves of the day in English, Arabic and Persian, without dots."
_HALF = re.compile(r"(?<=[\d\s])(a\.?\s?m\.?|p\.?\s?m\.?|[ap]|ص\.?|م\.?|[قب]\.?\s?ظ\.?)$")
_PART = re.compile(
    r"(?<=[\d\s])(?:(?P<am>صباحا|صبح|قبل ?از ?ظهر|утра|ранку|du matin)|"
    r"مساء|بعد الظهر|بعد ?از ?ظهر|عصر|вечера|вечора|d[ea] (?:la )?tarde|de l['’]après-midi|du soir)$"
)
"Unambiguous parts of the day; none in languages that may count hours from sunrise."
_TWELVE = re.compile(r"(?:0?0|12)(?!\d)", re.ASCII)
"With a part of the day, this hour is midnight to some and noon to others."
_TANWIN = "\u064b"


def typed_day(text: str) -> date:
    """The date that `text` means. Raises InvalidInput for `date`."""
    plain = _SPACED.sub(r"\1", _plain(text))
    if found := _YEAR_FIRST.fullmatch(plain):
        year, _, month, day = found.groups()
        return _date(year, month, day)
    if found := _YEAR_LAST.fullmatch(plain):
        first, separator, second, year = found.groups()
        # with dots the day comes first everywhere; with slashes the month does for some
        if separator == "." or int(first) > 12 or first == second:
            return _date(year, second, first)
        if int(second) > 12:
            return _date(year, first, second)
        readings = _date(year, second, first), _date(year, first, second)
        raise InvalidInput(
            "date", TWO_READINGS, first=readings[0].isoformat(), second=readings[1].isoformat()
        )
    raise InvalidInput("date", NO_DATE)


def typed_clock(text: str) -> time:
    """The time of day that `text` means. Raises InvalidInput for `time`."""
    plain = _with_half(_plain(text))
    if found := _TOGETHER.fullmatch(plain):
        return time(int(found[1]), int(found[2]))
    found = _CLOCK.fullmatch(plain)
    if found is None:
        raise InvalidInput("time", NO_TIME)
    written, minute, half = found[1], int(found[2] or 0), found[3]
    hour = _of_day(int(written), half)
    if hour is None or minute > 59:
        raise InvalidInput("time", NO_TIME)
    if half is None and len(written) == 1 and hour:
        # "2:30" is night to some and afternoon to others; "02:30" is unambiguous
        first, second = f"{hour:02}:{minute:02}", f"{hour + 12}:{minute:02}"
        raise InvalidInput("time", TWO_READINGS, first=first, second=second)
    return time(hour, minute)


def _plain(text: str) -> str:
    """One spelling of digits, punctuation and spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(
        "".join(
            str(unicodedata.decimal(each))
            if each.isdecimal()
            else {"٫": ".", "∶": ":", "‐": "-", "‑": "-", "–": "-", "−": "-"}.get(each, each)
            for each in folded
            if unicodedata.category(each) != "Cf"
        ).split()
    )


def _with_half(plain: str) -> str:
    """With the half of the day in English."""
    plain = plain.replace(_TANWIN, "")
    part = _PART.search(plain)
    if part and not _TWELVE.match(plain):
        return f"{plain[: part.start()]}{'am' if part['am'] else 'pm'}"
    return _HALF.sub(lambda found: _HALVES[re.sub(r"[.\s]", "", found[1])], plain)


def _of_day(hour: int, half: str | None) -> int | None:
    """The hour from 0 to 23; None: there is no such hour."""
    if half is None:
        return hour if hour < 24 else None
    if half == "pm" and 12 < hour < 24:
        return hour
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half == "pm" else 0)


def _date(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise InvalidInput("date", NO_DATE) from None
