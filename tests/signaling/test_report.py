"""A report holds the date, the start and the chat, and more only if it is enabled."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfoNotFoundError

import pytest

from signaling.report import (
    PART_SIZE,
    Parts,
    Report,
    ReportContents,
    ReportLine,
    reduce_report,
)

START = datetime(2026, 11, 22, 17, 15, tzinfo=UTC)
FACTS = Report(
    "fr",
    "Europe/Zurich",
    START,
    (
        ReportLine("Dr. Lindqvist", START + timedelta(minutes=2), "Second"),
        ReportLine("", START + timedelta(minutes=1), "Somebody came", "event"),
        ReportLine("Amal", START, "First"),
    ),
    names=("Dr. Lindqvist", "Amal"),
    ended_at=START + timedelta(minutes=65),
)


def test_by_default_only_start_and_chat_belong_in_a_report() -> None:
    report = reduce_report(FACTS)
    assert report.started_at == START
    assert [line.text for line in report.lines] == ["First", "Second"]
    assert (report.names, report.ended_at, report.duration) == ((), None, None)


def test_what_is_enabled_is_kept() -> None:
    report = reduce_report(FACTS, ReportContents(names=True, ending=True, events=True))
    assert report.names == FACTS.names
    assert report.duration == timedelta(minutes=65)
    assert [line.text for line in report.lines] == ["First", "Somebody came", "Second"]


def test_what_somebody_asked_for_belongs_in_a_report() -> None:
    asked = ReportLine("", START + timedelta(minutes=3), "Amal asks for a call", "request")
    report = reduce_report(Report("en", "UTC", START, (*FACTS.lines, asked)))
    assert [line.text for line in report.lines] == ["First", "Second", "Amal asks for a call"]


def test_a_consultation_that_never_started_has_no_duration() -> None:
    assert Report("en", "UTC", None, ended_at=START).duration is None


@pytest.mark.parametrize(
    "moment", [datetime(2026, 11, 22), START.astimezone(timezone(timedelta(hours=1)))]
)
def test_times_that_are_not_utc_are_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        Report("en", "UTC", moment)
    with pytest.raises(ValueError, match="UTC"):
        ReportLine("Amal", moment, "Hello")


def test_a_consultation_cannot_end_before_it_started() -> None:
    with pytest.raises(ValueError, match="before"):
        Report("en", "UTC", START, ended_at=START - timedelta(seconds=1))


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        Report("en", "Europe/Atlantis", START)


def test_a_line_is_chat_or_event() -> None:
    with pytest.raises(ValueError, match="poem"):
        ReportLine("Amal", START, "Hello", "poem")  # type: ignore[arg-type]


def test_a_chat_is_split_between_lines_and_short_ones_count_too() -> None:
    parts = Parts()
    text = "a" * (PART_SIZE // 2)
    assert [parts.part_of(text) for _ in range(5)] == [1, 1, 2, 2, 3]
    parts = Parts()
    assert [parts.part_of("\n" * 3999) for _ in range(100)][-1] > 1
    parts = Parts()
    assert max(parts.part_of("ok") for _ in range(60_000)) == 1
