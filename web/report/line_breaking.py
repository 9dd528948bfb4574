"""Breaks text into lines: each line is a row of runs in visual order.

fpdf2 can break and reorder text itself, but it measures a line again for every character (minutes for
a long chat) and loses nested directions (a number inside Arabic inside English). So a paragraph is
split into words here, each measured once, and fpdf2 only draws runs of one font and one direction. A
word is what is between two break opportunities. Lengths of lines are in the unit of the caller's width
and size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from web.report.bidi import first_strong, resolve_levels, visual_order
from web.report.fonts import Fonts, Run, leading_of
from web.report.plain_text import INVISIBLE, break_opportunities, paragraphs, spell_out

_LEADING = 1.4
_DROPPED = {ord(character): None for character in INVISIBLE}


@dataclass(frozen=True)
class Line:
    """One line, its runs from left to right."""

    runs: tuple[Run, ...]
    rtl: bool
    "Whether its paragraph is right-to-left, so that it begins at the right edge."
    leading: float
    "Distance to the next line, as a fraction of the font size."
    width: float
    "Of all runs together."


def lay_out(
    text: str, fonts: Fonts, *, size: float, width: float, rtl: bool, bold: bool = False
) -> list[Line]:
    """Break `text` into lines no wider than `width`.

    Each paragraph has the direction of its first strong character; one without has that of `rtl`. A
    character without a glyph is spelled out.
    """
    lines: list[Line] = []
    for paragraph in paragraphs(text):
        strong = first_strong(paragraph)
        runs_left = rtl if strong is None else strong == "R"
        words = _Paragraph(paragraph, fonts, runs_left, bold).words()
        lines += (_line(row, size, runs_left) for row in _rows(words, width / size, fonts))
    return lines


class _Piece(NamedTuple):
    """A run and its embedding level."""

    run: Run
    level: int


@dataclass
class _Word:
    """An unbreakable part of a line, and the spaces after it, which the end of a line drops."""

    pieces: list[_Piece] = field(default_factory=list)
    width: float = 0.0
    spaces: list[_Piece] = field(default_factory=list)
    spaces_width: float = 0.0


class _Paragraph:
    """One paragraph, split at break opportunities and where font, script or level change."""

    def __init__(self, text: str, fonts: Fonts, rtl: bool, bold: bool) -> None:
        self.text = spell_out(text, fonts.covers)
        self.fonts = fonts
        self.choices = fonts.choose(self.text, bold=bold)
        self.levels = resolve_levels(self.text, int(rtl))

    def words(self) -> Iterator[_Word]:
        """The words, shaped one after the other."""
        ends = break_opportunities(self.text)
        word = _Word()
        start = 0
        for place in [*sorted(ends.union(self._edges())), len(self.text)]:
            self._add(word, start, place)
            if place in ends:
                yield word
                word = _Word()
            start = place
        yield word

    def _edges(self) -> list[int]:
        choices, levels = self.choices, self.levels
        return [
            place
            for place in range(1, len(choices))
            if choices[place] is not choices[place - 1] or levels[place] != levels[place - 1]
        ]

    def _add(self, word: _Word, start: int, end: int) -> None:
        if start == end:  # a blank line has no runs
            return
        text = self.text[start:end]
        if not text.isascii():  # what is never drawn must not be measured
            text = text.translate(_DROPPED)
        letters = text.rstrip(" ")
        if not text:  # an isolate begins or ends here, which separates higher levels
            word.pieces.append(
                _Piece(Run("", self.choices[start], False, (), 0.0), self.levels[start])
            )
        if letters:
            run = self._shape(letters, start)
            word.pieces.append(_Piece(run, self.levels[start]))
            word.width += run.width
        if len(letters) < len(text):
            run = self._shape(text[len(letters) :], start)
            word.spaces.append(_Piece(run, self.levels[start]))
            word.spaces_width += run.width

    def _shape(self, text: str, start: int) -> Run:
        return self.fonts.shape(text, self.choices[start], rtl=self.levels[start] % 2 == 1)


def _rows(words: Iterator[_Word], width: float, fonts: Fonts) -> Iterator[list[_Piece]]:
    """Fill lines greedily; a word wider than a line is cut between its clusters."""
    row: list[_Piece] = []
    used = 0.0
    before = _Word()
    for word in words:
        for part in [word] if word.width <= width else _cut(word, width, fonts):
            if row and used + before.spaces_width + part.width > width:
                yield row
                row, used = [], 0.0
            elif row:
                row += before.spaces
                used += before.spaces_width
            row += part.pieces
            used += part.width
            before = part
    yield row


def _cut(word: _Word, width: float, fonts: Fonts) -> Iterator[_Word]:
    part = _Word()
    for run, level in word.pieces:
        if not run.text:
            part.pieces.append(_Piece(run, level))
            continue
        start = 0
        for place, advance in _clusters(run):
            if part.width + advance > width and (part.pieces or place > start):
                if place > start:
                    # Shaped again: letters next to a cut may join differently.
                    part.pieces.append(_Piece(_part_of(run, start, place, fonts), level))
                yield part
                part, start = _Word(), place
            part.width += advance
        part.pieces.append(_Piece(_part_of(run, start, len(run.text), fonts), level))
    part.spaces, part.spaces_width = word.spaces, word.spaces_width
    yield part


def _clusters(run: Run) -> list[tuple[int, float]]:
    """(index in the run's text, width) of each cluster."""
    advances: dict[int, float] = {}
    for glyph in run.glyphs:
        advances[glyph.cluster] = advances.get(glyph.cluster, 0.0) + glyph.advance
    return sorted(advances.items())


def _part_of(run: Run, start: int, end: int, fonts: Fonts) -> Run:
    return fonts.shape(run.text[start:end], run.choice, rtl=run.rtl)


def _line(row: list[_Piece], size: float, rtl: bool) -> Line:
    order = visual_order([piece.level for piece in row])
    runs = tuple(row[place].run for place in order if row[place].run.text)
    leading = max((leading_of(run.choice.file) for run in runs), default=_LEADING)
    return Line(runs, rtl, leading, sum(run.width for run in runs) * size)
