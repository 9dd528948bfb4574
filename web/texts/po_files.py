"""Reading gettext's PO files as `scripts.texts update` leaves them, for a server that starts.

babel reads what people write into them, and writes them; it takes four times as long, which was a sixth
of a start.
"""

import re
from dataclasses import dataclass

_ENTRY = re.compile(
    r"""((?:^\#.*\n)*)
    ^msgid\ ((?:".*"\n)+)
    (?:^msgid_plural\ ((?:".*"\n)+))?
    ((?:^msgstr(?:\[\d\])?\ (?:".*"\n)+)+)""",
    re.MULTILINE | re.VERBOSE,
)
_FORM = re.compile(r'^msgstr(?:\[\d\])? ((?:".*"\n)+)', re.MULTILINE)
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_PLURAL = re.compile(r"\bplural=([^;]+)")


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    "The sentence of the source; of two the singular."
    plural: str
    "Empty for one without forms."
    forms: tuple[str, ...]
    "Its translation, or one a plural form; an empty one is missing."
    fuzzy: bool
    files: tuple[str, ...]
    "Where the source says it."


@dataclass(frozen=True)
class PoFile:
    plural_rule: str
    "Number -> index of its form, as C writes it."
    messages: tuple[Message, ...]


def read(text: str) -> PoFile:
    """All messages; what somebody else has written may be skipped."""
    rule, messages = "", []
    for comments, sentence, plural, forms in _ENTRY.findall(text + "\n"):
        source = _string(sentence)
        translated = tuple(_string(lines) for lines in _FORM.findall(forms))
        if not source:
            found = _PLURAL.search(translated[0])
            rule = found[1] if found else ""
            continue
        fuzzy, files = False, list[str]()
        for comment in comments.splitlines():
            if comment.startswith("#: "):
                files += comment[3:].split()
            elif comment.startswith("#, "):
                fuzzy = fuzzy or "fuzzy" in comment[3:].split(", ")
        messages.append(Message(source, _string(plural), translated, fuzzy, tuple(files)))
    return PoFile(rule, tuple(messages))


def _string(lines: str) -> str:
    """The text of a string that may go over several lines."""
    text = "".join(line[1:-1] for line in lines.split("\n"))
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda escaped: _ESCAPES.get(escaped[1], escaped[1]), text)
