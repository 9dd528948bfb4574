"""The fonts of a report: which one draws a character, and how wide shaped text is.

All shipped fonts are opened by HarfBuzz, which only maps the files into memory; fpdf2, which
parses a font in full, is given those alone that the text needs. HarfBuzz is imported lazily:
a server that never prints a report never pays for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from web.report.plain_text import is_ignorable, is_mark

K = TypeVar("K")
V = TypeVar("V")

FOLDER = Path(__file__).parents[1] / "fonts"

# In order of preference: a character is drawn by the first font that knows it.
FILES = (
    "NotoSans-Regular",
    "NotoNaskhArabic-Regular",
    "NotoSansHebrew-Regular",
    "NotoSansEthiopic-Regular",
    "NotoSansMyanmar-Regular",
    "NotoSansTamil-Regular",
    "NotoSansDevanagari-Regular",
    "NotoSansBengali-Regular",
    "NotoSansThai-Regular",
    "NotoSansKhmer-Regular",
    "NotoSansLao-Regular",
    "NotoSansArmenian-Regular",
    "NotoSansGeorgian-Regular",
    "NotoSansGujarati-Regular",
    "NotoSansGurmukhi-Regular",
    "NotoSansKannada-Regular",
    "NotoSansMalayalam-Regular",
    "NotoSansSinhala-Regular",
    "NotoSansTelugu-Regular",
    "NotoSansNKo-Regular",
    "NotoSansSyriac-Regular",
    "NotoSansThaana-Regular",
    "NotoSansTifinagh-Regular",
    "DroidSansFallback",
    "NotoSansMath-Regular",
    "NotoSansSymbols2-Regular",
    "NotoSansSymbols-Regular",
    "NotoEmoji-Regular",
)
_BITS = {file: 1 << place for place, file in enumerate(FILES)}
BOLD_FILE = "NotoSans-Bold"

LONGEST_REMEMBERED = 40
MOST_REMEMBERED = 20_000
"Some thirty megabytes of words."

# Fonts of single signs: words and spaces beside a picture are not theirs.
_PICTURES = {
    "NotoSansMath-Regular",
    "NotoSansSymbols2-Regular",
    "NotoSansSymbols-Regular",
    "NotoEmoji-Regular",
}

# Scripts that stack signs above and below their letters; lines with them stand further apart.
_TALL = {
    "NotoNaskhArabic-Regular",
    "NotoSansMyanmar-Regular",
    "NotoSansKhmer-Regular",
    "NotoSansLao-Regular",
    "NotoSansThai-Regular",
    "NotoSansKannada-Regular",
    "NotoSansTelugu-Regular",
    "NotoSansSinhala-Regular",
    "NotoSansMalayalam-Regular",
    "NotoSansSyriac-Regular",
}


@dataclass(frozen=True, eq=False)
class FontChoice:
    """What a stretch of text has in common: one font and one script. Alike ones are the same."""

    file: str
    script: str
    "ISO 15924, as HarfBuzz and fpdf2 take it; empty if the text belongs to no script."


class Glyph(NamedTuple):
    """One picture of a font; distances are parts of the font size."""

    id: int
    cluster: int
    "Where in the text the letters begin that it belongs to; lines are only cut there."
    advance: float
    x_offset: float
    y_offset: float


@dataclass(frozen=True, eq=False)
class Run:
    """A stretch of one line in one font and one direction, in logical order."""

    text: str
    choice: FontChoice
    rtl: bool
    glyphs: tuple[Glyph, ...]
    "As seen from left to right."
    width: float
    "In parts of the font size, as all lengths of a run."


class _Known(NamedTuple):
    """What is known of one character."""

    fonts: int
    "A bit for each of FILES that has a glyph for it."
    script: str
    follows: bool
    "A space, a sign or a mark: it takes the font of the letters before it, if that has it."
    mark: bool
    ignorable: bool


class Fonts:
    """The shipped fonts, opened for one report. Not shared between threads.

    Words come back in a chat, so what was found out about them is remembered: the more of a
    report is drawn, the faster the rest is.
    """

    def __init__(self) -> None:
        import uharfbuzz  # lazily: see the module's docstring

        self._harfbuzz = uharfbuzz
        self._faces = {
            file: uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path_of(file))))
            for file in (*FILES, BOLD_FILE)
        }
        self._covered = {file: face.unicodes for file, face in self._faces.items()}
        self._fonts: dict[str, Any] = {}
        self._known: dict[str, _Known] = {}
        self._choices: dict[tuple[str, str], FontChoice] = {}
        self._chosen: dict[tuple[str, FontChoice], list[FontChoice]] = {}
        self._runs: dict[tuple[str, FontChoice, bool], Run] = {}

    def covers(self, text: str) -> bool:
        """Say whether there is a glyph for every character of `text` that needs one."""
        known = map(self._about, set(text))
        return all(character.fonts or character.ignorable for character in known)

    def choose(self, text: str, *, bold: bool = False) -> list[FontChoice]:
        """Choose font and script for each character of `text`.

        A letter and the marks on it get one font, one that knows both if there is one. Spaces
        and punctuation stay with the letters before them, so that a sentence is not cut up.
        """
        choices: list[FontChoice] = []
        previous = self._choice(FILES[0], "")
        start = 0
        if text.isascii():  # most texts: one font, and from the first letter on one script
            start = len(text)
            letter = next((place for place in range(start) if text[place].isalpha()), start)
            latin = self._choice(FILES[0], "Latn")
            choices = [previous] * letter + [latin] * (start - letter)
        while start < len(text):
            end = start + 1
            while end < len(text) and (self._about(text[end]).mark or text[end - 1] == "\u200d"):
                end += 1
            cluster = text[start:end]
            chosen = self._chosen.get((cluster, previous))
            if chosen is None:
                chosen = self._choose_cluster(cluster, previous)
                remember(self._chosen, (cluster, previous), chosen)
            choices += chosen
            previous = chosen[0]
            start = end
        if bold:
            return [
                self._choice(BOLD_FILE, choice.script) if choice.file == FILES[0] else choice
                for choice in choices
            ]
        return choices

    def _choose_cluster(self, cluster: str, previous: FontChoice) -> list[FontChoice]:
        base, *marks = map(self._about, cluster)
        script = base.script or previous.script
        follows = base.follows and previous.file not in _PICTURES
        if follows and base.fonts & _bit(previous.file):
            letter = self._choice(previous.file, previous.script or script)
        elif not base.fonts:  # an invisible sign: it will not be drawn
            letter = previous
        else:
            shared = base.fonts
            for mark in marks:
                shared &= mark.fonts
            letter = self._choice(_first(shared or base.fonts), script)
        return [letter, *(self._choose_mark(mark, letter) for mark in marks)]

    def _choose_mark(self, mark: _Known, letter: FontChoice) -> FontChoice:
        # A font draws a box for a mark that it lacks; another font draws it a little off.
        if mark.ignorable or not mark.fonts or mark.fonts & _bit(letter.file):
            return letter
        return self._choice(_first(mark.fonts), letter.script)

    def _choice(self, file: str, script: str) -> FontChoice:
        choice = self._choices.get((file, script))
        if choice is None:
            choice = self._choices[file, script] = FontChoice(file, script)
        return choice

    def _about(self, character: str) -> _Known:
        known = self._known.get(character)
        if known is None:
            fonts = sum(_bit(file) for file in FILES if ord(character) in self._covered[file])
            known = self._known[character] = _Known(
                fonts,
                self._script_of(character),
                unicodedata.category(character)[0] in "PZCM",
                is_mark(character),
                is_ignorable(character),
            )
        return known

    def _script_of(self, character: str) -> str:
        buffer = self._harfbuzz.Buffer()
        buffer.add_str(character)
        buffer.guess_segment_properties()
        script = buffer.script or ""
        return "" if script in ("Zyyy", "Zinh", "Zzzz") else script

    def shape(self, text: str, choice: FontChoice, *, rtl: bool) -> Run:
        """Turn `text` into glyphs."""
        run = self._runs.get((text, choice, rtl))
        if run is None:
            glyphs = tuple(self._glyphs(text, choice, rtl))
            run = Run(text, choice, rtl, glyphs, sum(glyph.advance for glyph in glyphs))
            if len(text) <= LONGEST_REMEMBERED:
                remember(self._runs, (text, choice, rtl), run)
        return run

    def _glyphs(self, text: str, choice: FontChoice, rtl: bool) -> Iterator[Glyph]:
        buffer = self._harfbuzz.Buffer()
        buffer.add_str(text)
        buffer.direction = "rtl" if rtl else "ltr"
        buffer.script = choice.script or "Zyyy"
        self._harfbuzz.shape(self._font(choice.file), buffer, {})
        scale = 1 / self._faces[choice.file].upem
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            yield Glyph(
                info.codepoint,
                info.cluster,
                position.x_advance * scale,
                position.x_offset * scale,
                position.y_offset * scale,
            )

    def _font(self, file: str) -> Any:
        if file not in self._fonts:
            self._fonts[file] = self._harfbuzz.Font(self._faces[file])
        return self._fonts[file]


def _bit(file: str) -> int:
    return _BITS.get(file, 0)


def _first(fonts: int) -> str:
    """Name the preferred of some fonts, given by their bits."""
    return FILES[(fonts & -fonts).bit_length() - 1]


def remember(memory: dict[K, V], key: K, value: V) -> None:
    """Keep a value, but forget all others rather than keep a whole library of words."""
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[key] = value


def path_of(file: str) -> Path:
    """Tell where a shipped font lies."""
    return FOLDER / f"{file}.ttf"


def leading_of(file: str) -> float:
    """Tell how far lines with this font stand apart, in parts of the font size."""
    return 1.75 if file in _TALL else 1.4
