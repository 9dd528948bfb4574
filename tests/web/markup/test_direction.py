"""Names in any script begin where their block begins on the page."""

import re
from pathlib import Path

import pytest

MARKUP = Path(__file__).parents[3] / "web/markup"
INLINE = {"span", "strong", "time", "q", "bdi"}
OWN_TEXTS = {"input", "pre", "textarea", "p.text"}
"Whole texts that somebody wrote: each begins where its own language does."


def of_unknown_direction(source: str) -> list[str]:
    """The elements with the direction of their content, each with its first class."""
    found = re.findall(r'h\.(\w+)\(\s*(?:"(?:#[\w-]+)?(\.text)?[^"]*",)?[^()]*dir="auto"', source)
    return [tag + text for tag, text in found]


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ('h.h1("#a.b", dir="auto")[name]', ["h1"]),
        ('h.p(".text", dir="auto"), h.dd(dir="auto")[x]', ["p.text", "dd"]),
        ('h.h1[h.bdi[name]], h.p("x", dir="rtl")', []),
    ],
)
def test_elements_of_unknown_direction_are_found(source: str, tags: list[str]) -> None:
    assert of_unknown_direction(source) == tags


def test_no_block_of_a_page_takes_its_direction_from_a_name() -> None:
    for file in MARKUP.rglob("*.py"):
        for tag in of_unknown_direction(file.read_text("utf-8")):
            assert tag in INLINE | OWN_TEXTS, f"{file}: {tag}"
