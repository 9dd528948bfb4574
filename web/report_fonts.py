"""The fonts of a report: which one draws a character, and how wide shaped text is.

All shipped fonts are opened by HarfBuzz, which only maps the files into memory; fpdf2, which
parses a font in full, is given those alone that the text needs. HarfBuzz is imported lazily:
a server that never prints a report never pays for it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from web.report_text import is_ignorable, is_mark

FOLDER = Path(__file__).parent / "fonts"

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
BOLD_FILE = "NotoSans-Bold"

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


@dataclass(frozen=True)
class Choice:
    """What a stretch of text has in common: one font and one script."""

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


class Fonts:
    """The shipped fonts, opened for one report. Not shared between threads."""

    def __init__(self) -> None:
        import uharfbuzz  # lazily: see the module's docstring

        self._harfbuzz = uharfbuzz
        self._faces = {
            file: uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path_of(file))))
            for file in (*FILES, BOLD_FILE)
        }
        self._covered = {file: face.unicodes for file, face in self._faces.items()}
        self._fonts: dict[str, Any] = {}
        self._first: dict[str, str | None] = {}
        self._scripts: dict[str, str] = {}

    def covers(self, file: str, text: str) -> bool:
        """Say whether `file` has a glyph for every character of `text`."""
        covered = self._covered[file]
        return all(ord(character) in covered for character in text)

    def first_for(self, character: str) -> str | None:
        """Name the preferred font that knows `character`; None if there is none."""
        if character not in self._first:
            code = ord(character)
            self._first[character] = next(
                (file for file in FILES if code in self._covered[file]), None
            )
        return self._first[character]

    def choose(self, text: str, *, bold: bool = False) -> list[Choice]:
        """Choose font and script for each character of `text`.

        A letter and the marks on it get one font, one that knows both if there is one. Spaces
        and punctuation stay with the letters before them, so that a sentence is not cut up.
        """
        choices: list[Choice] = []
        previous = Choice(FILES[0], "")
        start = 0
        while start < len(text):
            end = start + 1
            while end < len(text) and (is_mark(text[end]) or text[end - 1] == "\u200d"):
                end += 1
            previous = self._choose_cluster(text[start:end], previous)
            choices.append(previous)
            for character in text[start + 1 : end]:
                choices.append(self._choose_mark(character, previous))
            start = end
        if bold:
            return [
                Choice(BOLD_FILE, choice.script) if choice.file == FILES[0] else choice
                for choice in choices
            ]
        return choices

    def _choose_cluster(self, cluster: str, previous: Choice) -> Choice:
        base = cluster[0]
        script = self._script_of(base) or previous.script
        follows = unicodedata.category(base)[0] in "PZCM" and previous.file not in _PICTURES
        if follows and self.covers(previous.file, base):
            return Choice(previous.file, previous.script or script)
        file = self.first_for(base)
        if file is None:  # an invisible sign: it will not be drawn
            return previous
        if len(cluster) > 1 and not self.covers(file, cluster):
            file = next((each for each in FILES if self.covers(each, cluster)), file)
        return Choice(file, script)

    def _choose_mark(self, mark: str, letter: Choice) -> Choice:
        # A font draws a box for a mark that it lacks; another font draws it a little off.
        if is_ignorable(mark) or self.covers(letter.file, mark):
            return letter
        return Choice(self.first_for(mark) or letter.file, letter.script)

    def _script_of(self, character: str) -> str:
        if character not in self._scripts:
            buffer = self._harfbuzz.Buffer()
            buffer.add_str(character)
            buffer.guess_segment_properties()
            script = buffer.script or ""
            self._scripts[character] = "" if script in ("Zyyy", "Zinh", "Zzzz") else script
        return self._scripts[character]

    def shape(self, text: str, choice: Choice, *, rtl: bool) -> list[Glyph]:
        """Turn `text` into glyphs, in the order in which they are seen from left to right."""
        buffer = self._harfbuzz.Buffer()
        buffer.add_str(text)
        buffer.direction = "rtl" if rtl else "ltr"
        buffer.script = choice.script or "Zyyy"
        self._harfbuzz.shape(self._font(choice.file), buffer, {})
        scale = 1 / self._faces[choice.file].upem
        return [
            Glyph(
                info.codepoint,
                info.cluster,
                position.x_advance * scale,
                position.x_offset * scale,
                position.y_offset * scale,
            )
            for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]

    def _font(self, file: str) -> Any:
        if file not in self._fonts:
            self._fonts[file] = self._harfbuzz.Font(self._faces[file])
        return self._fonts[file]


def path_of(file: str) -> Path:
    """Tell where a shipped font lies."""
    return FOLDER / f"{file}.ttf"


def leading_of(file: str) -> float:
    """Tell how far lines with this font stand apart, in parts of the font size."""
    return 1.75 if file in _TALL else 1.4
