"""The names of time zones: which there are, and which of several for one place is today's.

Places are renamed, and programs go on telling old names for years: Europe/Kiev, Asia/Calcutta. IANA
keeps them as links, but links also join places of one clock (Africa/Asmera leads to
Africa/Nairobi), so CLDR's aliases come first, and zone.tab tells which name is in use.
"""

import re
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

from web.zones.rules import in_force, places_in

_NOT_ZONES = frozenset({"Factory", "localtime", "posixrules"})
"What stands among the zones and is none: it says that a machine was never set up."
_UTC = frozenset({"Etc/UTC", "Etc/GMT"})
_OFFSET = re.compile(r"([+-])(\d\d):00")


def todays_name(name: str) -> str | None:
    """The name in use for a zone that is told by any name; None if there is no such zone.

    Browsers also tell an offset, "+03:00" (ECMA-402); one that is no whole hour is no zone here.
    """
    if name in _places():
        return name
    if offset := _OFFSET.fullmatch(name):
        sign = "-" if offset[1] == "+" else "+"  # POSIX counts to the west
        name = f"Etc/GMT{sign}{int(offset[2])}"
    return _names().get(name.casefold())


@cache
def offered_zones() -> tuple[str, ...]:
    """Those that people choose from: each place once, by today's name."""
    return tuple(sorted(_places() & set(_names().values())))


@cache
def clocks_held() -> dict[str, ZoneInfo]:
    """The clocks of every zone that is offered, held for as long as this process lives.

    An update of the system's zones is followed by the next start, and then by all at once:
    zoneinfo finds here what it would else read anew, now and then, while the rest stays as it was.
    """
    return {name: ZoneInfo(name) for name in offered_zones()}


def zone_of(name: str) -> ZoneInfo:
    """The clocks of a zone by any of its names; UTC if there is no such zone."""
    return ZoneInfo(todays_name(name) or "UTC")


@cache
def _names() -> dict[str, str]:
    """Every name in small letters -> today's."""
    places, links = _places(), _links()
    aliases = get_global("zone_aliases")
    found = {}
    for name in available_timezones() - _NOT_ZONES:
        alias = aliases.get(name, name)
        if name == "UTC" or _UTC & {alias, links.get(name)}:
            found[name] = "UTC"
        else:
            found[name] = next(
                (one for one in (name, alias, links.get(name)) if one in places), name
            )
    return {name.casefold(): today for name, today in found.items()}


@cache
def _places() -> frozenset[str]:
    """What zone.tab lists: the name in use for every place, of every country."""
    return places_in(_table("zone.tab"))


def _links() -> dict[str, str]:
    """Old name -> what it is a link to, as tzdata.zi has it: "L Europe/Kyiv Europe/Kiev"."""
    links = re.findall(r"^L (\S+) (\S+)$", _table("tzdata.zi").read_text("utf-8"), re.MULTILINE)
    return {link: target for target, link in links}


def _table(name: str) -> Path:
    """A file beside the zones, from the newest rules that have it."""
    return next(file for folder in in_force().folders if (file := folder / name).is_file())
