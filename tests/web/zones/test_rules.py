"""Which rules of time zones decide, and by which names zones are known."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tests.zone_rules import PACKAGE, database
from web.zones.names import offered_zones, todays_name, zone_of
from web.zones.rules import in_force, newest_first, version_of

ROOT = Path(__file__).parents[3]
OFFSET = (
    "import web, sys; from datetime import *; from zoneinfo import ZoneInfo;"
    "print(*(datetime(2026, 12, 7, tzinfo=ZoneInfo(name)).utcoffset() for name in sys.argv[1:]))"
)


def offsets(machine: Path, *zones: str) -> str:
    """What a process of ours says on a machine with these rules of its own."""
    return subprocess.run(
        [sys.executable, "-c", OFFSET, *zones], env={"PYTHONTZPATH": str(machine)},
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


@pytest.mark.slow
def test_rules_of_a_machine_that_is_behind_decide_nothing(tmp_path: Path) -> None:
    behind = database(tmp_path, "2025b", Africa__Casablanca="Etc/GMT-1", Asia__Atlantis="Etc/GMT-4")
    # Morocco left +01 with 2026f; a place that only the machine knows is found all the same
    assert offsets(behind, "Africa/Casablanca", "Asia/Atlantis") == "0:00:00 4:00:00"


@pytest.mark.slow
def test_rules_of_a_machine_that_is_ahead_decide(tmp_path: Path) -> None:
    ahead = database(tmp_path, "2099a", Africa__Casablanca="Etc/GMT-1")
    # and an old name that it lacks, as Debian 13 does without tzdata-legacy, is found all the same
    assert offsets(ahead, "Africa/Casablanca", "Asia/Katmandu") == "1:00:00 5:45:00"


UPDATED = (
    "import web, sys; from pathlib import Path; from datetime import *; from zoneinfo import ZoneInfo;"
    "from web.texts.catalogs import Catalogs; Catalogs.load(); folder = Path(sys.argv[1]) / 'Africa';"
    "(folder / 'Casablanca').write_bytes((folder / 'Lagos').read_bytes());"
    "print(datetime(2026, 12, 7, tzinfo=ZoneInfo('Africa/Casablanca')).utcoffset())"
)


@pytest.mark.slow
def test_an_update_of_the_system_changes_no_clocks_of_a_running_process(tmp_path: Path) -> None:
    zones = database(tmp_path, "2099a", Africa__Casablanca="Etc/GMT-1", Africa__Lagos="Etc/GMT-2")
    running = subprocess.run(
        [sys.executable, "-c", UPDATED, str(zones)], env={"PYTHONTZPATH": str(zones)},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert running.stdout.strip() == "1:00:00"


@pytest.mark.parametrize(
    ("versions", "order"),
    [
        (["2026f", "2025b"], [0, 1]),
        (["2025b", "2026f"], [1, 0]),
        (["2026f", "2026f"], [0, 1]),
        (["2026f", ""], [0, 1]),
        (["", "2026f"], [1, 0]),
        (["2026z", "2026za"], [1, 0]),
        (["2026za", "2027a"], [1, 0]),
    ],
)
def test_the_newest_rules_come_first(tmp_path: Path, versions: list[str], order: list[int]) -> None:
    folders = [str(database(tmp_path / str(n), v, UTC="UTC")) for n, v in enumerate(versions)]
    assert newest_first(folders) == [folders[place] for place in order]


@pytest.mark.parametrize("first_line", ["", "# version", "# version 2026", "\ufeff", "R d 1916 o"])
def test_rules_that_tell_no_version_are_not_taken_for_new_ones(
    tmp_path: Path, first_line: str
) -> None:
    (tmp_path / "tzdata.zi").write_text(first_line)
    assert version_of(str(tmp_path)) == ""
    (tmp_path / "tzdata.zi").write_bytes(b"\xff\xfe")
    assert version_of(str(tmp_path)) == ""


def test_this_process_has_the_newest_rules_of_this_machine() -> None:
    assert in_force().version >= version_of(str(PACKAGE)) >= "2026f"
    assert in_force().version >= version_of("/usr/share/zoneinfo")


@pytest.mark.parametrize(
    ("told", "today"),
    [
        ("Europe/Kiev", "Europe/Kyiv"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Rangoon", "Asia/Yangon"),
        ("Asia/Katmandu", "Asia/Kathmandu"),
        ("America/Godthab", "America/Nuuk"),
        ("US/Pacific", "America/Los_Angeles"),
        ("europe/kyiv", "Europe/Kyiv"),
        # links join what has one clock; these places have names of their own
        ("Africa/Asmera", "Africa/Asmara"),
        ("Africa/Timbuktu", "Africa/Bamako"),
        ("Iceland", "Atlantic/Reykjavik"),
        ("Europe/Oslo", "Europe/Oslo"),
        ("Asia/Kuwait", "Asia/Kuwait"),
        # clocks without a place
        ("+00:00", "UTC"),
        ("+03:00", "Etc/GMT-3"),
        ("-11:00", "Etc/GMT+11"),
        ("GMT", "UTC"),
        ("Zulu", "UTC"),
        ("Etc/GMT+0", "UTC"),
        ("Etc/GMT+3", "Etc/GMT+3"),
        # what is told where nobody knows
        ("Etc/Unknown", None),
        ("+05:45", None),
        ("+99:00", None),
        ("UTC+3", None),
        (":/etc/localtime", None),
        ("localtime", None),
        ("Factory", None),
        ("right/Europe/Kyiv", None),
        ("../zoneinfo/Europe/Kyiv", None),
        ("Europe/Kyiv\x00", None),
        ("", None),
    ],
)
def test_a_zone_is_known_by_todays_name(told: str, today: str | None) -> None:
    assert todays_name(told) == today


def test_no_zone_changes_its_clocks_with_its_name() -> None:
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=30 * n) for n in range(60)]
    for name in available_timezones() - {"Factory", "localtime", "posixrules"}:
        own, todays = ZoneInfo(name), zone_of(name)
        assert [day.astimezone(own).utcoffset() for day in days] == [
            day.astimezone(todays).utcoffset() for day in days
        ], name


def test_each_place_is_offered_once_by_todays_name() -> None:
    offered = offered_zones()
    assert len(offered) == len(set(offered)) > 400
    assert [name for name in offered if todays_name(name) != name] == []
    assert {"Europe/Kyiv", "Asia/Kolkata", "America/Coyhaique", "Europe/Oslo"} < set(offered)
    assert not {"Europe/Kiev", "Asia/Calcutta", "US/Eastern", "Etc/UTC", "EST5EDT"} & set(offered)


def test_a_zone_that_does_not_exist_shows_as_utc() -> None:
    assert zone_of("Mars/Olympus").key == "UTC"


BROKEN = (
    "import web; from datetime import *; from zoneinfo import ZoneInfo;"
    "from web.zones.names import clocks_held, todays_name; print(len(clocks_held()) > 400,"
    "todays_name('Europe/Kiev'),"
    "datetime(2026, 12, 7, tzinfo=ZoneInfo('Africa/Casablanca')).utcoffset())"
)


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["zone", "cut", "list", "empty list", "names"])
def test_rules_that_are_broken_are_not_in_force(tmp_path: Path, broken: str) -> None:
    zones = database(tmp_path, "2099a", Africa__Casablanca="Etc/GMT-1", Africa__Lagos="UTC")
    lagos = zones / "Africa/Lagos"
    if broken == "names":
        (zones / "tzdata.zi").write_bytes(b"# version 2099a\n" + 9000 * b"# \n" + b"L a \xff\n")
    elif "list" in broken:
        (zones / "zone.tab").write_text("" if broken == "empty list" else "MA\n")
    else:
        lagos.write_bytes(lagos.read_bytes()[:50] if broken == "cut" else b"")
    running = subprocess.run(
        [sys.executable, "-c", BROKEN], env={"PYTHONTZPATH": str(zones)},
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert running.stdout.strip() == "True Europe/Kyiv 0:00:00", running.stderr
