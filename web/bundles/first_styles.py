"""A style sheet in two: the rules that the first view of a page needs, chosen by the names in their selectors,
and all others.

The first ones stand in the page itself, and the others come as a file. So a rule of the file is applied after
all that stand in the page, wherever both were written: of two that an element could get by selectors of the
same weight, none may be written before the other and come after it (`tests/web/bundles`).
"""

import re
from collections.abc import Callable, Iterator

from web.bundles.styles import split

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STATE = re.compile(r"::?[\w-]+(?:\([^()]*\))?")
_VALUE = re.compile(r"(?<=[\w-])[~|^$*]?=[^\]]*")
"Of an attribute."
_NAME = re.compile(r"[.#]?[\w-]+|\*|\[[\w-]+\]")
_TOKEN = re.compile(r"(--[\w-]+)\s*:[^;}]*;?")
_SPACE = re.compile(r"\s+")
_USED = re.compile(r"var\((--[\w-]+)")


def first_styles(sheet: str, names: frozenset[str]) -> tuple[str, str]:
    """(the rules for elements with these tags, `.classes`, `#ids` and `[attributes]`, with the tokens that they
    use; the rest of the sheet)."""
    sheet = _COMMENT.sub("", sheet)

    def is_first(head: str) -> bool:
        return not head.startswith("@") and any(
            names.issuperset(_needed(each)) for each in split(head)
        )

    used = _used_tokens(_mapped(sheet, lambda head, body: body if is_first(head) else ""))

    def first(head: str, body: str) -> str:
        kept = _TOKEN.sub(lambda token: token[0] if token[1] in used else "", body)
        return kept if is_first(head) else ""

    def later(head: str, body: str) -> str:
        if not is_first(head):
            return body
        return "".join(token[0] for token in _TOKEN.finditer(body) if token[1] not in used)

    return _SPACE.sub(" ", _mapped(sheet, first)), _SPACE.sub(" ", _mapped(sheet, later))


def _used_tokens(rules: str) -> set[str]:
    """What rules use, and what these tokens use."""
    used = set(_USED.findall(_TOKEN.sub("", rules)))
    while (
        more := {
            name
            for token in _TOKEN.finditer(rules)
            if token[1] in used
            for name in _USED.findall(token[0])
        }
        - used
    ):
        used |= more
    return used


def _mapped(sheet: str, body_of: Callable[[str, str], str]) -> str:
    """The sheet with other bodies of its rules; those that get none are left out."""
    parts = []
    for head, body in _blocks(sheet):
        if head.startswith(("@media", "@supports")):
            text = _mapped(body, body_of)
        else:
            text = body_of(head, body.strip())
        if text:
            parts.append(f"{head}{{{text}}}")
    return "".join(parts)


def _needed(selector: str) -> list[str]:
    """The names in it."""
    return _NAME.findall(_VALUE.sub("", _STATE.sub("", selector)))


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """(what stands before the braces, what stands between them), of the outermost ones."""
    start = depth = opened = 0
    for place, sign in enumerate(sheet):
        if sign == "{":
            opened = opened if depth else place
            depth += 1
        elif sign == "}":
            depth -= 1
            if not depth:
                yield sheet[start:opened].strip(), sheet[opened + 1 : place]
                start = place + 1
