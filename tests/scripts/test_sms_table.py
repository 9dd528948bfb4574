"""No SMS takes more segments than promised, and docs/delivery.md says how many."""

import re
from pathlib import Path

import pytest

from scripts.sms_table import (
    NOTHING,
    OCCASIONS,
    every_moment,
    longest_days,
    table,
    taken,
)
from web.texts.catalogs import OWN_NAMES

LATIN = ("en", "fr", "es", "so", "sw", "pt", "de", "it")
DOCUMENT = Path(__file__).parents[2] / "docs/delivery.md"


def documented() -> dict[str, list[tuple[int, int]]]:
    """Language -> (written out, sent) at worst, for each occasion in its order."""
    found = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if row := re.fullmatch(r"\| ([a-z]{2}) \| (.* > .*) \|", line):
            cells = [re.split(" > | ", cell) for cell in row[2].split(" | ")]
            found[row[1]] = [(int(written), int(sent)) for written, sent, _mean in cells]
    return found


@pytest.mark.parametrize("language", OWN_NAMES)
def test_the_longest_texts_take_no_more_than_documented_and_promised(language: str) -> None:
    told = every_moment(language, longest_days(language))
    found = [taken(language, each, told) for each in OCCASIONS[1:]]
    found.insert(0, taken(language, "invitation", [NOTHING]))
    most = 2 if language in LATIN else 3
    cells = documented()[language]
    assert len(cells) == len(OCCASIONS), "docs/delivery.md has another number of occasions"
    for (written, sent), each in zip(cells, found, strict=True):
        assert each.worst_in_full <= written
        assert each.worst <= sent <= most


@pytest.mark.parametrize("language", LATIN)
def test_a_name_outside_of_gsm_costs_one_segment_more_at_most(language: str) -> None:
    told = every_moment(language, longest_days(language))
    for occasion in OCCASIONS[1:]:
        assert taken(language, occasion, told, "Dr. João Conceição").worst <= 3


@pytest.mark.soak
def test_the_table_is_that_of_a_whole_year() -> None:
    assert "\n".join(table()) in DOCUMENT.read_text(encoding="utf-8")
