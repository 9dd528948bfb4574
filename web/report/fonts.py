"""The fonts of a report: choosing one for each character, and shaping text into glyphs.

HarfBuzz opens all shipped fonts, as it only maps the files into memory; fpdf2, which parses a font in
full, gets only those that the text needs. HarfBuzz is imported late, so that a server that never draws a
report does not pay for it.
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

# In order of preference: a character is drawn by the first font that has it.
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
    "NotoSansOriya-Regular",
    "NotoSansAdlam-Regular",
    "NotoSansHanifiRohingya-Regular",
    "NotoSansOlChiki-Regular",
    "NotoSansMeeteiMayek-Regular",
    "NotoSansJavanese-Regular",
    "NotoSansMongolian-Regular",
    "NotoSansVai-Regular",
    "NotoSansCherokee-Regular",
    "NotoSansCanadianAboriginal-Regular",
    "NotoSansBalinese-Regular",
    "NotoSansBamum-Regular",
    "NotoSansBatak-Regular",
    "NotoSansBuginese-Regular",
    "NotoSansChakma-Regular",
    "NotoSansCham-Regular",
    "NotoSansKayahLi-Regular",
    "NotoSansLepcha-Regular",
    "NotoSansLimbu-Regular",
    "NotoSansLisu-Regular",
    "NotoSansMandaic-Regular",
    "NotoSansMiao-Regular",
    "NotoSansNewTaiLue-Regular",
    "NotoSansNewa-Regular",
    "NotoSansOsage-Regular",
    "NotoSansOsmanya-Regular",
    "NotoSansSaurashtra-Regular",
    "NotoSansSundanese-Regular",
    "NotoSansSylotiNagri-Regular",
    "NotoSansTaiLe-Regular",
    "NotoSansTaiTham-Regular",
    "NotoSansTaiViet-Regular",
    "NotoSansWancho-Regular",
    "NotoSansYi-Regular",
    "NotoSerifTibetan-Regular",
    "NotoSerifNyiakengPuachueHmong-Regular",
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

# Fonts of single symbols: words and spaces next to one are not drawn by them.
_PICTURES = {
    "NotoSansMath-Regular",
    "NotoSansSymbols2-Regular",
    "NotoSansSymbols-Regular",
    "NotoEmoji-Regular",
}

# Scripts that stack marks above and below their letters; their lines need more leading.
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
    "NotoSansBalinese-Regular",
    "NotoSansJavanese-Regular",
    "NotoSansTaiTham-Regular",
    "NotoSerifTibetan-Regular",
}


@dataclass(frozen=True, eq=False)
class FontChoice:
    """One font and one script for a run of text. Equal choices are the same object."""

    file: str
    script: str
    "ISO 15924, as HarfBuzz and fpdf2 take it; empty for text without a script."


class Glyph(NamedTuple):
    """One glyph of a font; distances are fractions of the font size."""

    id: int
    cluster: int
    "Index of its cluster in the text; lines are only cut between clusters."
    advance: float
    x_offset: float
    y_offset: float


@dataclass(frozen=True, eq=False)
class Run:
    """A part of a line in one font and one direction, in logical order."""

    text: str
    choice: FontChoice
    rtl: bool
    glyphs: tuple[Glyph, ...]
    "In visual order, from left to right."
    width: float
    "A fraction of the font size, as all lengths of a run."


class _Known(NamedTuple):
    """What is known of one character."""

    fonts: int
    "A bit for each of FILES that has a glyph for it."
    script: str
    follows: bool
    "Whether it is a space, a symbol or a mark, which keeps the font of the letters before it."
    mark: bool
    ignorable: bool


class Fonts:
    """The shipped fonts, opened for one report. Not shared between threads.

    Words recur in a chat, so results are cached: the more of a report is drawn, the faster the rest
    is.
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
        """Whether there is a glyph for every character of `text` that needs one."""
        known = map(self._about, set(text))
        return all(character.fonts or character.ignorable for character in known)

    def choose(self, text: str, *, bold: bool = False) -> list[FontChoice]:
        """Choose font and script for each character of `text`.

        A letter and its marks get one font, one that has both if there is one. Spaces and
        punctuation stay with the letters before them, so that a sentence is not split.
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
        elif not base.fonts:  # an invisible character: it is not drawn
            letter = previous
        else:
            shared = base.fonts
            for mark in marks:
                shared &= mark.fonts
            letter = self._choice(_first(shared or base.fonts), script)
        return [letter, *(self._choose_mark(mark, letter) for mark in marks)]

    def _choose_mark(self, mark: _Known, letter: FontChoice) -> FontChoice:
        # A font draws a box for a mark that it lacks; another font draws it slightly misplaced.
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
        """Shape `text` into glyphs."""
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
    """The preferred one of some fonts, given as bits."""
    return FILES[(fonts & -fonts).bit_length() - 1]


def remember(memory: dict[K, V], key: K, value: V) -> None:
    """Cache a value; a full cache is cleared first."""
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[key] = value


def path_of(file: str) -> Path:
    """The path of a shipped font."""
    return FOLDER / f"{file}.ttf"


def leading_of(file: str) -> float:
    """The leading of lines with this font, as a fraction of the font size."""
    return 1.75 if file in _TALL else 1.4
