"""Which rules of time zones are in force in this process: the newest there are on this machine.

Python reads those of the operating system and knows the package tzdata only for names that the
system lacks, so a system that is behind would go on deciding about dates. Both are compared by the
version that IANA gives its releases, such as 2026f; a folder with broken files does not count.
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
    "Of IANA's release, such as 2026f; empty if the newest there are tell none."
    folders: tuple[Path, ...]
    "Where zones are read, in this order."

    def __str__(self) -> str:
        return f"{self.version or 'no known version'} in {self.folders[0]}"


@cache
def in_force() -> ZoneRules:
    """The rules of this process, chosen by the first call; it must come before any zone is used."""
    folders = newest_first([_package(), *filter(_is_whole, zoneinfo.TZPATH)])
    zoneinfo.reset_tzpath(folders)
    zoneinfo.ZoneInfo.clear_cache()
    return ZoneRules(version_of(folders[0]), tuple(map(Path, folders)))


def newest_first(folders: Iterable[str]) -> list[str]:
    """Folders of compiled zones, by the age of their rules; of equal age in the order given.

    None of these is left out: a zone that the newest lack is still found in older ones. Rules that tell no
    version come last.
    """
    return sorted(
        dict.fromkeys(folders), key=lambda folder: _order(version_of(folder)), reverse=True
    )


def version_of(folder: str) -> str:
    """Such as 2026f; empty if the folder does not tell."""
    try:
        with (Path(folder) / "tzdata.zi").open(encoding="utf-8") as source:
            found = _VERSION.match(source.readline())
    except (OSError, ValueError):
        return ""
    return found[1] + found[2] if found else ""


def _is_whole(folder: str) -> bool:
    """Say whether what the folder has of places and tables can be read; it may lack any of them.

    A disk that was full during an update leaves files cut, and one such zone would end the start.
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
    """The zones that a zone.tab lists, one for each place of each country."""
    lines = table.read_text("utf-8").splitlines()
    return frozenset(line.split("\t")[2] for line in lines if line and not line.startswith("#"))


def _is_compiled(zone: Path) -> bool:
    """Look at both ends, as RFC 9636 (section 3) has them."""
    octets = zone.read_bytes()
    return octets.startswith(b"TZif") and octets.endswith(b"\n")


def _order(version: str) -> tuple[str, int, str]:
    """After 2026z comes 2026za (IANA's theory.html, "Version numbers")."""
    return version[:4], len(version), version


def _package() -> str:
    return str(files("tzdata") / "zoneinfo")
