"""What is counted: by the week, in words that name nobody."""

from datetime import date, timedelta

import pytest

from signaling import numbers
from signaling.numbers import Number
from tests.serving import moment


@pytest.mark.parametrize(
    ("at", "week"),
    [
        ("2026-12-06 23:59", "2026-W49"),
        ("2026-12-07 00:00", "2026-W50"),
        ("2027-01-03 12:00", "2026-W53"),
        ("2027-01-04 12:00", "2027-W01"),
    ],
)
def test_a_week_begins_on_monday_also_across_the_year(at: str, week: str) -> None:
    assert numbers.week_of(moment(at)) == week
    assert numbers.monday_of("2026-W53") == date(2026, 12, 28)


def test_the_last_weeks_end_with_the_present_one() -> None:
    weeks = numbers.weeks_until(moment("2027-01-04 12:00"), 3)
    assert weeks == ["2026-W52", "2026-W53", "2027-W01"]


@pytest.mark.parametrize(
    ("waited", "label"),
    [
        (timedelta(), "up_to_1"),
        (timedelta(minutes=5), "up_to_5"),
        (timedelta(minutes=5, seconds=1), "up_to_10"),
        (timedelta(minutes=60), "up_to_60"),
        (timedelta(hours=5), "longer"),
        (-timedelta(hours=1), "up_to_1"),
    ],
)
def test_waiting_times_are_counted_in_ranges(waited: timedelta, label: str) -> None:
    assert numbers.waiting(waited) == Number("waiting", label)
    assert label in numbers.WAITING_LABELS


@pytest.mark.parametrize("sender", [None, "Clinic", "+41790000000", "a|b"])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_delivery_is_counted_by_channel_and_sender(sender: str | None, arrived: bool) -> None:
    counted = numbers.delivery("sms", sender, arrived=arrived)
    outcome = "handed_over" if arrived else "failed"
    assert numbers.delivery_parts(counted.label) == ("sms", sender or "", outcome)


@pytest.mark.parametrize(
    ("topology", "qualities", "label"),
    [
        ("mesh", ["good", "poor", None], ("mesh", "poor")),
        ("forwarded", ["good", "fair"], ("forwarded", "fair")),
        ("mesh", [None, None], ("mesh", "unknown")),
        (None, ["good"], ("unanswered", "")),
    ],
)
def test_a_call_is_as_good_as_it_was_for_whoever_had_it_worst(
    topology: str | None, qualities: list[str | None], label: tuple[str, str]
) -> None:
    assert numbers.call_parts(numbers.call(topology, qualities).label) == label
