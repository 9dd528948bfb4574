"""One color of an organization as the colors of links and buttons, readable by light and by dark.

Contrast is that of WCAG 2.2: relative luminance, and 4.5:1 for text (success criterion 1.4.3).
The grounds are those of web/static/css/base.css.
"""

import colorsys
import re
from dataclasses import dataclass

from signaling.errors import N_, InvalidInput

Rgb = tuple[float, float, float]
"Red, green and blue from 0 to 1."

LEAST_CONTRAST = 4.5
"Of text (WCAG 2.2, 1.4.3, level AA)."
LEAST_SATURATION = 0.15
"Of HSL: with less, links look like the text around them."
MOST_DARKENED = 0.35
"By how much of HSL's lightness a color may be darkened until it can be read: more is another color."
STEP = 1 / 256

_COLOR = re.compile(r"#?([0-9a-fA-F]{6})", re.ASCII)
_LIGHT_GROUNDS = ("#ffffff", "#f4f7f8")
_DARK_GROUNDS = ("#182326", "#0f1719")
_LIGHT_INK, _DARK_INK = "#ffffff", "#0f1719"
_TINTED_LIGHT, _TINTED_DARK = 0.1, 0.2
"How much of the color is in the ground of what it marks."


@dataclass(frozen=True)
class Shades:
    """The colors of one mode, each as #rrggbb."""

    accent: str
    "Of links and marks on the grounds, and the ground of the main button."
    on_accent: str
    "Of text on the accent."
    tint: str
    "The ground of what is marked; text and accent are readable on it."


@dataclass(frozen=True)
class Palette:
    light: Shades
    dark: Shades

    def style_sheet(self) -> str:
        """The variables of web/static/css/base.css, with these colors."""
        return (
            f":root{{{_variables(self.light)}}}\n"
            f"@media (prefers-color-scheme:dark){{:root{{{_variables(self.dark)}}}}}\n"
        )


OWN_PALETTE = Palette(
    Shades("#0b6e75", "#ffffff", "#e3f0f1"), Shades("#5cc4cc", "#06282b", "#17373b")
)
"The product's own colors, for what cannot have a style sheet."


def checked_color(text: str) -> str:
    """The color as #rrggbb. Raises InvalidInput for the field `color`, also where no palette is
    possible."""
    found = _COLOR.fullmatch(text.strip())
    if found is None:
        raise InvalidInput("color", N_("A color is written like #0b6e75."))
    color = f"#{found[1].lower()}"
    palette_of(color)
    return color


def palette_of(color: str) -> Palette:
    """The colors derived from #rrggbb: its hue, as light or dark as reading needs.

    Raises InvalidInput for the field `color` if nothing readable is left of it.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(color))
    if saturation < LEAST_SATURATION or lightness in (0.0, 1.0):
        raise InvalidInput(
            "color",
            N_("This color is a gray: links could not be told from text. Please choose another."),
        )
    darkened = lightness
    while not (light := _shades(hue, darkened, saturation, dark=False)):
        darkened -= STEP
        if lightness - darkened > MOST_DARKENED:
            raise InvalidInput(
                "color",
                N_("This color is too pale to be read on white. Please choose a darker one."),
            )
    lightened = lightness
    while not (shades := _shades(hue, lightened, saturation, dark=True)):
        lightened += STEP
    return Palette(light, shades)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colors, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    brighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _shades(hue: float, lightness: float, saturation: float, *, dark: bool) -> Shades | None:
    """The colors with an accent of this lightness; None if one of them could not be read."""
    accent_rgb = colorsys.hls_to_rgb(hue, min(max(lightness, 0.0), 1.0), saturation)
    accent = _hex(accent_rgb)
    grounds = _DARK_GROUNDS if dark else _LIGHT_GROUNDS
    tint = _hex(_mixed(accent_rgb, _rgb(grounds[0]), _TINTED_DARK if dark else _TINTED_LIGHT))
    on_accent = max((_LIGHT_INK, _DARK_INK), key=lambda ink: contrast(ink, accent))
    text = "#e6eff1" if dark else "#16262b"
    pairs = [(accent, ground) for ground in (*grounds, tint)] + [(on_accent, accent), (text, tint)]
    if all(contrast(one, other) >= LEAST_CONTRAST for one, other in pairs):
        return Shades(accent, on_accent, tint)
    return None


def _variables(shades: Shades) -> str:
    return f"--accent:{shades.accent};--on-accent:{shades.on_accent};--tint:{shades.tint}"


def _mixed(color: Rgb, ground: Rgb, share: float) -> Rgb:
    red, green, blue = (
        share * one + (1 - share) * other for one, other in zip(color, ground, strict=True)
    )
    return red, green, blue


def _rgb(color: str) -> Rgb:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(color: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in color)


def _luminance(color: Rgb) -> float:
    """Relative luminance in sRGB (WCAG 2.2)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
