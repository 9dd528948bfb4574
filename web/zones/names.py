"""The names of time zones: which exist, and which of several names for a place is today's.

Places are renamed, and programs use the old names for years: Europe/Kiev, Asia/Calcutta. IANA keeps
them as links, but links also join places with the same clock (Africa/Asmera leads to Africa/Nairobi),
so CLDR's aliases come first, and zone.tab says which name is in use.
"""

import re
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

from web.zones.rules import countries_in, in_force, places_in

_NOT_ZONES = frozenset({"Factory", "localtime", "posixrules"})
"Not zones, though listed among them: they mean that a machine was never set up."
_UTC = frozenset({"Etc/UTC", "Etc/GMT"})
_OFFSET = re.compile(r"([+-])(\d\d):00")


def todays_name(name: str) -> str | None:
    """The current name of a zone given by any of its names; None if there is no such zone.

    Browsers also send an offset, "+03:00" (ECMA-402); only whole hours are zones here.
    """
    if name in _places():
        return name
    if offset := _OFFSET.fullmatch(name):
        sign = "-" if offset[1] == "+" else "+"  # POSIX counts to the west
        name = f"Etc/GMT{sign}{int(offset[2])}"
    return _names().get(name.casefold())


@cache
def offered_zones() -> tuple[str, ...]:
    """The zones that people choose from: each place once, by today's name."""
    return tuple(sorted(_places() & set(_names().values())))


@cache
def countries() -> dict[str, str]:
    """Zone of zone.tab -> the country that it belongs to (ISO 3166)."""
    return countries_in(_table("zone.tab"))


def former_names(zone: str) -> tuple[str, ...]:
    """Other names of the same place that programs and people still use: Europe/Kiev."""
    return _former_names().get(zone, ())


@cache
def _former_names() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    today = _names()
    for name in sorted(available_timezones() - _NOT_ZONES):
        if "/" in name and name != (place := today[name.casefold()]):
            found.setdefault(place, []).append(name)
    return {place: tuple(names) for place, names in found.items()}


@cache
def clocks_held() -> dict[str, ZoneInfo]:
    """Every offered zone, held for the life of the process.

    Otherwise zoneinfo would drop zones and read them again: after an update of the system's files,
    some would follow the new rules and others the old ones until the next start.
    """
    return {name: ZoneInfo(name) for name in offered_zones()}


def zone_of(name: str) -> ZoneInfo:
    """The zone by any of its names; UTC if there is no such zone."""
    return ZoneInfo(todays_name(name) or "UTC")


@cache
def _names() -> dict[str, str]:
    """Every name in lower case -> today's."""
    places, links = _places(), _links()
    aliases = get_global("zone_aliases")
    found = {}
    for name in available_timezones() - _NOT_ZONES:
        alias = aliases.get(name, name)
        if name == "UTC" or _UTC & {alias, links.get(name)}:
            found[name] = "UTC"
        else:
            found[name] = next(
                (each for each in (name, alias, links.get(name)) if each in places), name
            )
    return {name.casefold(): today for name, today in found.items()}


@cache
def _places() -> frozenset[str]:
    """The zones of zone.tab: the current name for every place of every country."""
    return places_in(_table("zone.tab"))


def _links() -> dict[str, str]:
    """Old name -> its link's target, from lines of tzdata.zi like "L Europe/Kyiv Europe/Kiev"."""
    links = re.findall(r"^L (\S+) (\S+)$", _table("tzdata.zi").read_text("utf-8"), re.MULTILINE)
    return {link: target for target, link in links}


def _table(name: str) -> Path:
    """A file beside the zones, from the newest rules that have it."""
    return next(file for folder in in_force().folders if (file := folder / name).is_file())
