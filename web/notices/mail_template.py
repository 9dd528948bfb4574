"""Operators' Markdown with placeholders, converted to HTML once and filled for every mail.

Converting Markdown and sanitizing takes milliseconds. So the text is converted with stand-ins for the
values, and each value is escaped into the result. Where that would differ from converting the text
with its values, the text is converted for each mail.
"""

import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from html import escape

from signaling.flows.notices.composing import LINKS, fill, marked_up
from signaling.text import collapsed
from web.notices.mail_html import render
from web.settings.palette import OWN_PALETTE, Palette

TEMPLATES = 512
"Cached texts: some ten occasions in fifteen languages, with and without a note."

_TOKEN = secrets.token_hex(12)  # cannot be typed into a text
_WORD = f"w{_TOKEN}"
"For Markdown, a value is a word: it begins and ends with a letter."
_LINK = f"https://h{_TOKEN}.invalid/"
_STAND_IN = re.compile(rf"(?:{_WORD}|{re.escape(_LINK)})([a-z_]+)Z")
_WORD_IN_A_TAG = re.compile(f"<[^>]*{_WORD}")


def fill_html(
    text: str,
    values: Mapping[str, str],
    language: str,
    direction: str,
    palette: Palette = OWN_PALETTE,
) -> str:
    """The HTML document of a mail: `text` is Markdown, `values` are what people typed, and links.

    Raises InvalidInput as `render`.
    """
    plain = {name: value if name in LINKS else collapsed(value) for name, value in values.items()}
    empty = frozenset(name for name, value in plain.items() if not value)
    page = None
    if not any("\n\n" in value for value in plain.values()):  # blank lines end a paragraph
        page = _template(text, frozenset(plain), empty, language, direction, palette)
    if page is None:
        return render(fill(text, marked_up(values)), language, direction, palette)
    return _STAND_IN.sub(
        lambda match: escape(plain[match[1]], quote=False).replace("\n", "<br>\n"), page
    )


@lru_cache(TEMPLATES)
def _template(
    text: str,
    names: frozenset[str],
    empty: frozenset[str],
    language: str,
    direction: str,
    palette: Palette = OWN_PALETTE,
) -> str | None:
    """The document with stand-ins; None if one is in a tag, where a value is not text."""
    stand_ins = {
        name: "" if name in empty else f"<{_LINK}{name}Z>" if name in LINKS else f"{_WORD}{name}Z"
        for name in names
    }
    page = render(fill(text, stand_ins), language, direction, palette)
    return None if _WORD_IN_A_TAG.search(page) else page
