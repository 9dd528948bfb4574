"""One moment has the same words in a mail, a list, a report and on a page, and no other moment has
them: every language, every day of a year, zones whose people name the months in their own way.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from web.notices import sms
from web.report.dates import Dates
from web.texts import dates
from web.texts.catalogs import OWN_NAMES, Catalogs
from web.texts.date_words import date_words
from web.zones.names import zone_of

Written = dict[str, dict[str, list[str]]]

REGIONS = {
    "ar": ("Asia/Damascus", "Africa/Algiers", "Africa/Casablanca"),
    "fa": ("Asia/Kabul", "Asia/Tehran"),
}
"""Where the months have names of their own."""
PLACES = [
    (language, zone)
    for language in OWN_NAMES
    for zone in ("Europe/Zurich", "America/St_Johns", *REGIONS.get(language, ()))
]
in_every_place = pytest.mark.parametrize(("language", "zone"), PLACES)
# A leap year; the hours go round, so that every one of them is there.
TIMES = [datetime(2028, 1, 1, 0, 30, tzinfo=UTC) + timedelta(hours=25 * n) for n in range(366)]
NOW = TIMES[150]
MINUTES = [0, 1, 2, 3, 11, 21, 100, 119, 120, 180, 660, 1440, 2879, 2880, 11 * 1440, 100 * 1440]
OWN_CALENDAR = {"fa": " / ", "ps": " / "}
"""What stands between the day of the Solar Hijri calendar, in its own digits, and the other."""


@pytest.fixture(scope="module")
def texts() -> Catalogs:
    return Catalogs.load()


@pytest.fixture(scope="module")
def pages(texts: Catalogs) -> Written:
    """What the browser's scripts write of these times, for "language zone"."""
    asked = {
        "catalogs": {code: json.loads(texts.get(code).catalog) for code in OWN_NAMES},
        "places": PLACES,
        "moments": [at.timestamp() * 1000 for at in TIMES],
        "now": NOW.timestamp() * 1000,
        # A browser may have other rules; the words are what is compared.
        "ahead": {zone: [ahead(at, zone) for at in (NOW, *TIMES)] for _language, zone in PLACES},
        "durations": [minutes * 60_000 for minutes in MINUTES],
    }
    script = Path(__file__).parents[2] / "javascript" / "write-times.js"
    run = subprocess.run(
        ["node", script], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    found: Written = json.loads(run.stdout)
    return found


def ahead(at: datetime, zone: str) -> int:
    """Minutes that the clocks of a zone are ahead of UTC."""
    offset = at.astimezone(zone_of(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


def days(first: date, count: int) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(count))


@pytest.mark.slow
@in_every_place
def test_a_page_and_a_report_write_what_the_mail_says(
    language: str, zone: str, pages: Written
) -> None:
    page = pages[f"{language} {zone}"]["page"]
    assert [dates.day_and_time(at, zone, language) for at in TIMES] == page
    name = dates.zone_name(TIMES[0], zone, language)
    assert dates.full_moment(TIMES[0], zone, language) == f"{page[0]} ({name})"
    report, comma = Dates(language, zone), date_words(language).comma
    assert [f"{report.date(at)}{comma} {report.time(at)}" for at in TIMES] == page


@in_every_place
def test_an_sms_names_the_day_once(language: str, zone: str) -> None:
    for at in TIMES[:7]:
        full, sms = (write(at, zone, language) for write in (dates.full_moment, dates.long_moment))
        own, _, day = full.rpartition(OWN_CALENDAR.get(language, "\0"))
        weekday = date_words(language).weekdays[dates.local(at, zone).isoweekday() % 7]
        assert sms == (f"{weekday} {day}" if own else full)


@pytest.mark.slow
@in_every_place
def test_a_chat_names_the_day_unless_it_is_today(language: str, zone: str, pages: Written) -> None:
    words, today = date_words(language, zone), dates.local(NOW, zone).date()
    for at, page in zip(TIMES, pages[f"{language} {zone}"]["chat"], strict=True):
        here = dates.local(at, zone)
        day = words.write(words.without_year if here.year == today.year else words.with_year, here)
        alone = here.date() == today
        assert page == (words.clock(here.time()) if alone else words.joined(day, here.time()))
        assert (str(here.year) in page) == (here.year != today.year)


@in_every_place
def test_no_two_days_have_the_same_words(language: str, zone: str) -> None:
    words = date_words(language, zone)
    three_years = list(days(date(2027, 1, 1), 1096))
    for pattern, short in ((words.long, False), (words.short, True), (words.with_year, False)):
        assert len({words.write(pattern, day, short=short) for day in three_years}) == 1096
    assert len({words.write(words.without_year, day) for day in days(date(2028, 1, 1), 366)}) == 366


@pytest.mark.slow
@in_every_place
def test_a_date_is_written_with_words_and_digits_that_everybody_reads(
    language: str, zone: str, pages: Written
) -> None:
    for at, long in zip(TIMES, pages[f"{language} {zone}"]["page"], strict=True):
        assert not re.search(r"M\d|NaN|undefined|%", long)
        own, between, rest = long.rpartition(OWN_CALENDAR.get(language, "\0"))
        here = dates.local(at, zone)
        numbers = {str(here.day), str(here.year), f"{here:%H}", f"{here:%M}"}
        months = {str(here.month)} if language == "ti" else set()
        assert set(re.findall(r"\d+", rest)) == numbers | months
        assert bool(between) == (language in OWN_CALENDAR)
        assert not re.search(r"[0-9]", own)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["am", "sw", "ti"])
def test_an_hour_that_is_read_in_two_ways_bears_the_part_of_the_day(
    language: str, pages: Written
) -> None:
    for at, long in zip(TIMES, pages[f"{language} Europe/Zurich"]["page"], strict=True):
        here = dates.local(at, "Europe/Zurich")
        for text in (long, dates.short_moment(at, "Europe/Zurich", language)):
            assert bool(re.search(r"\d\d:\d\d [^\d\s]+$", text)) == (here.hour < 13)


def test_parts_of_the_day_in_words() -> None:
    at = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
    assert [
        dates.clock_time(at, "Africa/Addis_Ababa", language)
        for language in ("am", "ti", "sw", "en")
    ] == ["09:00 ጥዋት", "09:00 ቅ.ቀ.", "09:00 asubuhi", "09:00"]


@pytest.mark.parametrize(
    ("language", "zone", "words"),
    [
        ("en", "Europe/Zurich", "Monday, 7 December 2026, 07:00|Mon, 7 Dec 2026, 07:00"),
        ("de", "Europe/Zurich", "Montag, 7. Dezember 2026, 07:00|Mo., 7. Dez. 2026, 07:00"),
        ("ru", "Europe/Zurich", "понедельник, 7 декабря 2026 г., 07:00|пн, 7 дек. 2026 г., 07:00"),
        (
            "pt",
            "Europe/Lisbon",
            "segunda-feira, 7 de dezembro de 2026, 06:00|seg., 7 de dez. de 2026, 06:00",
        ),
        ("ti", "Africa/Asmara", "ሰኑይ፣ 7/12/2026፣ 09:00 ቅ.ቀ.|ሰኑ፣ 7/12/2026፣ 09:00 ቅ.ቀ."),
        ("am", "Africa/Addis_Ababa", "ሰኞ 7 ዲሴምበር 2026፣ 09:00 ጥዋት|ሰኞ 7 ዲሴም 2026፣ 09:00 ጥዋት"),
        ("so", "Africa/Mogadishu", "Isniin, 7 Diseembar 2026, 09:00|Isn, 7 Dis 2026, 09:00"),
        ("ar", "Africa/Cairo", "الاثنين، 7 ديسمبر 2026، 08:00|الاثنين، 7 ديسمبر 2026، 08:00"),
        (
            "ar",
            "Asia/Damascus",
            "الاثنين، 7 كانون الأول 2026، 09:00|الاثنين، 7 كانون الأول 2026، 09:00",
        ),
        ("ar", "Africa/Nouakchott", "الاثنين، 7 دجمبر 2026، 06:00|الاثنين، 7 دجمبر 2026، 06:00"),
        (
            "fa",
            "Asia/Tehran",
            "دوشنبه ۱۶ آذر ۱۴۰۵ / 7 دسامبر 2026، 09:30|دوشنبه 7 دسامبر 2026، 09:30",
        ),
        ("fa", "Asia/Kabul", "دوشنبه ۱۶ قوس ۱۴۰۵ / 7 دسمبر 2026، 10:30|دوشنبه 7 دسمبر 2026، 10:30"),
        (
            "fa",
            "Europe/Berlin",
            "دوشنبه ۱۶ آذر (قوس) ۱۴۰۵ / 7 دسامبر 2026، 07:00|دوشنبه 7 دسامبر 2026، 07:00",
        ),
        (
            "ps",
            "Asia/Kabul",
            "دوشنبه ۱۶ لیندۍ ۱۴۰۵ / 7 دسمبر 2026، 10:30|دوشنبه 7 دسمبر 2026، 10:30",
        ),
    ],
)
def test_dates_as_people_write_them(language: str, zone: str, words: str) -> None:
    at = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
    long, short = dates.day_and_time(at, zone, language), dates.short_moment(at, zone, language)
    assert f"{long}|{short}".replace("\u00a0", " ") == words


@pytest.mark.parametrize("language", ["fa", "ps"])
def test_a_solar_year_has_365_or_366_days(language: str) -> None:
    words = date_words(language, "Asia/Kabul")
    own = [words.write("%s", day) for day in days(date(2020, 3, 20), 20 * 366)]
    first = words.solar[0]
    starts = [number for number, text in enumerate(own) if text.startswith(f"۱\u00a0{first} ")]
    assert {later - earlier for earlier, later in pairwise(starts)} == {365, 366}
    assert len(set(own)) == len(own)


@pytest.mark.slow
@pytest.mark.parametrize("language", OWN_NAMES)
def test_a_page_tells_how_long_as_a_report_does(language: str, pages: Written) -> None:
    told = pages[f"{language} Europe/Zurich"]["durations"]
    for minutes, page in zip(MINUTES, told, strict=True):
        amount, unit = (
            (minutes // 1440, "day")
            if minutes >= 2880
            else (minutes // 60, "hour")
            if minutes >= 120
            else (minutes, "minute")
        )
        assert page == dates.amount(amount, unit, language)
        # the signs of units are what Babel has where a language has no word
        assert not re.search(r"\d (h|d|m|min)$", page)


def test_no_script_asks_the_browser_for_words() -> None:
    """Its tag may be no language, and a language that it says it knows may have no words."""
    asks = re.compile(r"Intl\.\w+\(?[^)\n]{0,30}|navigator\.languages?\b|\.toLocale\w+")
    scripts = Path(__file__).parents[3] / "web" / "static" / "js"
    found = {match for file in scripts.rglob("*.js") for match in asks.findall(file.read_text())}
    assert found == {
        "Intl.DateTimeFormat(",  # the name of this device's zone
        "navigator.languages",  # whether somebody who has UTC all year lives there
        'Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {',  # the clock of a zone, in numbers
    }


TWICE = [
    ("Europe/Zurich", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), 60, ("UTC+2", "UTC+1")),
    ("America/St_Johns", datetime(2027, 11, 7, 4, 0, tzinfo=UTC), 60, ("UTC-2:30", "UTC-3:30")),
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 14, 45, tzinfo=UTC), 30, ("UTC+11", "UTC+10:30")),
]


@pytest.mark.parametrize("language", OWN_NAMES)
@pytest.mark.parametrize(("zone", "first", "minutes", "told"), TWICE)
def test_an_hour_that_comes_twice_says_which_one_it_is(
    language: str, zone: str, first: datetime, minutes: int, told: tuple[str, str]
) -> None:
    for at, offset in zip((first, first + timedelta(minutes=minutes)), told, strict=True):
        assert offset in dates.full_moment(at, zone, language)
        assert all(offset in each for each in sms.moments(at, zone, language))
    before = dates.full_moment(first - timedelta(hours=3), zone, language)
    assert "UTC" not in before
