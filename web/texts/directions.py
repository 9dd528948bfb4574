"""Which parts of a line keep their own direction: measures, numbers, telephone numbers, addresses.

In a line with right-to-left letters the Unicode bidirectional algorithm (UAX #9) alone shows
"39.5 °C" as "C° 39.5" and turns "+41 79 123 45 67" around. So what is read from left to right is
isolated, and stays beside the word before it: a dose beside its drug. Behind a left-to-right word
it belongs to that word's phrase and nothing is done; where a list has its doses first, they stay
beside the word behind them.

The page does the same (`directions.js` under `web/static/js/shared/text`), by the same table of
signs: the regular expressions are those of `direction-patterns.js` there.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

LEFT_MARK, RIGHT_MARK = "\u200e\u200f"
FIRST_STRONG_ISOLATE, LEFT_ISOLATE, POP_ISOLATE = "\u2068\u2066\u2069"

_BRACKETS = frozenset("()[]{}")
_ARABIC_DIGIT = re.compile("[\u0660-\u0669]")
_ARABIC_NUMBER = re.compile("(?<=[^\u0660-\u0669])(?=[\u0660-\u0669])")
_KINDS = {1: "measure", 2: "right", 3: "left", 4: "left", 5: "mark"}


class _Table(NamedTuple):
    token: str
    part: re.Pattern[str]
    letter: re.Pattern[str]
    left: re.Pattern[str]
    right: re.Pattern[str]


@cache
def table() -> _Table:
    """The expressions that the page uses, read once. Raises OSError.

    Called at the start, because the server's loop may not wait for a file.
    """
    found: dict[str, str] = {}
    script = "static/js/shared/text/direction-patterns.js"
    source = (Path(__file__).parents[1] / script).read_text("utf-8")
    for name, expression in re.findall(r"const (\w+) = String\.raw`([^`]*)`", source):
        whole = re.sub(r"\$\{(\w+)\}", lambda inner: found[inner[1]], expression)
        found[name] = re.sub(r"\\u\{(\w+)\}", lambda code: chr(int(code[1], 16)), whole)
    left, right = found["LEFT"], found["RIGHT"]
    classes = f"[{left}0-9]", f"[{left}]", f"[{right}\u061b\u061f\u0660-\u0669]"
    return _Table(found["TOKEN"], *map(re.compile, (found["BREAK"], *classes)))


@cache
def _token_pattern() -> re.Pattern[str]:
    """Compiled when it is needed, which takes as long as a short report of Latin letters."""
    return re.compile(table().token)


class Token(NamedTuple):
    """What has a direction: a measure, or a word."""

    kind: str
    start: int
    end: int
    signed: bool
    "It ends in a sign that belongs to it and has no direction of its own."


class Isolate(NamedTuple):
    """What is shown from left to right, and the marks beside it; a mark alone is empty."""

    start: int
    end: int
    before: str
    after: str


def apart(text: str) -> str:
    """Kept from turning a sentence of the other direction, as the scripts' `fill` does."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def left_to_right(text: str) -> str:
    """An address or a number, in a sentence of either direction."""
    return f"{LEFT_ISOLATE}{text}{POP_ISOLATE}"


def isolated(line: str) -> str:
    """Write the isolates of `line` into it, as characters."""
    parts: list[str] = []
    place = 0
    for start, end, before, after in isolates(line):
        parts += [line[place:start], before]
        if start < end:
            parts += [LEFT_ISOLATE, _ARABIC_NUMBER.sub(LEFT_MARK, line[start:end]), POP_ISOLATE]
        parts.append(after)
        place = end
    return "".join([*parts, line[place:]])


def is_foreign(text: str, direction: str) -> bool:
    """Say whether `text` has letters that run against `direction`, which is ltr or rtl."""
    return bool((table().left if direction == "rtl" else table().right).search(text))


def isolates(line: str) -> list[Isolate]:
    """Find what has to be isolated in `line`, in its order."""
    if table().left.search(line) and not table().right.search(line):
        return []  # all of it runs from left to right
    found: list[Isolate] = []
    tokens = _Tokens(line)
    base = last = ""
    place = 0
    while place < len(tokens.all):
        kind, start, end, signed = tokens.all[place]
        mark = RIGHT_MARK if base == "right" else LEFT_MARK
        if kind == "mark":
            last = ""
        elif kind == "part":  # Arabic semicolons and question marks count as letters
            last = "right"
            base = base or last
        elif kind != "measure":
            last = kind
            base = base or kind
            if signed and base == "right":
                found.append(Isolate(end, end, "", LEFT_MARK))
        elif tokens.leads(place) and not last == tokens.kind(place + 1) == "left":
            place = tokens.end_of_list(place)
            end = tokens.all[place].end
            found.append(Isolate(start, end, mark if last != base else "", ""))
        elif last == "left":
            # Its numbers and letters join the phrase by themselves.
            if signed or tokens.bracketed(place) or _ARABIC_DIGIT.search(line, start, end):
                mark = LEFT_MARK if base == "right" else ""
                found.append(Isolate(start, end, mark, mark))
        else:
            place = tokens.end_of_list(place)
            stays = last == "right" and base == "left" and end == tokens.all[place].end
            found.append(Isolate(start, tokens.all[place].end, "", RIGHT_MARK if stays else ""))
        place += 1
    return found


class _Tokens:
    """The measures and words of a line, and how they belong together."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.all = [_token(match) for match in _token_pattern().finditer(line)]

    def kind(self, place: int) -> str:
        return self.all[place].kind if place < len(self.all) else ""

    def parted(self, place: int) -> bool:
        """Say whether a comma, an edge of the line or the like parts this token from the last."""
        if not 0 < place < len(self.all):
            return True
        before, after = self.all[place - 1 : place + 1]
        return bool(table().part.search(self.line, before.end - 1, after.start + 1))

    def bracketed(self, place: int) -> bool:
        """Say whether a bracket, which may hold other letters too, parts this token from the last."""
        gap = self.line[self.all[place - 1].end : self.all[place].start + 1]
        return not _BRACKETS.isdisjoint(gap)

    def leads(self, place: int) -> bool:
        """Say whether this measure begins an item of a list, as the one of the item before did."""
        if self.kind(place) != "measure" or not self.parted(place) or self.parted(place + 1):
            return False
        last = place - 2 if self.kind(place - 1) == "part" else place - 1
        if self.kind(last) == "measure" and not self.parted(last):
            last -= 1  # how often, behind the name of what is taken
        item = last
        while item > 0 and self.kind(item) in ("left", "right") and not self.parted(item):
            item -= 1
        return 0 <= item < last and self.kind(item) == "measure"

    def end_of_list(self, place: int) -> int:
        """Find the end of a list of doses and left-to-right words that this measure begins."""
        end, more, closed = place, False, False
        while not self.parted(end + 1) and self.kind(end + 1) == "left":
            end += 1
            while self.kind(end + 1) == "left":
                end += 1
            if not self.parted(end + 1) and (closed or self.parted(end + 2)):
                closed = self.kind(end + 1) == "measure"
                end += closed
            if self.kind(end + 1) == "measure" and not self.leads(end + 1):
                return place
            if self.kind(end + 2) != "left" or self.kind(end + 1) != "measure":
                break
            end, more = end + 1, True
        return end if more else place


def _token(match: re.Match[str]) -> Token:
    group = match.lastindex or 0
    if match[0] in "\u061b\u061f":
        return Token("part", match.start(), match.end(), False)
    signed = group == 4 or (group == 1 and not table().letter.match(match[0][-1]))
    return Token(_KINDS[group], match.start(), match.end(), signed)
