"""Time zones as people choose them: by city and country, in their language, under today's name.

Browsers name zones each in their own way, and IANA's names are codes. What is shown comes from CLDR:
its city for each zone and its territories; the country of a zone comes from zone.tab.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location

from web.zones.names import (
    clocks_held,
    countries,
    former_names,
    offered_zones,
    todays_name,
)

_SPOKEN = 20
"Percent of a territory's people from which a language counts as spoken there, official or not."
_OFFICIAL = ("official", "de_facto_official")


class Place(NamedTuple):
    """A zone as a list offers it."""

    zone: str
    label: str
    "City and country."
    also: str
    "Other names to find it by: English ones, IANA's, former ones."


class Places(NamedTuple):
    """The zones of a list."""

    near: tuple[Place, ...]
    "Where the language of the invited person is spoken, by label."
    others: tuple[Place, ...]
    "All others, by label."


def hold_places(languages: Iterable[str]) -> None:
    """Read the files behind all of this, once: a page must not wait for the disk."""
    countries(), former_names("UTC"), _territories_of("en")
    for language in languages:
        city("Europe/Zurich", language), _country("Europe/Zurich", language)


@cache
def places(language: str, spoken: str) -> Places:
    """Every offered zone in `language`, those where `spoken` is spoken first."""
    territories = _territories_of(spoken)
    near: list[Place] = []
    others: list[Place] = []
    for place in _all_places(language):
        (near if countries().get(place.zone) in territories else others).append(place)
    return Places(tuple(near), tuple(others))


@cache
def city(zone: str, language: str) -> str:
    """The city that a zone is called after: "Kyiv"; its own name if there is none, as for UTC."""
    found = todays_name(zone) or zone
    if found not in clocks_held():
        return zone
    # by the zone itself: Babel would look a name up in files of its own
    held = clocks_held()[found]
    name: str = get_timezone_location(held, locale=Locale.parse(language), return_city=True)
    return name


def label(zone: str, language: str) -> str:
    """City and country: "Kyiv · Ukraine"."""
    today = todays_name(zone) or zone
    name, country = city(today, language), _country(today, language)
    return f"{name} · {country}" if country and country != name else name


@cache
def _all_places(language: str) -> tuple[Place, ...]:
    found = [Place(zone, label(zone, language), _also(zone)) for zone in offered_zones()]
    return tuple(sorted(found, key=lambda place: (_sortable(place.label), place.zone)))


def _also(zone: str) -> str:
    written = [zone, *former_names(zone)]
    names = [name.rpartition("/")[2].replace("_", " ") for name in written]
    return _words([city(zone, "en"), _country(zone, "en"), *names])


def _words(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(name for name in names if name))


def _country(zone: str, language: str) -> str:
    territories: Any = Locale.parse(language).territories
    return str(territories.get(countries().get(zone, ""), ""))


def _sortable(text: str) -> str:
    """Without accents and case: Ürümqi is among the Us."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))


@cache
def _territories_of(language: str) -> frozenset[str]:
    """Where a language is spoken, by CLDR: officially, or by many."""
    return frozenset(
        territory
        for territory, spoken in get_global("territory_languages").items()
        if any(
            code.split("_")[0] == language
            and (facts["official_status"] in _OFFICIAL or facts["population_percent"] >= _SPOKEN)
            for code, facts in spoken.items()
        )
    )
