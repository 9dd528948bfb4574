"""What strangers wrote, made ready to be laid out: cleaned, cut into paragraphs, with the
places where a line may end.

Nothing here knows fonts or pages. The rules for line ends are a small part of UAX #14, chosen
for the scripts in which people write to each other here; scripts without spaces end lines
between syllables, because breaking by dictionary would need one per language.
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import groupby

from web.texts.directions import isolated

# Isolates do what the older embeddings did without disturbing their surroundings. Overrides
# would show letters in an order in which nobody wrote them, so they become isolates too.
_EMBEDDINGS = str.maketrans(
    {
        "\u202a": "\u2066",
        "\u202d": "\u2066",
        "\u202b": "\u2067",
        "\u202e": "\u2067",
        "\u202c": "\u2069",
        "\u00ad": None,  # a soft hyphen: without hyphenation it would only be an empty box
        "\u2060": None,
        "\ufeff": None,
        "\t": "    ",
        "\u0085": "\n",
        "\u2028": "\n",
        "\u2029": "\n",
        "\v": "\n",
        "\f": "\n",
    }
)
_KEPT_FORMATS = frozenset("\u200b\u200c\u200d\u200e\u200f\u061c\u2066\u2067\u2068\u2069")

# They steer the layout and are never drawn themselves.
INVISIBLE = frozenset("\u200b\u200e\u200f\u061c\u2066\u2067\u2068\u2069")

MOST_NAMED = 4
"Characters of one paragraph that no font shows and that are named in full."

# More marks than any orthography stacks on one letter, few enough to stay near their line.
_MOST_MARKS = 6

_BURMESE_SYLLABLE = re.compile(
    "(?<=[\u1000-\u109f])(?<!\u1039)"
    "(?=[\u1000-\u1021\u1023-\u102a\u103f\u104c-\u104f](?![\u103a\u1039]))"
)
_KHMER_SYLLABLE = re.compile("(?<=[\u1780-\u17d3])(?<!\u17d2)(?=[\u1780-\u17b3])")
# Thai and Lao vowels that stand before their consonant begin a syllable.
_THAI_SYLLABLE = re.compile("(?<=[\u0e01-\u0e5b])(?<![\u0e40-\u0e44])(?=[\u0e40-\u0e44])")
_LAO_SYLLABLE = re.compile("(?<=[\u0e81-\u0edf])(?<![\u0ec0-\u0ec4])(?=[\u0ec0-\u0ec4])")
_AFTER_SPACE = re.compile(
    "(?<=[ \u200b\u1361\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000])(?=[^ ])"
)
# Addresses and double names: a line may end behind these, not before a number ("-5", "1/2").
_AFTER_JOINT = re.compile(r"(?<=[^\W\d_][-–—/?&=])(?=[^\W\d_])")
_IDEOGRAPH = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u312f\u3400-\u9fff\uf900-\ufaff"
    "\uff01-\uff9f\U00020000-\U0003ffff"
)
_NOT_FIRST = "、。，．,.！？!?：；:;）)」』】》〉〕］｝…‥ーゝゞ々ぁぃぅぇぉっゃゅょァィゥェォッャュョ％%\u3099\u309a"
_NOT_LAST = "（(「『【《〈〔［｛"
_BESIDE_IDEOGRAPH = re.compile(
    f"(?:(?<=[{_IDEOGRAPH}\u3001-\u3003])|(?=[{_IDEOGRAPH}]))"
    f"(?<![{re.escape(_NOT_LAST)}\\s])(?![{re.escape(_NOT_FIRST)}\\s])(?<=.)(?=.)"
)
_LINE_ENDS = (
    _AFTER_SPACE,
    _AFTER_JOINT,
    _BESIDE_IDEOGRAPH,
    _BURMESE_SYLLABLE,
    _KHMER_SYLLABLE,
    _THAI_SYLLABLE,
    _LAO_SYLLABLE,
)


def paragraphs(text: str) -> list[str]:
    """Clean `text` and cut it at its line ends; blank edges go, single blank lines stay.

    In what comes back, measures among right-to-left letters are isolated.
    """
    cleaned = clean(text)
    lines = [line.strip(" ") for line in cleaned.split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return [isolated(line) for line in kept]


def clean(text: str) -> str:
    """Drop what cannot be shown and repair what is broken, keeping every readable sign.

    Halves of surrogate pairs are joined or become U+FFFD; control characters vanish;
    characters are composed (NFC) so that fonts know them.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_EMBEDDINGS)
    text = unicodedata.normalize("NFC", text)
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc" and character != "\n":
            continue
        if category == "Cf" and character not in _KEPT_FORMATS and not _is_tag(character):
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def spell_out(text: str, covers: Callable[[str], bool]) -> str:
    """Write the numbers of characters for which there is no picture, as `covers` says.

    A few in a text are named, such as "[U+1F600 GRINNING FACE]". Of many, whose names would fill
    pages that nobody can read, each row of them is numbered: "[U+12000 12001 12002]", and
    "[U+12000 x300]" stands for one that is repeated.
    """
    if text.isascii() or covers(text):
        return text
    unknown = {character for character in set(text) if not covers(character)}
    named = sum(map(text.count, unknown)) <= MOST_NAMED
    return re.sub(
        f"[{re.escape(''.join(sorted(unknown)))}]+",
        lambda row: "".join(map(_name, row[0])) if named else _numbers(row[0]),
        text,
    )


def _name(character: str) -> str:
    return f"[U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip() + "]"


def _numbers(row: str) -> str:
    parts = []
    for character, same in groupby(row):
        count = sum(1 for _ in same)
        parts.append(f"{ord(character):04X}" + (f" x{count}" if count > 1 else ""))
    return f"[U+{' '.join(parts)}]"


def break_opportunities(text: str) -> set[int]:
    """Find the places where a line may end: each is the index of the next line's beginning."""
    places: set[int] = set()
    for pattern in _LINE_ENDS if not text.isascii() else _LINE_ENDS[:2]:
        places.update(match.start() for match in pattern.finditer(text))
    return places - {0}


def is_mark(character: str) -> bool:
    """Say whether `character` only makes sense together with the one before it."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or _is_tag(character)
    )


def is_ignorable(character: str) -> bool:
    """Say whether fonts need no picture for `character`: it only changes its neighbors."""
    return (
        character in INVISIBLE
        or character in "\u034f\u200c\u200d"
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
        or _is_tag(character)
    )


def _is_tag(character: str) -> bool:
    # Tag characters spell the flags of England, Scotland and Wales.
    return "\U000e0020" <= character <= "\U000e007f"
