"""Draws lines of shaped glyphs on fpdf2's pages.

fpdf2 keeps the fonts, their subsets and the file; the text operators (ISO 32000-1, 9.4) are written
here, because `FPDF.cell` would reorder, choose fonts and shape again, at four times the cost. fpdf2 has
no public way to write operators or composite glyphs, so four undocumented parts are used: `_out` and
`_set_font_for_page` in `Canvas`, `fonts.Glyph` and `subset.pick_glyph` in `_Subset`. The tests of the
report look at what they draw, and the version of fpdf2 is pinned.
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

# Thickens the strokes of fonts without a bold face, as a fraction of the font size.
_THICKER = 0.018
_RULE = 0.6

_VERTICAL = ("vhea", "vmtx", "VORG")
"Tables of a font for lines from top to bottom, which a report has none of: new glyphs are not in them."

_MOST_SPELLINGS = 30_000
"""Pairs of glyph and letters in a font's subset, which has two-byte codes. Beyond that a glyph keeps the
letters of its first use, for whoever copies them."""


class Canvas:
    """Writes glyphs and rules on the pages of a document, whose unit must be the point."""

    def __init__(self, pdf: FPDF) -> None:
        self._pdf = pdf
        self._fonts: dict[str, _Subset] = {}
        self._shown: dict[tuple[Run, float], tuple[str, float]] = {}

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return self._pdf.pages_count

    def add_page(self) -> None:
        """Begin a page, and write on it from now on."""
        self._pdf.add_page()

    def turn_to(self, page: int) -> None:
        """Write on an existing page; the first is 1."""
        self._pdf.page = page

    def rule(self, x: float, width: float, baseline: float, color: Color) -> None:
        """Draw a thin line to the right of `x`."""
        y = self._pdf.h - baseline
        self._pdf._out(
            f"q {_RULE} w {_shade(color)} RG {x:.2f} {y:.2f} m {x + width:.2f} {y:.2f} l S Q"
        )

    def picture(
        self, content: bytes, x: float, y: float, width: float, height: float, turned: int,
        alternative: str,
    ) -> None:  # fmt: skip
        """Put a picture into the box whose upper left corner is at `x`, `y`.

        `turned` are quarter turns clockwise: only how it is drawn is turned, not its pixels.
        """
        if turned % 2:
            stored_width, stored_height = height, width
        else:
            stored_width, stored_height = width, height
        middle_x, middle_y = x + width / 2, y + height / 2
        with self._pdf.rotation(-90 * turned, middle_x, middle_y):
            self._pdf.image(
                content, middle_x - stored_width / 2, middle_y - stored_height / 2,
                stored_width, stored_height, alt_text=alternative,
            )  # fmt: skip

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
        # q and Q restore color and line width afterwards.
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
        """The TJ array that shows some runs one after the other; see `_Subset.show`."""
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
    """The glyphs of one font that the document uses, and their codes.

    PDF readers extract the text of each code in the order of drawing, and most invent a letter for a
    code without text. So each cluster has one code: if it has several glyphs, they become one new
    composite glyph of the subset.
    """

    def __init__(self, font: Any) -> None:
        from fpdf.fonts import Glyph as FpdfGlyph

        class Entry(FpdfGlyph):
            """fpdf2 hashes glyphs by id alone: those with many texts would all collide."""

            __slots__ = ()

            def __hash__(self) -> int:
                return hash((self.glyph_id, self.unicode))

        self.font = font
        self._entry = Entry
        self._codes: dict[tuple[Any, str], tuple[str, int]] = {}
        self._first: dict[int, tuple[str, int]] = {}
        self._units = font.ttfont["head"].unitsPerEm
        for table in _VERTICAL:
            if table in font.ttfont:
                del font.ttfont[table]

    def show(self, run: Run, size: float) -> tuple[str, float]:
        """A run as a part of a TJ array, and how far the pen then is too far to the right.

        Numbers, and that distance, are thousandths of the size. A raised or lowered glyph ends the
        array and begins another.
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
        """The glyphs to draw for a cluster, each with its code and width in the subset."""
        if len(glyphs) > 1 and len(self._codes) < _MOST_SPELLINGS:
            whole = Glyph(0, 0, sum(glyph.advance for glyph in glyphs), 0.0, 0.0)
            yield whole, *self._composite(glyphs, letters, whole.advance)
            return
        for glyph in glyphs:
            yield glyph, *self._code(glyph.id, letters)
            letters = ""

    def _code(self, glyph_id: int, letters: str) -> tuple[str, int]:
        """Add a glyph to the subset, if it is new; `letters` are what a reader may copy."""
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
        """Add several glyphs, each at its place, to the subset as one, if it is new."""
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
        """Add a composite glyph (OpenType, "glyf") to the font. Returns its id and name."""
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
    """The clusters of a run from left to right, each with its letters."""
    starts = sorted({glyph.cluster for glyph in run.glyphs})
    spelled = {start: run.text[start:end] for start, end in pairwise([*starts, len(run.text)])}
    for start, together in groupby(run.glyphs, lambda glyph: glyph.cluster):
        letters = spelled.pop(start, "")
        # Readers turn right-to-left text around letter by letter, also within a code.
        yield list(together), letters[::-1] if run.rtl else letters
