"""How many SMS a text takes: GSM 7-bit where it fits, UCS-2 for every other script.

3GPP TS 23.038 section 6.2 (alphabets) and TS 23.040 section 9.2.3.24 (joined messages): one SMS
holds 160 septets or 70 UTF-16 units; joined ones give 7 septets or 3 units to their header.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import gsm0338  # type: ignore[import-untyped]  # noqa: F401  # registers the codec

SINGLE = {"gsm7": 160, "ucs2": 70}
JOINED = {"gsm7": 153, "ucs2": 67}


@dataclass(frozen=True)
class Segments:
    """A text as the phone network cuts it."""

    encoding: Literal["gsm7", "ucs2"]
    parts: tuple[str, ...]
    "Empty for an empty text; joined they are the text again."
    left: int
    "Septets or UTF-16 units still free in the last part."

    @property
    def count(self) -> int:
        """What is paid for."""
        return len(self.parts)


@lru_cache(maxsize=4096)
def _septets(character: str) -> int | None:
    """1, or 2 for the extension table (an escape goes before); None outside of GSM 7-bit."""
    if character == "\x1b":  # the codec has it, but it is the escape itself, not a character
        return None
    try:
        return len(character.encode("gsm03.38"))
    except UnicodeEncodeError:
        return None


def count(text: str) -> Segments:
    """Cut `text` into segments; no escape pair and no surrogate pair is torn apart."""
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


def awkward(text: str) -> str:
    """The characters that turn an otherwise GSM 7-bit text into UCS-2, each once, as typed.

    A `’` or an `ê` more than doubles the price of a French SMS; a translator wants to know which.
    """
    return "".join(dict.fromkeys(character for character in text if _septets(character) is None))
