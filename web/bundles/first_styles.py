"""The rules of a style sheet that the first view of a page needs: chosen by the names in their selectors.

They stand in the page itself, and the whole sheet comes at its end. A rule that is left out here only
comes later.
"""

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STATE = re.compile(r"::?[\w-]+(?:\([^()]*\))?")
_NOT = re.compile(r":not\([^()]*\)")
_LATER = re.compile(r":(?:hover|focus|active|disabled)")
"What an element becomes only when somebody does something."
_VALUE = re.compile(r"(?<=[\w-])[~|^$*]?=[^\]]*")
"Of an attribute."
_NAME = re.compile(r"[.#]?[\w-]+|\*|\[[\w-]+\]")
_TOKEN = re.compile(r"(--[\w-]+)\s*:[^;}]*;?")
_SPACE = re.compile(r"\s+")
_USED = re.compile(r"var\((--[\w-]+)")


def first_styles(sheet: str, names: frozenset[str]) -> str:
    """The rules for elements with these tags, `.classes`, `#ids` and `[attributes]`, and the tokens that
    they use."""
    rules = list(_chosen(_COMMENT.sub("", sheet), names))
    used = set(_USED.findall("".join(rules)))
    while (
        more := {
            name
            for rule in rules
            for token in _TOKEN.finditer(rule)
            if token[1] in used
            for name in _USED.findall(token[0])
        }
        - used
    ):
        used |= more
    kept = (_TOKEN.sub(lambda token: token[0] if token[1] in used else "", rule) for rule in rules)
    return _SPACE.sub(" ", "".join(kept))


def _chosen(sheet: str, names: frozenset[str]) -> Iterator[str]:
    for head, body in _blocks(sheet):
        if head.startswith(("@media", "@supports")):
            if inner := "".join(_chosen(body, names)):
                yield f"{head}{{{inner}}}"
        elif not head.startswith("@") and any(
            names.issuperset(_needed(each)) for each in head.split(",")
        ):
            yield f"{head}{{{body.strip()}}}"


def _needed(selector: str) -> list[str]:
    """The names in it; the whole of it, which is no name, if its rule can come later."""
    if _LATER.search(_NOT.sub("", selector)):
        return [selector]
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
