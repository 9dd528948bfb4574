"""Dates and times as people type them: ambiguous ones are refused with both readings."""

from datetime import UTC, datetime

import pytest

from signaling.errors import InvalidInput
from signaling.moments.moment import resolve

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def meant(day: str, clock: str) -> str:
    return resolve(day, clock, "UTC", now=NOW).strftime("%Y-%m-%d %H:%M")


def refused(day: str, clock: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        meant(day, clock)
    return caught.value


@pytest.mark.parametrize(
    "clock",
    [
        "14:30", "14.30", "14h30", "14 h 30", "14H30", "1430", "14:30:00", "14:30:00.000", "2:30 pm",
        "2:30pm", "2.30 PM", "02:30 p.m.", "2:30 P. M.", "14:30 Uhr", "14.30 Uhr", "14：30", "１４：３０",
        "٢:٣٠ م", "١٤:٣٠", "۱۴:۳۰", "۲:۳۰ ب.ظ", "۲:۳۰ ب. ظ.", "\u200f١٤:٣٠\u200f", "2:30\u202fpm", "१४:३०",
        "14:30 pm", "14\u00a0h\u00a030", "14:30h", "14∶30", "2:30 p", " 14:30 ",
        "٢:٣٠ مساءً", "2:30 مساء", "2:30 بعد الظهر", "۲:۳۰ بعدازظهر", "۲:۳۰ بعد از ظهر", "۲:۳۰ عصر",
        "2:30 de la tarde", "2:30 da tarde", "2h30 de l’après-midi", "14 Uhr 30", "14:30 مساءً",
    ],
)  # fmt: skip
def test_every_usual_spelling_of_a_time_is_understood(clock: str) -> None:
    assert meant("2026-12-07", clock) == "2026-12-07 14:30"


@pytest.mark.parametrize(
    ("clock", "shown"),
    [
        ("14", "14:00"), ("14h", "14:00"), ("14 Uhr", "14:00"), ("2 pm", "14:00"), ("12 pm", "12:00"),
        ("12:30 am", "00:30"), ("0:30", "00:30"), ("02:30", "02:30"), ("9:05 a.m.", "09:05"), ("٩:٠٥ ص", "09:05"),
        ("9 am", "09:00"), ("٩:٠٥ صباحًا", "09:05"), ("9:05 утра", "09:05"), ("9:05 ранку", "09:05"),
        ("۹:۰۵ صبح", "09:05"), ("8 вечера", "20:00"), ("9h05 du matin", "09:05"), ("8h du soir", "20:00"), ("8:15 вечора", "20:15"), ("00:00", "00:00"), ("23h59", "23:59"),
    ],
)  # fmt: skip
def test_hours_alone_and_halves_of_the_day(clock: str, shown: str) -> None:
    assert meant("2026-12-07", clock) == f"2026-12-07 {shown}"


@pytest.mark.parametrize(
    ("clock", "first", "second"),
    [
        ("2:30", "02:30", "14:30"), ("٢:٣٠", "02:30", "14:30"), ("9.15", "09:15", "21:15"),
        ("8h", "08:00", "20:00"), ("7", "07:00", "19:00"),
    ],
)  # fmt: skip
def test_an_ambiguous_hour_is_asked_about(clock: str, first: str, second: str) -> None:
    error = refused("2026-12-07", clock)
    assert (error.field, error.values) == ("time", {"first": first, "second": second})


@pytest.mark.parametrize(
    "clock",
    [
        "", "24:00", "14:60", "14:5", "930", "2460", "14:30+02:00", "T14:30", "14:30Z", "13 am", "0:30 pm",
        "14-30", "noon", "14:30:", "25h", "1:2:3", "14:30 xm", "9:05 مساء صباحا",
        # twelve is midnight to some and noon to others, and elsewhere hours are counted from sunrise
        "12 مساءً", "12:30 صباحا", "0:30 утра", "2:30 asubuhi", "8:30 ጥዋት", "14:30 صباحا", "2 de la noche", "³:30", "14,30", "-2:30", "15.5",
    ],
)  # fmt: skip
def test_anything_but_a_time_is_refused(clock: str) -> None:
    assert refused("2026-12-07", clock).field == "time"


@pytest.mark.parametrize(
    "day",
    [
        "7. 12. 2026", "7.12. 2026", "2026. 12. 07.", "7 . 12 . 2026", "2026-12-07", "۲۰۲۶-۱۲-۰۷", "٢٠٢٦/١٢/٠٧", "2026/12/7", "2026.12.07", "07.12.2026", "7.12.2026", "07.12.2026.",
        "２０２６－１２－０７", "2026\u201112\u201107", " 2026-12-07 ",
    ],
)  # fmt: skip
def test_every_unambiguous_spelling_of_a_date_is_understood(day: str) -> None:
    assert meant(day, "14:30") == "2026-12-07 14:30"


@pytest.mark.parametrize(
    ("day", "shown"),
    [("25/12/2026", "2026-12-25"), ("12/25/2026", "2026-12-25"), ("12-12-2026", "2026-12-12")],
)
def test_a_day_beyond_twelve_shows_the_order(day: str, shown: str) -> None:
    assert meant(day, "14:30") == f"{shown} 14:30"


def test_an_ambiguous_date_is_asked_about() -> None:
    error = refused("07/12/2026", "14:30")
    assert error.field == "date"
    assert error.values == {"first": "2026-12-07", "second": "2026-07-12"}


@pytest.mark.parametrize(
    "day",
    [
        "",
        "2026-13-01",
        "31.02.2027",
        "2026-W50-1",
        "07.12.26",
        "7 Dec 2026",
        "1405-09-16",
        "2026-12",
    ],
)
def test_anything_but_a_date_is_refused(day: str) -> None:
    """Including a year of another calendar."""
    assert refused(day, "14:30").field == "date"
