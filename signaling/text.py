"""Cleaning text that people type: what is accepted, and how it is normalized."""

import re
import unicodedata

from signaling.errors import N_, InvalidInput

# Embedding, override and isolate controls reorder the surrounding text: a name that reverses the
# rest of an SMS or of a list is an attack, not a name (UAX #9, UTS #39). The implicit marks (LRM,
# RLM, ALM) and the joiners stay: Persian and Arabic need them.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_AROUND = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" + "".join(
    character for character in map(chr, range(0x3001)) if character.isspace()
)
"""Direction marks and white space: what may stand around a name. As characters, and not as an expression,
which would look from each space of a long row for the end."""
_ISOLATES = re.compile("[\u202a-\u202c\u2066-\u2069]")
"Embeddings and isolates with what ends them; not the overrides, which no copy has inside a name."
_LINE_BREAKS = re.compile("\r\n?|[\u2028\u2029\u0085]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")

_ONE_LETTER = str.maketrans(
    {"\u06cc": "\u064a", "\u0649": "\u064a", "\u06a9": "\u0643", "\u0640": None}
)
"""Arabic and Persian keyboards write the same name with different letters: Yeh, Alef Maksura and
Kaf; the Tatweel is only decoration."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"Stands for a stored text that was damaged, in every language."

NAME_LENGTH = 80
NOTE_LENGTH = 500
FILE_NAME_LENGTH = 200
CAPTION_LENGTH = 1000
"""Characters of a caption, after cleaning. Name and caption travel in one header, which proxies limit
to eight kilobytes."""
CHAT_LENGTH = 4000
"Characters of one chat message, after cleaning."


def _clean(text: str) -> str:
    """Normalize to NFC and drop unprintable characters; empty if nothing visible is left."""
    text = unicodedata.normalize("NFC", _LINE_BREAKS.sub("\n", text))
    # unassigned characters (Cn) stay: they may be emoji and letters of later Unicode versions
    cleaned = "".join(
        character
        for character in text
        if character in "\n\t"
        or (unicodedata.category(character) not in ("Cc", "Cs", "Co") and not _is_none(character))
    )
    visible = any(unicodedata.category(character)[0] not in "ZC" for character in cleaned)
    return cleaned if visible or any(_is_new(character) for character in cleaned) else ""


def _is_none(character: str) -> bool:
    """Whether this is one of the 66 noncharacters (Unicode section 23.7)."""
    return "\ufdd0" <= character <= "\ufdef" or ord(character) & 0xFFFE == 0xFFFE


def _is_new(character: str) -> bool:
    return unicodedata.category(character) == "Cn"


def one_line(field: str, text: str, *, limit: int = NAME_LENGTH, required: bool = False) -> str:
    """A name or a label: one line, no control characters.

    Raises InvalidInput for bidirectional controls, NUL, overlong or missing text.
    """
    if "\x00" in text or _BIDI_CONTROLS.search(text):
        raise InvalidInput(
            field, N_("This contains characters that are not allowed here. Please type it again.")
        )
    cleaned = " ".join(_clean(text).split())
    return _within(field, cleaned, limit, required)


def typed_name(field: str, text: str, *, required: bool = False) -> str:
    """A name as somebody types it, or copies it from a page or a mail, as `one_line`.

    Pages and mails put direction marks around a name, and a part of their text has one half of a pair:
    they go. A mark that belongs to the name, between its letters, stays.

    Raises InvalidInput as `one_line` does, also for text that has bidirectional controls only.
    """
    name = _ISOLATES.sub("", text.strip(_AROUND))
    return one_line(field, name if _clean(name) else text, required=required)


def _within(field: str, cleaned: str, limit: int, required: bool) -> str:
    if len(cleaned) > limit:
        raise InvalidInput(
            field, N_("This is too long: at most %(limit)s characters."), limit=limit
        )
    if required and not cleaned:
        raise InvalidInput(field, N_("Please fill in this field."))
    return cleaned


def file_name(text: str) -> str:
    """The name of a file as it is shown: one line, and no character that hides what it ends with.

    Never refused, as its author may not know it. One that is too long loses its middle.

    >>> file_name("result\u202efdp.exe")
    'resultfdp.exe'
    """
    cleaned = " ".join(_clean(_BIDI_CONTROLS.sub("", text.replace("\0", ""))).split())
    if len(cleaned) > FILE_NAME_LENGTH:
        ending = cleaned[-20:]
        cleaned = cleaned[: FILE_NAME_LENGTH - len(ending) - 1] + "…" + ending
    return cleaned or "file"


def paragraphs(field: str, text: str, *, limit: int, required: bool = False) -> str:
    """A note or chat text: line breaks are kept, bidirectional controls are dropped.

    Raises InvalidInput for overlong or missing text.
    """
    cleaned = _BIDI_CONTROLS.sub("", _clean(text)).strip()
    return _within(field, cleaned, limit, required)


def searched(text: str) -> str:
    """A key to search names by: without case and accents, with one Yeh and one Kaf.

    >>> searched("RENE\u0301") == searched("ren\u00e9")
    True
    """
    parts = unicodedata.normalize("NFKD", text).casefold().translate(_ONE_LETTER)
    kept = (each for each in parts if unicodedata.category(each) not in ("Mn", "Cf"))
    return " ".join("".join(kept).split())


def literal(typed: str) -> str:
    """Typed text, escaped for Markdown: no character of it is markup.

    >>> literal("*Dr.* [x]")
    '&#42;Dr&#46;&#42; &#91;x&#93;'
    """
    return _PUNCTUATION.sub(lambda match: f"&#{ord(match.group())};", collapsed(typed))


def collapsed(typed: str) -> str:
    """The text stripped and with single spaces; line breaks stay."""
    return "\n".join(" ".join(line.split()) for line in typed.splitlines()).strip()
