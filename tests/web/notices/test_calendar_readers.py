"""Calendars right to the minute in the readers that people's programs are made of."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import product, starmap
from pathlib import Path
from typing import Any

import pytest

from web.notices.calendar import Method, calendar_part
from web.texts.dates import long_moment
from web.zones.names import offered_zones, zone_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
READERS = {"icalendar", "ics", "vobject", "khal", "libical", "ical.js", "node-ical"}

ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Juba",
    "Africa/Khartoum",
    "Africa/Lagos",
    "Africa/Mogadishu",
    "Africa/Nairobi",
    "Africa/Sao_Tome",
    "Africa/Tripoli",
    "America/Asuncion",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Coyhaique",
    "America/Edmonton",
    "America/Halifax",
    "America/Havana",
    "America/Mexico_City",
    "America/New_York",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "America/Vancouver",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Almaty",
    "Asia/Amman",
    "Asia/Baghdad",
    "Asia/Beirut",
    "Asia/Colombo",
    "Asia/Damascus",
    "Asia/Gaza",
    "Asia/Hebron",
    "Asia/Jerusalem",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Tashkent",
    "Asia/Tehran",
    "Asia/Yangon",
    "Atlantic/Azores",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Kyiv",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Volgograd",
    "Europe/Zurich",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Kiritimati",
]
"Sixty: those of the people served, and those whose clocks are the oddest."

DAYS = {
    date(2027, 1, 11): time(14, 30),
    date(2027, 7, 5): time(14, 30),
    date(2027, 3, 27): time(23, 45),  # the eve of summer time in Europe; the end is the day after
    date(2027, 10, 31): time(0, 15),  # the night in which it ends
    date(2028, 2, 29): time(9, 5),
}
METHODS: tuple[tuple[Method, int], ...] = (
    ("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2), ("PUBLISH", 0),
)  # fmt: skip
"With their SEQUENCE: invited, moved, called off; and the file to download."
LENGTH = timedelta(minutes=30)
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
UNSAID = {"khal": {"method", "sequence"}}
"What a reader keeps to itself."

Facts = dict[str, Any]


def write(folder: Path, zone: str, day: date, turn: int) -> tuple[str, Facts]:
    """Write one calendar: the name of its file, and what readers must say."""
    method, sequence = METHODS[turn % len(METHODS)]
    start = datetime.combine(day, DAYS.get(day, time(14, 30)), zone_of(zone)).astimezone(UTC)
    language = ("en", "ar", "uk", "ti")[turn % 4]
    meant: Facts = {
        "uid": f"{zone}-{day}@tele.example",
        "start": as_written_in_javascript(start),
        "end": as_written_in_javascript(start + LENGTH),
        "sequence": sequence,
        "status": "CANCELLED" if method == "CANCEL" else "CONFIRMED",
        "method": method,
        "description": long_moment(start, zone, language),
    }
    body = calendar_part(
        method, meant["uid"], sequence, start, LENGTH, "noreply@tele.example",
        None if method == "PUBLISH" else "amina@example.org", "https://tele.example/i/abc",
        "Clinic, North", meant["description"], NOW,
    )  # fmt: skip
    name = f"{zone.replace('/', '-')}-{day}-{turn}.ics"
    (folder / name).write_bytes(body)
    return name, meant


def as_written_in_javascript(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"


def read(folder: Path, ics_every: int) -> dict[str, dict[str, Facts]]:
    """Reader -> file -> what it says, by one process of Python and one of Node."""
    commands = (
        [sys.executable, "-m", "tests.read_calendars", str(folder), str(ics_every)],
        ["node", "tests/javascript/read-calendars.js", str(folder)],
    )

    def run(command: list[str]) -> Any:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    with ThreadPoolExecutor() as both:
        python, node = both.map(run, commands)
    return {**python, **node}


def compare(told: dict[str, dict[str, Facts]], meant: dict[str, Facts]) -> dict[str, int]:
    """How many files each reader reads right. Fails unless that is all it was given."""
    assert told.keys() == READERS
    wrong = [
        f"{reader}, {name}: {fact} {facts.get(fact)!r}, not {value!r}; {facts.get('error')}"
        for reader, files in told.items()
        for name, facts in files.items()
        for fact, value in meant[name].items()
        if fact not in UNSAID.get(reader, ()) and facts.get(fact) != value
    ]
    assert not wrong, "\n".join([f"{len(wrong)} times wrong", *wrong[:10]])
    return {reader: len(files) for reader, files in told.items()}


def test_every_reader_has_each_zone_and_season_right_to_the_minute(tmp_path: Path) -> None:
    pairs = [(zone, day) for zone in ZONES for day in DAYS]
    meant = dict(write(tmp_path, *pair, turn) for turn, pair in enumerate(pairs))
    counts = compare(read(tmp_path, ics_every=7), meant)
    assert counts.pop("ics") == 43
    assert set(counts.values()) == {300}


@pytest.mark.soak
def test_every_reader_has_every_zone_and_month_right_to_the_minute(tmp_path: Path) -> None:
    days = [*DAYS, *(date(2027, month, 28) for month in range(1, 13))]
    read_right = dict.fromkeys(READERS, 0)
    for first in range(0, len(offered_zones()), 20):
        folder = tmp_path / str(first)
        folder.mkdir()
        kinds = product(offered_zones()[first : first + 20], days, range(len(METHODS)))
        meant = dict(starmap(partial(write, folder), kinds))
        for reader, count in compare(read(folder, ics_every=10), meant).items():
            read_right[reader] += count
    print(read_right)
