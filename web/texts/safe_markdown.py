"""Markdown of operators and translators, converted within limits that keep the server going."""

import re
from collections.abc import Sequence

import markdown
from markdown.extensions import Extension

from signaling.errors import N_, InvalidInput

MAX_BRACKETS = 200
"The library takes quadratic time for `[`: 5,000 of them block the server for seconds."
BRACKET_WORK, ANGLE_WORK = 1_500_000, 5_000_000
"""Most `[`, and `<`, times the characters of the text: for each one the library may read on to the
end. Either takes about two seconds."""
HEADING_WORK = 10_000_000
"Most headings times the characters: each cuts the rest of its block again. About half a second."
MAX_NESTING = 12
"Levels of quotes and lists; the library recurses for each."

_HEADING = re.compile(r"^(?:#|(?:=+|-+) *$)", re.MULTILINE)
_TOO_COMPLICATED = N_("This text is too long or too complicated.")


def converted(text: str, extensions: Sequence[Extension], longest: int) -> str:
    """The HTML of `text`, not sanitized.

    Raises InvalidInput for the field `text` if it has more characters than `longest`, or would take
    too long.
    """
    nesting = max((_depth(line) for line in text.splitlines()), default=0)
    if (
        len(text) > longest
        or text.count("[") > MAX_BRACKETS
        or text.count("[") * len(text) > BRACKET_WORK
        or text.count("<") * len(text) > ANGLE_WORK
        or len(_HEADING.findall(text)) * len(text) > HEADING_WORK
        or nesting > MAX_NESTING
    ):
        raise InvalidInput("text", _TOO_COMPLICATED)
    try:
        # instances, not names: names are looked up by scanning every installed package
        html: str = markdown.markdown(text, extensions=list(extensions))
    except RecursionError:
        raise InvalidInput("text", _TOO_COMPLICATED) from None
    return html


def _depth(line: str) -> int:
    """How deep a line's leading quotes and indentation can nest."""
    start = re.match(r"[>\s*+-]*", line)
    opening = start.group().expandtabs(4) if start else ""
    return opening.count(">") + len(opening.replace(">", "")) // 4
