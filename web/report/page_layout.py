"""Fills pages: lines are placed one below the other until a page is full.

Lines are drawn at once, so that a long report is never in memory twice; what depends on the number of
pages is added at the end. Lengths are points (1/72 inch). The "leading" edge is where a line of the
report's language begins, "trailing" is the other: a layout in these terms is mirrored by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from web.report.canvas import Canvas, Color
from web.report.fonts import LONGEST_REMEMBERED, Fonts, remember
from web.report.line_breaking import Line, lay_out

WIDTH, HEIGHT = 595.28, 841.89  # A4
MARGIN = 56.7
TOP, BOTTOM = 82.0, HEIGHT - 68.0
CONTENT = WIDTH - 2 * MARGIN


@dataclass(frozen=True)
class Style:
    """How a text looks."""

    size: float
    color: Color
    bold: bool = False


class PageLayout:
    """Pages of one report, filled from top to bottom."""

    def __init__(self, fonts: Fonts, canvas: Canvas, *, rtl: bool) -> None:
        self.fonts, self.canvas, self.rtl = fonts, canvas, rtl
        canvas.add_page()
        self.y = TOP
        "Where the next line begins."
        self._known: dict[tuple[str, Style, float], list[Line]] = {}

    def lay_out(self, text: str, style: Style, width: float = CONTENT) -> list[Line]:
        """Break `text` into lines of at most `width`.

        Short texts are cached: authors and times recur with every message of a chat.
        """
        known = self._known.get((text, style, width))
        if known is not None:
            return known
        lines = lay_out(
            text, self.fonts, size=style.size, width=width, rtl=self.rtl, bold=style.bold
        )
        if len(text) <= LONGEST_REMEMBERED:
            remember(self._known, (text, style, width), lines)
        return lines

    def gap(self, height: float) -> None:
        """Leave vertical space, unless a page has just begun."""
        if self.y > TOP:
            self.y += height

    def keep(self, height: float) -> None:
        """Begin a new page unless `height` still fits on this one."""
        if self.y + height > BOTTOM and self.y > TOP:
            self.canvas.add_page()
            self.y = TOP

    def rule(self, color: Color) -> None:
        """Draw a thin line across the page."""
        self.canvas.rule(MARGIN, CONTENT, self.y, color)

    def heading(self, text: str, style: Style) -> None:
        """Place text of the report itself, at its leading edge."""
        self.row(self.lay_out(text, style), style, [], style)

    def body(self, lines: list[Line], style: Style) -> None:
        """Place text that somebody wrote: each line begins at the edge of its own direction."""
        for line in lines:
            height = line.leading * style.size
            self.keep(height)
            x = MARGIN + CONTENT - line.width if line.rtl else MARGIN
            self._place(line, x, self.y + _baseline(height, style), style)
            self.y += height

    def picture(
        self, content: bytes, width: float, height: float, turned: int, alternative: str
    ) -> None:
        """Place a picture at the leading edge, with what is read to whoever cannot see it."""
        self.keep(height)
        x = MARGIN + CONTENT - width if self.rtl else MARGIN
        self.canvas.picture(content, x, self.y, width, height, turned, alternative)
        self.y += height

    def row(
        self,
        leading: list[Line],
        leading_style: Style,
        trailing: list[Line],
        trailing_style: Style,
        *,
        indent: float | None = None,
    ) -> None:
        """Place two texts side by side, line by line on one baseline.

        The second text begins at `indent` from the leading edge, or ends at the trailing edge.
        """
        for place in range(max(len(leading), len(trailing))):
            pair = [
                (lines[place], style)
                for lines, style in ((leading, leading_style), (trailing, trailing_style))
                if place < len(lines)
            ]
            height = max(line.leading * style.size for line, style in pair)
            baseline = max(_baseline(line.leading * style.size, style) for line, style in pair)
            self.keep(height)
            if place < len(leading):
                self._place_from_edge(leading[place], 0.0, self.y + baseline, leading_style)
            if place < len(trailing):
                line = trailing[place]
                offset = CONTENT - line.width if indent is None else indent
                self._place_from_edge(line, offset, self.y + baseline, trailing_style)
            self.y += height

    def repeat(self, draw: Callable[[PageLayout, int], None]) -> None:
        """Call `draw` with the number of every page, to add what all pages have."""
        for number in range(1, self.canvas.pages + 1):
            self.canvas.turn_to(number)
            draw(self, number)

    def across(
        self, baseline: float, leading: str, trailing: str, style: Style, *, rule: Color
    ) -> None:
        """Place a line of two texts and a thin rule at a fixed height, for header and footer."""
        half = CONTENT / 2 - 6
        for text, at_end in ((leading, False), (trailing, True)):
            for line in self.lay_out(text, style, half)[:1]:
                offset = CONTENT - line.width if at_end else 0.0
                self._place_from_edge(line, offset, baseline, style)
        edge = baseline + 8 if baseline < HEIGHT / 2 else baseline - 14
        self.canvas.rule(MARGIN, CONTENT, edge, rule)

    def _place_from_edge(self, line: Line, offset: float, baseline: float, style: Style) -> None:
        x = MARGIN + CONTENT - offset - line.width if self.rtl else MARGIN + offset
        self._place(line, x, baseline, style)

    def _place(self, line: Line, x: float, baseline: float, style: Style) -> None:
        self.canvas.draw(line, x, baseline, style.size, style.color, style.bold)


def _baseline(height: float, style: Style) -> float:
    """The baseline that centers letters in their line: more of them is above it than below."""
    return height / 2 + 0.32 * style.size
