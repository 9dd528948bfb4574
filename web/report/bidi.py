"""The Unicode bidirectional algorithm, as far as a report needs it: levels and visual order.

Source: Unicode Standard Annex 9 (UAX #9), revision 49; the rules' names stand beside the lines
that follow them. Explicit embeddings and overrides (LRE, RLE, LRO, RLO) are not known here:
`web/report/plain_text.py` turns them into isolates first. All loops are flat, because the text comes
from strangers: a thousand dollar signs must not end in a RecursionError.
"""

import unicodedata
from collections.abc import Sequence

MAX_DEPTH = 125

RIGHT_ISOLATE = "\u2067"

# Opening -> closing brackets of UAX #9's BidiBrackets.txt that occur in the shipped fonts.
BRACKETS = {
    "(": ")",
    "[": "]",
    "{": "}",
    "\u0f3a": "\u0f3b",
    "\u0f3c": "\u0f3d",
    "\u169b": "\u169c",
    "\u2045": "\u2046",
    "\u207d": "\u207e",
    "\u208d": "\u208e",
    "\u2308": "\u2309",
    "\u230a": "\u230b",
    "\u2329": "\u232a",
    "\u2768": "\u2769",
    "\u27e6": "\u27e7",
    "\u27e8": "\u27e9",
    "\u3008": "\u3009",
    "\u300a": "\u300b",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\u3010": "\u3011",
    "\u3014": "\u3015",
    "\uff08": "\uff09",
    "\uff3b": "\uff3d",
    "\uff5b": "\uff5d",
}
CLOSING = set(BRACKETS.values())


def first_strong(text: str) -> str | None:
    """Say "L" or "R" after the first strong character outside isolates (P2, P3); else None."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif depth == 0 and kind in ("L", "R", "AL"):
            return "L" if kind == "L" else "R"
    return None


def resolve_levels(text: str, base: int) -> list[int]:
    """Give each character of one paragraph its embedding level; odd is right-to-left.

    `base` is 0 for a paragraph that runs left-to-right and 1 for the other way.
    """
    if base == 0 and text.isascii():
        return [0] * len(text)  # most texts, and nothing in them can turn
    kinds = [unicodedata.bidirectional(character) for character in text]
    if base == 0 and not any(kind in ("R", "AL", "AN", "RLI", "FSI", "LRI") for kind in kinds):
        return [0] * len(text)
    levels, sequences = _isolate(text, kinds, base)
    for sequence in sequences:
        direction = "R" if levels[sequence[0]] % 2 else "L"
        _resolve_weak(sequence, kinds, direction)
        _resolve_brackets(text, sequence, kinds, direction)
        _resolve_neutral(sequence, kinds, direction)
        for index in sequence:  # I1, I2
            if levels[index] % 2 == 0:
                levels[index] += {"R": 1, "AN": 2, "EN": 2}.get(kinds[index], 0)
            elif kinds[index] in ("L", "EN", "AN"):
                levels[index] += 1
    for index, kind in enumerate(kinds):
        if kind == "BN":  # removed by X9; it stays with what stands before it
            levels[index] = levels[index - 1] if index else base
    return levels


def visual_order(levels: Sequence[int]) -> list[int]:
    """Order the pieces of one line from left to right, given their levels (L2)."""
    order = list(range(len(levels)))
    odd = [level for level in levels if level % 2]
    if not odd:
        return order
    for threshold in range(max(levels), min(odd) - 1, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < threshold:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= threshold:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return order


def _isolate(text: str, kinds: list[str], base: int) -> tuple[list[int], list[list[int]]]:
    """Follow X1-X8 and X10 for isolates alone.

    Without embeddings an isolating run sequence is the whole inside of one isolate, and what
    surrounds it is never of a higher level: so sos and eos are the level's own direction.
    """
    levels = [base] * len(text)
    outer: list[int] = []
    sequences = [outer]
    stack: list[tuple[int, list[int]]] = [(base, outer)]
    overflow = 0
    for index, kind in enumerate(kinds):
        if kind == "PDI":
            if overflow:
                overflow -= 1
            elif len(stack) > 1:
                stack.pop()
        level, sequence = stack[-1]
        levels[index] = level
        if kind == "B":
            continue
        if kind != "BN":
            sequence.append(index)
        if kind in ("LRI", "RLI", "FSI"):
            if kind == "FSI":
                kind = "RLI" if first_strong(_inside(text, index)) == "R" else "LRI"
            deeper = (level + 1) | 1 if kind == "RLI" else (level + 2) & ~1
            if overflow or deeper > MAX_DEPTH:
                overflow += 1
            else:
                inner: list[int] = []
                sequences.append(inner)
                stack.append((deeper, inner))
    return levels, [sequence for sequence in sequences if sequence]


def _inside(text: str, start: int) -> str:
    """Return what stands between the isolate initiator at `start` and its end (BD9).

    At most a thousand characters: ten thousand nested initiators would otherwise be read
    ten thousand times.
    """
    depth = 0
    stop = min(len(text), start + 1000)
    for index in range(start, stop):
        kind = unicodedata.bidirectional(text[index])
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth -= 1
            if depth == 0:
                return text[start + 1 : index]
    return text[start + 1 : stop]


def _resolve_weak(sequence: list[int], kinds: list[str], direction: str) -> None:
    """Follow W1-W7: marks, numbers and what stands between numbers."""
    previous, strong = direction, direction
    for index in sequence:
        kind = kinds[index]
        if kind == "NSM":  # W1
            kind = "ON" if previous in ("LRI", "RLI", "FSI", "PDI") else previous
        previous = kind
        if kind in ("L", "R", "AL"):
            strong = kind
        if kind == "EN" and strong == "AL":  # W2
            kind = "AN"
        kinds[index] = kind
    for index in sequence:
        if kinds[index] == "AL":  # W3
            kinds[index] = "R"
    for before, index, after in zip(sequence, sequence[1:], sequence[2:], strict=False):  # W4
        if kinds[before] == kinds[after] == "EN" and kinds[index] in ("ES", "CS"):
            kinds[index] = "EN"
        elif kinds[before] == kinds[after] == "AN" and kinds[index] == "CS":
            kinds[index] = "AN"
    for ordered in (sequence, sequence[::-1]):  # W5
        beside_number = False
        for index in ordered:
            if kinds[index] == "ET" and beside_number:
                kinds[index] = "EN"
            beside_number = kinds[index] == "EN"
    strong = direction
    for index in sequence:
        if kinds[index] in ("ET", "ES", "CS"):  # W6
            kinds[index] = "ON"
        elif kinds[index] in ("L", "R"):
            strong = kinds[index]
        elif kinds[index] == "EN" and strong == "L":  # W7
            kinds[index] = "L"


def _strong(kind: str) -> str | None:
    """Read a resolved kind as N0-N2 do: numbers count as right-to-left."""
    return {"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(kind)


def _resolve_brackets(text: str, sequence: list[int], kinds: list[str], direction: str) -> None:
    """Follow N0: a pair of brackets takes the direction of what it holds."""
    opposite = "L" if direction == "R" else "R"
    for first, last in _bracket_pairs(text, sequence, kinds):
        inside = {_strong(kinds[sequence[place]]) for place in range(first + 1, last)}
        if direction in inside:
            found: str | None = direction
        elif opposite in inside:
            before = (_strong(kinds[sequence[place]]) for place in range(first - 1, -1, -1))
            context = next((kind for kind in before if kind), direction)
            found = opposite if context == opposite else direction
        else:
            found = None
        if found:
            kinds[sequence[first]] = kinds[sequence[last]] = found


def _bracket_pairs(text: str, sequence: list[int], kinds: list[str]) -> list[tuple[int, int]]:
    """Pair brackets as BD16 does: at most 63 open ones, in the order of their openings."""
    waiting: list[tuple[str, int]] = []
    pairs: list[tuple[int, int]] = []
    for place, index in enumerate(sequence):
        if kinds[index] != "ON":
            continue
        character = text[index]
        if character in BRACKETS:
            if len(waiting) == 63:
                return []
            waiting.append((BRACKETS[character], place))
        elif character in CLOSING:
            for depth in range(len(waiting) - 1, -1, -1):
                if waiting[depth][0] == character:
                    pairs.append((waiting[depth][1], place))
                    del waiting[depth:]
                    break
    return sorted(pairs)


def _resolve_neutral(sequence: list[int], kinds: list[str], direction: str) -> None:
    """Follow N1 and N2: neutrals between equals join them, others take the level's own."""
    start, before = 0, direction
    while start < len(sequence):
        here = _strong(kinds[sequence[start]])
        if here:
            start, before = start + 1, here
            continue
        end = start
        while end < len(sequence) and not _strong(kinds[sequence[end]]):
            end += 1
        after = _strong(kinds[sequence[end]]) if end < len(sequence) else direction
        for index in sequence[start:end]:
            kinds[index] = before if before == after else direction
        start = end
