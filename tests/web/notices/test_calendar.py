"""Calendar events, read by a strict parser of our own; test_calendar_readers has other parsers."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.notices.calendar import SessionEvent, calendar_part

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
START = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)

# RFC 5545 section 3.1: name *(";" param) ":" value
LINE = re.compile(
    r'(?P<name>[A-Z0-9-]+)(?P<params>(;[A-Z0-9-]+=("[^"\x00-\x1f]*"|[^";:,\x00-\x1f]*))*)'
    r":(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)


def part(**changes: Any) -> bytes:
    event: dict[str, Any] = {
        "uid": "session-1@tele.example",
        "sequence": 0,
        "start": START,
        "duration": timedelta(minutes=30),
        "url": "https://tele.example/i/abc",
        "summary": "Session",
        "description": "Friday, 27 March 2026, 11:00 (Eastern European Time)",
    }
    arguments: dict[str, Any] = {
        "method": "REQUEST",
        "organizer": "noreply@clinic.example",
        "attendee": "amina@example.org",
        "now": NOW,
    }
    event |= {name: value for name, value in changes.items() if name in event}
    arguments |= {name: value for name, value in changes.items() if name not in event}
    return calendar_part(event=SessionEvent(**event), **arguments)


def lines_of(octets: bytes) -> list[tuple[str, str, str]]:
    """(name, parameters, value) of every content line; asserts form, folding and nesting."""
    assert octets.endswith(b"\r\n")
    physical = octets[:-2].split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in physical)
    assert all(line.removeprefix(b" ").decode() for line in physical)  # no character is split
    unfolded = octets[:-2].replace(b"\r\n ", b"").decode().split("\r\n")
    lines, open_ = [], []
    for line in unfolded:
        matched = LINE.fullmatch(line)
        assert matched, line
        name, params, value = matched["name"], matched["params"], matched["value"]
        lines.append((name, params, value))
        if name == "BEGIN":
            open_.append(value)
        elif name == "END":
            assert open_.pop() == value
    assert open_ == []
    return lines


def event_of(octets: bytes) -> dict[str, tuple[str, str]]:
    """Name -> (parameters, value) of the only event; no property occurs twice."""
    lines = lines_of(octets)
    begin, end = lines.index(("BEGIN", "", "VEVENT")), lines.index(("END", "", "VEVENT"))
    inner = lines[begin + 1 : end]
    assert len({name for name, _, _ in inner}) == len(inner)
    return {name: (params, value) for name, params, value in inner}


def test_a_request_holds_what_rfc_5546_asks_for() -> None:
    octets = part()
    lines = lines_of(octets)
    assert ("METHOD", "", "REQUEST") in lines
    assert ("VERSION", "", "2.0") in lines
    event = event_of(octets)
    assert event["UID"][1] == "session-1@tele.example"
    assert event["SEQUENCE"][1] == "0"
    assert event["STATUS"][1] == "CONFIRMED"
    assert event["CLASS"][1] == "PRIVATE"
    assert event["DTSTAMP"][1] == "20260301T120000Z"
    assert event["ORGANIZER"][1] == "mailto:noreply@clinic.example"
    params, attendee = event["ATTENDEE"]
    assert attendee == "mailto:amina@example.org"
    assert set(params[1:].split(";")) == {
        "RSVP=FALSE",
        "ROLE=REQ-PARTICIPANT",
        "PARTSTAT=NEEDS-ACTION",
    }
    assert event["URL"][1] == "https://tele.example/i/abc"
    assert event["SUMMARY"][1] == "Session"
    when = r"Friday\, 27 March 2026\, 11:00 (Eastern European Time)"
    assert event["DESCRIPTION"][1] == when


@pytest.mark.parametrize("address", ["a?b#c@x.example", "50%25@x.example", "o'neil+a@x.example"])
def test_an_address_is_whole_in_its_uri(address: str) -> None:
    found = [v for n, _, v in lines_of(part(attendee=address, organizer=address)) if "mailto" in v]
    assert [unquote(urlsplit(value).path) for value in found] == [address, address]


def test_canceling_keeps_the_uid_and_raises_the_sequence() -> None:
    event = event_of(part(method="CANCEL", sequence=1))
    assert (event["UID"][1], event["SEQUENCE"][1]) == ("session-1@tele.example", "1")
    assert event["STATUS"][1] == "CANCELLED"


def test_a_file_to_download_names_nobody() -> None:
    octets = part(method="PUBLISH", attendee=None)
    assert ("METHOD", "", "PUBLISH") in lines_of(octets)
    assert "ATTENDEE" not in event_of(octets)


@pytest.mark.parametrize("offset", [-11, 0, 5.75, 14])
def test_times_are_utc_and_need_no_rules_of_a_zone(offset: float) -> None:
    there = timezone(timedelta(hours=offset))
    event = event_of(part(start=START.astimezone(there), now=NOW.astimezone(there)))
    assert event["DTSTAMP"] == ("", "20260301T120000Z")
    assert event["DTSTART"] == ("", "20260327T090000Z")
    assert event["DTEND"] == ("", "20260327T093000Z")
    assert b"TZID" not in part() and b"VTIMEZONE" not in part()


def test_a_session_over_the_change_of_clocks_keeps_its_length() -> None:
    start = datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Kyiv"))  # 03:00 becomes 04:00
    event = event_of(part(start=start, duration=timedelta(hours=1)))
    assert (event["DTSTART"][1], event["DTEND"][1]) == ("20260329T003000Z", "20260329T013000Z")


@pytest.mark.parametrize(
    "changes",
    [
        {"attendee": None},
        {"method": "PUBLISH"},
        {"method": "CANCEL", "attendee": None},
        {"sequence": -1},
        {"start": datetime(2026, 3, 27, 9, 0)},
    ],
)
def test_what_calendars_would_refuse_is_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        part(**changes)


@given(st.text(st.characters(), max_size=120))
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    octets = part(summary=text, description=text)
    assert [value for name, _, value in lines_of(octets) if name == "BEGIN"].count("VEVENT") == 1
    event = event_of(octets)
    assert set(event) >= {"UID", "SUMMARY", "CLASS"}


def test_a_long_summary_in_any_script_is_folded_between_characters() -> None:
    summary = "جلسة عن بعد 🗓️ " * 10
    assert event_of(part(summary=summary))["SUMMARY"][1] == " ".join(summary.split())
