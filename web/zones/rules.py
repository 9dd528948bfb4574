"""Chooses the time zone rules of this process: the newest on this machine.

Python reads the operating system's and falls back to the package tzdata only for names that the system
lacks, so an outdated system would go on deciding about dates. Both are compared by IANA's version, such
as 2026f; a folder with broken files is ignored.
"""

import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

_VERSION = re.compile(r"# version (\d{4})([a-z]+)\s*$", re.MULTILINE)
"How tzdata.zi begins (zic(8), written by IANA's makefile)."


@dataclass(frozen=True)
class ZoneRules:
    version: str
    "Of IANA's release, such as 2026f; empty if unknown."
    folders: tuple[Path, ...]
    "Where zones are looked up, in this order."

    def __str__(self) -> str:
        return f"{self.version or 'no known version'} in {self.folders[0]}"


@cache
def in_force() -> ZoneRules:
    """The rules of this process. The first call chooses them, and must precede any use of a zone."""
    folders = newest_first([_package(), *filter(_is_whole, zoneinfo.TZPATH)])
    zoneinfo.reset_tzpath(folders)
    zoneinfo.ZoneInfo.clear_cache()
    return ZoneRules(version_of(folders[0]), tuple(map(Path, folders)))


def newest_first(folders: Iterable[str]) -> list[str]:
    """Folders of compiled zones, newest rules first; of equal age in the given order.

    None is left out: a zone that the newest lacks is still found in an older one. Folders without a
    version come last.
    """
    return sorted(
        dict.fromkeys(folders), key=lambda folder: _order(version_of(folder)), reverse=True
    )


def version_of(folder: str) -> str:
    """The version of a folder's rules, such as 2026f; empty if unknown."""
    try:
        with (Path(folder) / "tzdata.zi").open(encoding="utf-8") as source:
            found = _VERSION.match(source.readline())
    except (OSError, ValueError):
        return ""
    return found[1] + found[2] if found else ""


def _is_whole(folder: str) -> bool:
    """Whether all zones and tables that the folder has can be read; it may lack any of them.

    A disk that was full during an update leaves truncated files, and one would prevent the start.
    """
    base = Path(folder)
    try:
        table = base / "zone.tab"
        if table.exists() and not places_in(table):
            return False
        if (base / "tzdata.zi").exists():
            (base / "tzdata.zi").read_text("utf-8")
        names = places_in(Path(_package()) / "zone.tab")
        return all(map(_is_compiled, filter(Path.is_file, map(base.joinpath, names))))
    except (OSError, ValueError, IndexError):
        return False


def places_in(table: Path) -> frozenset[str]:
    """The zones listed in a zone.tab, one for each place of each country."""
    return frozenset(countries_in(table))


def countries_in(table: Path) -> dict[str, str]:
    """The same with the country of each (ISO 3166)."""
    lines = table.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


def _is_compiled(zone: Path) -> bool:
    """Whether the file begins and ends as a TZif file does (RFC 9636, section 3)."""
    octets = zone.read_bytes()
    return octets.startswith(b"TZif") and octets.endswith(b"\n")


def _order(version: str) -> tuple[str, int, str]:
    """A sort key: 2026z is followed by 2026za (IANA's theory.html, "Version numbers")."""
    return version[:4], len(version), version


def _package() -> str:
    return str(files("tzdata") / "zoneinfo")
