"""The palette that is derived from an organization's color."""

import re

import pytest

from signaling.errors import InvalidInput
from tests.structure import ROOT
from web.settings.palette import (
    LEAST_CONTRAST,
    Palette,
    checked_color,
    contrast,
    palette_of,
)

TYPICAL = ("#0b6e75", "#d2232a", "#ffff00", "#0000ff", "#00ff00", "#ffa500", "#123456", "#00002a")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("color", TYPICAL)
def test_every_color_is_readable_by_light_and_by_dark(color: str) -> None:
    sheet = (ROOT / "web/static/css/base.css").read_text()
    roots = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    by_light, by_dark = (each for each in roots if "--ground:" in each)
    palette = palette_of(color)
    for shades, mode in ((palette.light, by_light), (palette.dark, by_dark)):
        named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", mode))
        assert named.pop("surface", "#fff") in ("#fff", "#182326")
        pairs = [
            (shades.accent, "#182326" if mode is by_dark else "#ffffff"),
            (shades.accent, named["ground"]),
            (shades.accent, shades.tint),
            (shades.on_accent, shades.accent),
            (named["text"], shades.tint),
        ]
        for one, other in pairs:
            assert contrast(one, other) >= LEAST_CONTRAST, (color, one, other)


def test_a_readable_color_stays_as_it_is() -> None:
    assert palette_of("#0b6e75").light.accent == "#0b6e75"
    assert palette_of("#ffff00").dark.accent == "#ffff00"


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "A color is written like"),
        ("teal", "A color is written like"),
        ("#12345", "A color is written like"),
        ("#0b6e75;}body{display:none", "A color is written like"),
        ("#808080", "is a gray"),
        ("#000000", "is a gray"),
        ("#ffffff", "is a gray"),
        ("#ffffcc", "too pale"),
    ],
)
def test_an_impossible_color_is_refused_with_its_reason(typed: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        checked_color(typed)
    assert refused.value.field == "color"


def test_the_style_sheet_has_the_variables_of_both_modes() -> None:
    palette: Palette = palette_of(checked_color(" 0B6E75 "))
    sheet = palette.style_sheet()
    assert f"--accent:{palette.light.accent}" in sheet
    assert "prefers-color-scheme:dark" in sheet and f"--accent:{palette.dark.accent}" in sheet
