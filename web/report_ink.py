"""Drawing lines of shaped glyphs on fpdf2's pages.

fpdf2 keeps the fonts, their subsets and the file; the text operators are written here, because
`FPDF.cell` would order, choose and shape anew what `web/report_lines.py` has already shaped,
at four times the cost. The operators are those of ISO 32000-1, 9.4. Four things that fpdf2
does not document are used (`fonts.Glyph`, `subset.pick_glyph`, `_set_font_for_page`, `_out`);
the tests of the report look at what they draw.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from web.report_fonts import BOLD_FILE, LONGEST_REMEMBERED, Run, path_of, remember
from web.report_lines import Line

if TYPE_CHECKING:
    from fpdf import FPDF

Color = tuple[int, int, int]

# Thickens the strokes of fonts without a bold face, in parts of the font size.
_THICKER = 0.018
_RULE = 0.6

_MOST_SPELLINGS = 30_000
"""Of the glyphs of one font, which has at most as many again: codes have two bytes. After that a
glyph has the letters it had at first, for whoever copies them."""


class Ink:
    """Writes glyphs and rules on the pages of one document, which must measure in points."""

    def __init__(self, pdf: FPDF) -> None:
        self._pdf = pdf
        self._fonts: dict[str, _Subset] = {}
        self._shown: dict[tuple[Run, float], tuple[str, float]] = {}

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return self._pdf.pages_count

    def add_page(self) -> None:
        """Begin a page; from now on all goes there."""
        self._pdf.add_page()

    def turn_to(self, page: int) -> None:
        """Write on a page that is there already; the first is 1."""
        self._pdf.page = page

    def rule(self, x: float, width: float, baseline: float, color: Color) -> None:
        """Draw a thin line to the right of `x`."""
        y = self._pdf.h - baseline
        self._pdf._out(
            f"q {_RULE} w {_shade(color)} RG {x:.2f} {y:.2f} m {x + width:.2f} {y:.2f} l S Q"
        )

    def draw(
        self, line: Line, x: float, baseline: float, size: float, color: Color, bold: bool
    ) -> None:
        """Draw `line` with its left end at `x`; all lengths are points from the upper left."""
        for file, together in groupby(line.runs, lambda run: run.choice.file):
            runs = list(together)
            self._draw_runs(file, runs, x, baseline, size, color, bold)
            x += sum(run.width for run in runs) * size

    def _draw_runs(
        self,
        file: str,
        runs: list[Run],
        x: float,
        baseline: float,
        size: float,
        color: Color,
        bold: bool,
    ) -> None:
        pdf = self._pdf
        font = self._font(file).font
        shade = _shade(color)
        weight = ""
        if bold and file != BOLD_FILE:
            weight = f"2 Tr {size * _THICKER:.2f} w {shade} RG "
        # q and Q keep color and thickness from the lines and texts that follow.
        pdf._out(
            f"q BT {pdf._set_font_for_page(font, size, wrap_in_text_object=False)} {shade} rg "
            f"{weight}{x:.2f} {pdf.h - baseline:.2f} Td [{self._show(runs, size)}] TJ ET Q"
        )

    def _font(self, file: str) -> _Subset:
        if file not in self._fonts:
            self._pdf.add_font(file, "", path_of(file))
            self._fonts[file] = _Subset(self._pdf.fonts[file.lower()])
        return self._fonts[file]

    def _show(self, runs: list[Run], size: float) -> str:
        """Write the array that shows some runs one behind the other; see `_Subset.show`."""
        parts: list[str] = []
        pending = 0.0
        for run in runs:
            shown = self._shown.get((run, size))
            if shown is None:
                shown = self._font(run.choice.file).show(run, size)
                if len(run.text) <= LONGEST_REMEMBERED:
                    remember(self._shown, (run, size), shown)
            if abs(pending) >= 0.5:
                parts.append(f"{pending:.0f}")
                pending -= round(pending)
            parts.append(shown[0])
            pending += shown[1]
        return "".join(parts).replace("><", "")


class _Subset:
    """The glyphs of one font that the document uses, and their codes there."""

    def __init__(self, font: Any) -> None:
        from fpdf.fonts import Glyph

        class Entry(Glyph):
            """fpdf2 hashes glyphs by number alone: those of many spellings would all collide."""

            __slots__ = ()

            def __hash__(self) -> int:
                return hash((self.glyph_id, self.unicode))

        self.font = font
        self._entry = Entry
        self._codes: dict[tuple[int, str], tuple[str, int]] = {}
        self._first: dict[int, tuple[str, int]] = {}

    def show(self, run: Run, size: float) -> tuple[str, float]:
        """Write a run as a part of a TJ array, and how far the pen then is too far to the right.

        Numbers, and that distance, are thousandths of the size. A glyph that stands higher or
        lower ends the array and begins another.
        """
        array: list[str] = []
        pending = 0.0
        rise = 0.0
        for glyph, letters in zip(run.glyphs, _letters(run), strict=True):
            if abs(glyph.y_offset - rise) > 1e-6:
                rise = glyph.y_offset
                array.append(f"] TJ {rise * size:.2f} Ts [")
            code, width = self._code(glyph.id, letters)
            # A number in the array moves the pen to the left, so it is the pen's surplus.
            pending -= glyph.x_offset * 1000
            if abs(pending) >= 0.5:
                array.append(f"{pending:.0f}")
                pending -= round(pending)
            array.append(f"<{code}>")
            pending += width + (glyph.x_offset - glyph.advance) * 1000
        if rise:
            array.append("] TJ 0 Ts [")
        return "".join(array), pending

    def _code(self, glyph_id: int, letters: str) -> tuple[str, int]:
        """Take the glyph into the font's subset; `letters` are what a reader may copy."""
        found = self._codes.get((glyph_id, letters))
        if found is None and len(self._codes) >= _MOST_SPELLINGS:
            found = self._first.get(glyph_id)
        if found is None:
            name = self.font.ttfont.getGlyphName(glyph_id)
            width = round(self.font.scale * self.font.ttfont["hmtx"].metrics[name][0])
            entry = self._entry(glyph_id, tuple(map(ord, letters)), name, width)
            found = f"{self.font.subset.pick_glyph(entry):04X}", width
            self._codes[glyph_id, letters] = found
            self._first.setdefault(glyph_id, found)
        return found


def _shade(color: Color) -> str:
    return " ".join(f"{part / 255:.3f}" for part in color)


def _letters(run: Run) -> list[str]:
    """Give each glyph the letters it stands for; of several for the same, the first has all."""
    starts = sorted({glyph.cluster for glyph in run.glyphs})
    spelled = {start: run.text[start:end] for start, end in pairwise([*starts, len(run.text)])}
    return [spelled.pop(glyph.cluster, "") for glyph in run.glyphs]
