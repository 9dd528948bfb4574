"""Laying text out in lines: each line is a row of runs, in the order in which they are seen.

fpdf2 can break and reorder text itself, but it measures a line anew for every character
(minutes for a long chat) and loses the nesting of directions (a number inside Arabic inside
English). So a paragraph is measured once here, and fpdf2 only draws runs of one font and one
direction. Lengths are in the unit in which the caller gives width and size.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from web.report_bidi import first_strong, resolve_levels, visual_order
from web.report_fonts import Choice, Fonts, Glyph, leading_of
from web.report_text import INVISIBLE, is_ignorable, line_ends, paragraphs, placeholder

_LEADING = 1.4


@dataclass(frozen=True)
class Run:
    """A stretch of one line in one font and one direction, in logical order."""

    text: str
    choice: Choice
    rtl: bool
    glyphs: tuple[Glyph, ...]
    "As seen from left to right."
    width: float


@dataclass(frozen=True)
class Line:
    """One line, its runs from left to right."""

    runs: tuple[Run, ...]
    rtl: bool
    "The direction of its paragraph: it begins at the right edge."
    leading: float
    "How far the next line stands below this one, in parts of the font size."

    @property
    def width(self) -> float:
        """The length of all runs together."""
        return sum(run.width for run in self.runs)


def lay_out(
    text: str, fonts: Fonts, *, size: float, width: float, rtl: bool, bold: bool = False
) -> list[Line]:
    """Break `text` into lines no wider than `width`.

    Each paragraph runs in the direction of its first strong character; one without any runs
    as `rtl` says. A character for which no font has a picture is spelled out by its name.
    """
    lines: list[Line] = []
    for paragraph in paragraphs(text):
        strong = first_strong(paragraph)
        runs_left = rtl if strong is None else strong == "R"
        lines += _Paragraph(paragraph, fonts, size, runs_left, bold).lines(width)
    return lines


class _Paragraph:
    """One paragraph: measured as a whole, then cut."""

    def __init__(self, text: str, fonts: Fonts, size: float, rtl: bool, bold: bool) -> None:
        self.fonts, self.size, self.rtl = fonts, size, rtl
        self.text = text = _spell_out(text, fonts)
        self.choices = fonts.choose(text, bold=bold)
        self.levels = resolve_levels(text, int(rtl))
        self.pieces = self._pieces()
        self.advance = [0.0] * len(text)
        self.cuttable = [False] * len(text)
        for start, end in self.pieces:
            self._measure(start, end)

    def _pieces(self) -> list[tuple[int, int]]:
        """Cut the text where font, script or level change."""
        text, choices, levels = self.text, self.choices, self.levels
        edges = [
            index
            for index in range(1, len(text))
            if choices[index] != choices[index - 1] or levels[index] != levels[index - 1]
        ]
        return list(pairwise([0, *edges, len(text)])) if text else []

    def _measure(self, start: int, end: int) -> None:
        # What is never drawn must not be measured either.
        drawn = [index for index in range(start, end) if self.text[index] not in INVISIBLE]
        shaped = "".join(self.text[index] for index in drawn)
        if not shaped:
            return
        rtl = self.levels[start] % 2 == 1
        for glyph in self.fonts.shape(shaped, self.choices[start], rtl=rtl):
            self.advance[drawn[glyph.cluster]] += glyph.advance * self.size
            self.cuttable[drawn[glyph.cluster]] = True

    def lines(self, width: float) -> list[Line]:
        """Fill lines greedily; a word wider than a line is cut between its clusters."""
        if not self.text:
            return [Line((), self.rtl, _LEADING)]
        ends = line_ends(self.text)
        lines: list[Line] = []
        start = index = last_end = last_cut = 0
        used = 0.0
        while index < len(self.text):
            if index > start and index in ends:
                last_end = index
            if index > start and self.cuttable[index]:
                last_cut = index
            used += self.advance[index]
            # A space at the end of a line may hang over the edge: it is not drawn.
            overfull = used > width and self.text[index] != " "
            if overfull and max(last_end, last_cut) > start:
                end = last_end if last_end > start else last_cut
                lines.append(self._line(start, end))
                while end < len(self.text) and self.text[end] == " ":
                    end += 1
                start = index = end
                used = 0.0
            else:
                index += 1
        lines.append(self._line(start, len(self.text)))
        return lines

    def _line(self, start: int, end: int) -> Line:
        while end > start and self.text[end - 1] == " ":
            end -= 1
        runs: list[Run] = []
        levels: list[int] = []
        for piece in self._pieces_between(start, end):
            run = self._run(*piece)
            if run.text:
                runs.append(run)
                levels.append(self.levels[piece[0]])
        leading = max((leading_of(run.choice.file) for run in runs), default=_LEADING)
        ordered = tuple(runs[place] for place in visual_order(levels))
        return Line(ordered, self.rtl, leading)

    def _pieces_between(self, start: int, end: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        place = max(0, bisect_right(self.pieces, (start, len(self.text) + 1)) - 1)
        while place < len(self.pieces) and self.pieces[place][0] < end:
            first, last = self.pieces[place]
            found.append((max(first, start), min(last, end)))
            place += 1
        return found

    def _run(self, start: int, end: int) -> Run:
        text = "".join(
            character for character in self.text[start:end] if character not in INVISIBLE
        )
        choice = self.choices[start]
        rtl = self.levels[start] % 2 == 1
        # Measured again, because letters beside a cut may join differently than in the whole.
        glyphs = tuple(self.fonts.shape(text, choice, rtl=rtl)) if text else ()
        return Run(text, choice, rtl, glyphs, sum(each.advance for each in glyphs) * self.size)


def _spell_out(text: str, fonts: Fonts) -> str:
    unknown: dict[str, str | int | None] = {
        character: placeholder(character)
        for character in set(text)
        if not is_ignorable(character) and fonts.first_for(character) is None
    }
    return text.translate(str.maketrans(unknown)) if unknown else text
