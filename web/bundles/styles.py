"""Style sheets in the words of older engines: what esbuild does not write for them.

It works on sheets as prettier formats them, and only on what the sheets use. What has no counterpart
falls away there, as engines skip what they do not know: `:has()`, `aspect-ratio`, `accent-color`.
"""

import re
from itertools import product

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_DECLARATION = re.compile(r"^(\s*)([\w-]+):\s*([^;]+);", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIDES = {"block": ("top", "bottom"), "inline": ("left", "right")}


def for_older_engines(sheet: str) -> str:
    """The same sheet without `:is` and lists in `:not` (Chrome 88), logical shorthands and insets (87, 14.1),
    `min` and its like alone (Chrome 79), and with distances for `js/engines/gaps.js`."""
    return _RULE.sub(_rewritten, _COMMENT.sub("", sheet))


def _rewritten(rule: re.Match[str]) -> str:
    selectors, body = rule[1], rule[2]
    if selectors.strip().startswith("@") or not body.strip():
        return rule[0]
    chosen = [each for selector in split(selectors) for each in without_is(selector)]
    mirrored: list[str] = []

    def lowered(declaration: re.Match[str]) -> str:
        indent, name, value = declaration.groups()
        lines = [f"{name}: {value}"]
        if found := re.fullmatch(r"(margin|padding)-(block|inline)", name):
            values = split_values(value)
            lines = [f"{name}-start: {values[0]}", f"{name}-end: {values[-1]}"]
        elif name == "inset":
            four = [*split_values(value)]
            for places in ((1, 0), (2, 0), (3, 1)):
                if len(four) == places[0]:
                    four.append(four[places[1]])
            lines = [
                f"{side}: {one}"
                for side, one in zip(("top", "right", "bottom", "left"), four, strict=True)
            ]
        elif found := re.fullmatch(r"inset-(block|inline)(?:-(start|end))?", name):
            values = split_values(value)
            sides = _SIDES[found[1]]
            which = [0, 1] if found[2] is None else [0 if found[2] == "start" else 1]
            given = {side: values[min(n, len(values) - 1)] for n, side in enumerate(which)}
            lines = [f"{sides[side]}: {one}" for side, one in given.items()]
            if found[1] == "inline":
                if len(given) == 1:
                    mirrored.extend(f"{sides[side]}: auto" for side in given)
                mirrored.extend(f"{sides[1 - side]}: {one}" for side, one in given.items())
        plain = [line for line in map(without_comparison, lines) if line not in lines]
        return "".join(f"{indent}{line};" for line in (*plain, *lines))

    text = f"{', '.join(chosen)} {{{_DECLARATION.sub(lowered, body)}}}"
    if mirrored:
        text += f"\n{prefixed('[dir=rtl]', chosen)} {{ {'; '.join(mirrored)}; }}"
    return "\n" + text + _distances(chosen, body)


def _distances(selectors: list[str], body: str) -> str:
    """Rules for engines without `gap` between flexible boxes (Chrome 84, Safari 14.1)."""
    given = {name: value for _, name, value in _DECLARATION.findall(body)}
    if "flex" not in given.get("display", "") or "gap" not in given or "(" in _words(given["gap"]):
        return ""
    row, _, column = given["gap"].partition(" ")
    if "column" in given.get("flex-direction", ""):
        boxes, margins = "> * + *", f"margin-block-start: {row}"
    elif "wrap" in given.get("flex-wrap", ""):
        boxes = "> *"
        margins = f"margin-block-end: {row}; margin-inline-end: {column or row}"
    else:
        boxes, margins = "> * + *", f"margin-inline-start: {column or row}"
    each = [f"{selector} {boxes}" for selector in selectors if "::" not in selector]
    return f"\n{prefixed('.no-gaps', each)} {{ {margins}; }}" if each else ""


def _words(value: str) -> str:
    """A value without its variables."""
    return re.sub(r"var\([\w-]+\)", "", value)


def without_comparison(declaration: str) -> str:
    """A declaration with one of the values that `min`, `max` or `clamp` would choose from."""
    name, _, value = declaration.partition(": ")
    found = re.fullmatch(r"(min|max|clamp)\((.*)\)", value, re.DOTALL)
    if name.startswith("--") or found is None:
        return declaration
    among = split(found[2])
    if found[1] == "clamp":
        one = among[1]
    else:
        one = next((each for each in among if "%" in each), among[0])
    bare = re.search(r" [-+*/] ", one) and not one.startswith("calc(")
    return f"{name}: {f'calc({one})' if bare else one}"


def without_is(selector: str) -> list[str]:
    """The selectors that one with `:is()` stands for; no type in it may follow a compound."""
    selector = re.sub(r":not\(([^()]*,[^()]*)\)", _nots, selector)
    parts = re.split(r":is\(((?:[^()]|\([^()]*\))*)\)", selector.strip())
    choices = [split(part) if n % 2 else [part] for n, part in enumerate(parts)]
    return [" ".join("".join(combination).split()) for combination in product(*choices)]


def _nots(found: re.Match[str]) -> str:
    """`:not` of several as several: engines take lists in it since Chrome 88."""
    return "".join(f":not({each})" for each in split(found[1]))


def prefixed(ancestor: str, selectors: list[str]) -> str:
    return ", ".join(f"{ancestor} {selector}" for selector in selectors)


def split_values(value: str) -> list[str]:
    """What spaces outside of parentheses separate."""
    return re.findall(r"(?:[^\s()]|\((?:[^()]|\([^()]*\))*\))+", value)


def split(text: str) -> list[str]:
    """What commas outside of parentheses separate."""
    found, depth = [""], 0
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [each.strip() for each in found if each.strip()]
