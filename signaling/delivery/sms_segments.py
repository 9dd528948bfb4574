"""Segments of an SMS: GSM 7-bit where it fits, UCS-2 for every other script.

3GPP TS 23.038 section 6.2 (alphabets) and TS 23.040 section 9.2.3.24 (concatenation): one SMS holds
160 septets or 70 UTF-16 units; concatenated ones spend 7 septets or 3 units on their header.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import gsm0338  # noqa: F401  # registers the codec

_PLAIN = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    "\u0152": "OE",
    "\u0153": "oe",
    "\u0131": "i",
    "\u0142": "l",
    "\u0141": "L",
}
"Signs and letters without a decomposition in Unicode."

SINGLE = {"gsm7": 160, "ucs2": 70}
JOINED = {"gsm7": 153, "ucs2": 67}


@dataclass(frozen=True)
class Segments:
    """A text as the phone network splits it."""

    encoding: Literal["gsm7", "ucs2"]
    parts: tuple[str, ...]
    "Empty for an empty text; concatenated they are the text."
    left: int
    "Septets or UTF-16 units still free in the last part."

    @property
    def count(self) -> int:
        """Number of segments, by which is billed."""
        return len(self.parts)


@lru_cache(maxsize=4096)
def _septets(character: str) -> int | None:
    """1, or 2 in the extension table (escape and character); None outside GSM 7-bit."""
    if character == "\x1b":  # the codec has it, but it is the escape itself, not a character
        return None
    try:
        return len(character.encode("gsm03.38"))
    except UnicodeEncodeError:
        return None


def count(text: str) -> Segments:
    """Split `text` into segments, never inside an escape pair or a surrogate pair."""
    encoding: Literal["gsm7", "ucs2"] = "gsm7"
    sizes = [_septets(character) or 0 for character in text]
    if 0 in sizes:
        encoding = "ucs2"
        sizes = [1 if ord(character) < 0x10000 else 2 for character in text]
    if not text:
        return Segments(encoding, (), SINGLE[encoding])
    if sum(sizes) <= SINGLE[encoding]:
        return Segments(encoding, (text,), SINGLE[encoding] - sum(sizes))
    parts, start, used = [], 0, 0
    for index, size in enumerate(sizes):
        if used + size > JOINED[encoding]:
            parts.append(text[start:index])
            start, used = index, 0
        used += size
    parts.append(text[start:])
    return Segments(encoding, tuple(parts), JOINED[encoding] - used)


def without_accents(text: str) -> str:
    """The text with characters outside GSM 7-bit replaced by ASCII where there is such a form.

    `amanhã às três` becomes `amanha às tres`. Letters of the alphabet itself (`é`, `ñ`, `ü`) stay,
    and so does every other script.

    >>> without_accents("sábado, 7 de março – l’été")
    "sabado, 7 de marco - l'été"
    """
    return "".join(map(_plainest, text))


@lru_cache(maxsize=4096)
def _plainest(character: str) -> str:
    if _septets(character) is not None:
        return character
    plain = _PLAIN.get(character) or unicodedata.normalize("NFKD", character)
    # "\u00ea" is "e" and an accent; a letter of another script has no ASCII form
    letters = "".join(part for part in plain if not unicodedata.combining(part))
    return letters if letters.isascii() and letters else character
