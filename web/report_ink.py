"""Drawing lines of shaped glyphs on fpdf2's pages.

fpdf2 keeps the fonts, their subsets and the file; the text operators are written here, because
`FPDF.cell` would order, choose and shape anew what `web/report_lines.py` has already shaped,
at four times the cost. The operators are those of ISO 32000-1, 9.4. Four methods that fpdf2
does not document are used (`subset.get_glyph`, `subset.pick_glyph`, `_set_font_for_page`,
`_out`); the tests of the report look at what they draw.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from web.report_fonts import BOLD_FILE
from web.report_lines import Line, Run

if TYPE_CHECKING:
    from fpdf import FPDF

Color = tuple[int, int, int]

# Thickens the strokes of fonts without a bold face, in parts of the font size.
_THICKER = 0.018


class Ink:
    """Writes glyphs on the pages of one document."""

    def __init__(self, pdf: FPDF) -> None:
        self._pdf = pdf
        self._codes: dict[tuple[str, int, str], tuple[str, int]] = {}

    def draw(
        self, line: Line, x: float, baseline: float, size: float, color: Color, bold: bool
    ) -> None:
        """Draw `line` with its left end at `x`; all lengths are points from the upper left."""
        for run in line.runs:
            self._draw_run(run, x, baseline, size, color, bold)
            x += run.width

    def _draw_run(
        self, run: Run, x: float, baseline: float, size: float, color: Color, bold: bool
    ) -> None:
        pdf = self._pdf
        font: Any = pdf.fonts[run.choice.file.lower()]
        shade = " ".join(f"{part / 255:.3f}" for part in color)
        weight = ""
        if bold and run.choice.file != BOLD_FILE:
            weight = f"2 Tr {size * _THICKER:.2f} w {shade} RG "
        # q and Q keep color and thickness from the lines and texts that follow.
        pdf._out(
            f"q BT {pdf._set_font_for_page(font, size, wrap_in_text_object=False)} {shade} rg "
            f"{weight}{x:.2f} {pdf.h - baseline:.2f} Td {self._show(font, run, size)} ET Q"
        )

    def _show(self, font: Any, run: Run, size: float) -> str:
        """Write the operators that show the glyphs; numbers are thousandths of the size."""
        parts: list[str] = []
        array: list[str] = []
        pending = 0.0
        rise = 0.0
        for glyph, letters in zip(run.glyphs, _letters(run), strict=True):
            if abs(glyph.y_offset - rise) > 1e-6:
                parts.append(f"[{''.join(array)}] TJ {glyph.y_offset * size:.2f} Ts")
                array = []
                rise = glyph.y_offset
            code, width = self._code(font, run.choice.file, glyph.id, letters)
            # A number in the array moves the pen to the left, so it is the pen's surplus.
            pending -= glyph.x_offset * 1000
            if abs(pending) >= 0.5:
                array.append(f"{pending:.0f}")
                pending -= round(pending)
            array.append(f"<{code}>")
            pending += width + (glyph.x_offset - glyph.advance) * 1000
        parts.append(f"[{''.join(array)}] TJ")
        return " ".join(parts).replace("><", "")

    def _code(self, font: Any, file: str, glyph_id: int, letters: str) -> tuple[str, int]:
        """Take the glyph into the font's subset; `letters` are what a reader may copy."""
        key = (file, glyph_id, letters)
        if key not in self._codes:
            name = font.ttfont.getGlyphName(glyph_id)
            width = round(font.scale * font.ttfont["hmtx"].metrics[name][0])
            glyph = font.subset.get_glyph(
                glyph=glyph_id,
                unicode=tuple(map(ord, letters)),
                glyph_name=name,
                glyph_width=width,
            )
            self._codes[key] = (f"{font.subset.pick_glyph(glyph) or 0:04X}", width)
        return self._codes[key]


def _letters(run: Run) -> list[str]:
    """Give each glyph the letters it stands for; of several for the same, the first has all."""
    starts = sorted({glyph.cluster for glyph in run.glyphs})
    spelled = {start: run.text[start:end] for start, end in pairwise([*starts, len(run.text)])}
    return [spelled.pop(glyph.cluster, "") for glyph in run.glyphs]
