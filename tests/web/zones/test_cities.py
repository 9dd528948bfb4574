"""Zones are offered by city and country, under today's names, with others to find them by."""

import pytest

from web.texts.catalogs import OWN_NAMES
from web.zones.cities import city, label, places
from web.zones.names import offered_zones


@pytest.mark.parametrize("language", OWN_NAMES)
def test_every_zone_is_offered_once_in_every_language(language: str) -> None:
    found = places(language, language)
    zones = [place.zone for place in (*found.near, *found.others)]
    assert sorted(zones) == sorted(offered_zones())
    assert all(place.label and "_" not in place.label for place in found.near)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Kiev", "Kyiv · Ukraine"),
        ("Asia/Calcutta", "Kolkata · India"),
        ("Asia/Rangoon", "Yangon · Myanmar (Burma)"),
        ("America/Buenos_Aires", "Buenos Aires · Argentina"),
        ("Asia/Singapore", "Singapore"),
        ("UTC", "UTC"),
    ],
)
def test_a_place_has_the_name_of_today_whatever_a_browser_calls_it(zone: str, shown: str) -> None:
    assert label(zone, "en") == shown


def test_names_are_those_of_the_language() -> None:
    assert label("Europe/Kyiv", "uk") == "Київ · Україна"
    assert city("Europe/Zurich", "ar") == "زيورخ"


@pytest.mark.parametrize(
    ("zone", "names"),
    [
        ("Europe/Kyiv", ("Kiev", "Kyiv", "Ukraine")),
        ("Asia/Kolkata", ("Calcutta", "India")),
        ("Asia/Yangon", ("Rangoon",)),
        ("Africa/Asmara", ("Asmera", "Eritrea")),
    ],
)
def test_a_place_is_found_by_former_and_english_names(zone: str, names: tuple[str, ...]) -> None:
    [place] = [each for each in places("ar", "en").others if each.zone == zone] or [
        each for each in places("ar", "en").near if each.zone == zone
    ]
    assert set(names) <= set(place.also.split())


@pytest.mark.parametrize(
    ("spoken", "near"),
    [
        ("uk", {"Europe/Kyiv", "Europe/Simferopol"}),
        ("ti", {"Africa/Asmara"}),
        ("so", {"Africa/Mogadishu", "Africa/Djibouti"}),
        ("fa", {"Asia/Kabul", "Asia/Tehran"}),
    ],
)
def test_where_a_language_is_spoken_comes_first(spoken: str, near: set[str]) -> None:
    assert near <= {place.zone for place in places("en", spoken).near}
    assert "America/New_York" not in {place.zone for place in places("en", spoken).near}


def test_labels_are_in_alphabetical_order_whatever_their_accents() -> None:
    labels = [place.label for place in places("en", "ti").others]
    at = labels.index("Ürümqi · China")
    assert labels[at - 1][0] in "TU" and labels[at + 1][0] in "UV"
