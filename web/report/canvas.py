"""Drawing lines of shaped glyphs on fpdf2's pages.

fpdf2 keeps the fonts, their subsets and the file; the text operators are written here, because
`FPDF.cell` would order, choose and shape anew what `web/report/line_breaking.py` has already shaped,
at four times the cost. The operators are those of ISO 32000-1, 9.4. Four things that fpdf2
does not document are used (`fonts.Glyph`, `subset.pick_glyph`, `_set_font_for_page`, `_out`);
the tests of the report look at what they draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from web.report.fonts import BOLD_FILE, LONGEST_REMEMBERED, Glyph, Run, path_of, remember
from web.report.line_breaking import Line

if TYPE_CHECKING:
    from fpdf import FPDF

Color = tuple[int, int, int]

# Thickens the strokes of fonts without a bold face, in parts of the font size.
_THICKER = 0.018
_RULE = 0.6

_MOST_SPELLINGS = 30_000
"""Of the glyphs of one font, which has at most as many again: codes have two bytes. After that a
glyph has the letters it had at first, for whoever copies them."""


class Canvas:
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
    """The glyphs of one font that the document uses, and their codes there.

    A reader of the file gives back what each code stands for, in the order in which the codes
    are drawn, and most readers invent a letter for a code that stands for none. So each cluster
    has one code: if the font draws it by several glyphs, they become one new glyph of the subset.
    """

    def __init__(self, font: Any) -> None:
        from fpdf.fonts import Glyph as FpdfGlyph

        class Entry(FpdfGlyph):
            """fpdf2 hashes glyphs by number alone: those of many spellings would all collide."""

            __slots__ = ()

            def __hash__(self) -> int:
                return hash((self.glyph_id, self.unicode))

        self.font = font
        self._entry = Entry
        self._codes: dict[tuple[Any, str], tuple[str, int]] = {}
        self._first: dict[int, tuple[str, int]] = {}
        self._units = font.ttfont["head"].unitsPerEm

    def show(self, run: Run, size: float) -> tuple[str, float]:
        """Write a run as a part of a TJ array, and how far the pen then is too far to the right.

        Numbers, and that distance, are thousandths of the size. A glyph that stands higher or
        lower ends the array and begins another.
        """
        array: list[str] = []
        pending = 0.0
        rise = 0.0
        for glyphs, letters in _clusters(run):
            for glyph, code, width in self._drawn(glyphs, letters):
                if abs(glyph.y_offset - rise) > 1e-6:
                    rise = glyph.y_offset
                    array.append(f"] TJ {rise * size:.2f} Ts [")
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

    def _drawn(self, glyphs: list[Glyph], letters: str) -> Iterator[tuple[Glyph, str, int]]:
        """Give the glyphs to draw for one cluster, each with its code and width there."""
        if len(glyphs) > 1 and len(self._codes) < _MOST_SPELLINGS:
            whole = Glyph(0, 0, sum(glyph.advance for glyph in glyphs), 0.0, 0.0)
            yield whole, *self._composite(glyphs, letters, whole.advance)
            return
        for glyph in glyphs:
            yield glyph, *self._code(glyph.id, letters)
            letters = ""

    def _code(self, glyph_id: int, letters: str) -> tuple[str, int]:
        """Take the glyph into the font's subset; `letters` are what a reader may copy."""
        found = self._codes.get((glyph_id, letters))
        if found is None and len(self._codes) >= _MOST_SPELLINGS:
            found = self._first.get(glyph_id)
        if found is None:
            name = self.font.ttfont.getGlyphName(glyph_id)
            found = self._take(glyph_id, letters, name)
            self._codes[glyph_id, letters] = found
            self._first.setdefault(glyph_id, found)
        return found

    def _composite(self, glyphs: list[Glyph], letters: str, advance: float) -> tuple[str, int]:
        """Take several glyphs, each where it stands, into the font's subset as one."""
        placed = tuple(self._placed(glyphs))
        found = self._codes.get((placed, letters))
        if found is None:
            glyph_id, name = self._add_glyph(placed, round(advance * self._units))
            found = self._take(glyph_id, letters, name)
            self._codes[placed, letters] = found
        return found

    def _placed(self, glyphs: list[Glyph]) -> Iterator[tuple[int, int, int]]:
        pen = 0.0
        for glyph in glyphs:
            x, y = pen + glyph.x_offset, glyph.y_offset
            yield glyph.id, round(x * self._units), round(y * self._units)
            pen += glyph.advance

    def _add_glyph(self, placed: tuple[tuple[int, int, int], ...], advance: int) -> tuple[int, str]:
        """Add a composite glyph (OpenType, "glyf") to the font; return its number and name."""
        from fontTools.ttLib.tables import _g_l_y_f as glyf

        font = self.font.ttfont
        glyph = glyf.Glyph()
        glyph.numberOfContours = -1
        glyph.components = []
        for glyph_id, x, y in placed:
            component = glyf.GlyphComponent()
            component.glyphName = font.getGlyphName(glyph_id)
            component.x, component.y, component.flags = x, y, glyf.ROUND_XY_TO_GRID
            glyph.components.append(component)
        numbers = font.getReverseGlyphMap()
        name = f"cluster{len(numbers)}"
        numbers[name] = len(numbers)
        font["glyf"][name] = glyph
        font["hmtx"][name] = (advance, 0)
        return numbers[name], name

    def _take(self, glyph_id: int, letters: str, name: str) -> tuple[str, int]:
        width = round(self.font.scale * self.font.ttfont["hmtx"].metrics[name][0])
        entry = self._entry(glyph_id, tuple(map(ord, letters)), name, width)
        return f"{self.font.subset.pick_glyph(entry):04X}", width


def _shade(color: Color) -> str:
    return " ".join(f"{part / 255:.3f}" for part in color)


def _clusters(run: Run) -> Iterator[tuple[list[Glyph], str]]:
    """Give the clusters of a run from left to right, each with the letters it stands for."""
    starts = sorted({glyph.cluster for glyph in run.glyphs})
    spelled = {start: run.text[start:end] for start, end in pairwise([*starts, len(run.text)])}
    for start, together in groupby(run.glyphs, lambda glyph: glyph.cluster):
        letters = spelled.pop(start, "")
        # Readers turn right-to-left text around letter by letter, also within a code.
        yield list(together), letters[::-1] if run.rtl else letters
