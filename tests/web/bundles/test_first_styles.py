"""The styles that stand in a page: what its first view needs, and no more."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

from web.bundles.first_styles import first_styles
from web.bundles.styles import split
from web.static_files import FIRST_SHEET, SEAT_PARTS, SEAT_SHEET, StaticFiles

MARKUP = Path(__file__).parents[3] / "web/markup"
SHEET = """
:root { --ink: #111; --deep: var(--ink); --far: #222; }
/* a { color: var(--far); } */
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --far: #ddd; }
  .call { color: var(--far); }
}
@keyframes turn { to { opacity: 0; } }
p::after, .call { color: var(--deep); }
p:hover, button:focus-visible:not(:active) { margin: 0; }
p:not(:focus) { margin: 0; }
.call p { color: var(--far); }
button.primary:not([disabled])::before { margin: 0; }
[data-state=ready], [type], p[lang="en"] { margin: 0; }
[dir=rtl] p { margin: 0; }
p .other { margin: 0; }
@media print { .call { margin: 0; } }
"""


ROWS = ("actions", "filters", "heading", "pager")
WITHOUT_A_LINE = ("#other-side", "#incoming", "#start-call")
ON_DIFFERENT_ELEMENTS = {
    *(("[aria-invalid=true]", each) for each in (".card", ".notice", ".top")),  # fields
    ("[data-readiness=ready]", ".top"),  # tags
    (".brand img", ".tools :is(button,select)"),
    *((f".no-gaps .{each}>*", ".notice>:last-child") for each in ROWS),
    *((f"[data-line=ended] {each}", ":has(#leave)>.brand") for each in WITHOUT_A_LINE),
}
"Selectors of the same weight -> such that nothing has both."


def test_rules_of_the_names_stay_with_the_tokens_that_they_use() -> None:
    first, rest = first_styles(SHEET, frozenset(["p", "button", ".primary", "[dir]"]))
    assert first == (
        ":root{--ink: #111; --deep: var(--ink); }"
        "@media (prefers-color-scheme: dark){:root{--ink: #eee; }}"
        "p::after, .call{color: var(--deep);}"
        "p:hover, button:focus-visible:not(:active){margin: 0;}"
        "p:not(:focus){margin: 0;}"
        "button.primary:not([disabled])::before{margin: 0;}"
        "[dir=rtl] p{margin: 0;}"
    )
    assert rest == (
        ":root{--far: #222;}"
        "@media (prefers-color-scheme: dark){:root{--far: #ddd;}.call{color: var(--far);}}"
        "@keyframes turn{to { opacity: 0; }}"
        ".call p{color: var(--far);}"
        '[data-state=ready], [type], p[lang="en"]{margin: 0;}'
        "p .other{margin: 0;}"
        "@media print{.call{margin: 0;}}"
    )


def test_the_page_holds_two_fifths_of_its_styles_and_the_rest_is_in_a_file() -> None:
    files = StaticFiles.load()
    for build in (files.current, files.older):
        held, rest = build.plain(FIRST_SHEET), build.plain(SEAT_SHEET)
        assert b".huge" in held
        assert b"--on-accent" in held
        assert b"--stage" not in held
        assert b".huge" not in rest
        assert len(held) < len(rest)


def test_no_rule_of_the_file_overrides_one_that_is_written_after_it() -> None:
    files = StaticFiles.load()
    for build in (files.current, files.older):
        held = {head for head, _ in rules(build.plain(FIRST_SHEET).decode())}
        whole = "".join(build.plain(part).decode() for part in SEAT_PARTS)
        before: list[tuple[str, set[str]]] = []
        found = set()
        for head, properties in rules(whole):
            if head not in held:
                before.append((head, properties))
                continue
            for other, others in before:
                if any(overlap(one, two) for one, two in product(properties, others)):
                    found |= {
                        (two, one)
                        for one, two in product(split(head), split(other))
                        if weight(one) == weight(two) and may_be_one(one, two)
                    }
        assert found <= ON_DIFFERENT_ELEMENTS, sorted(found - ON_DIFFERENT_ELEMENTS)


def rules(sheet: str) -> Iterator[tuple[str, set[str]]]:
    """(selectors, properties that are set), in order, without tokens and keyframes."""
    sheet = re.sub(
        r"/\*.*?\*/|@keyframes [^{]*{(?:[^{}]*{[^{}]*})*[^{}]*}", "", sheet, flags=re.DOTALL
    )
    for head, body in re.findall(r"([^{}]+){([^{}]*)}", sheet):
        names = {line.partition(":")[0].strip() for line in body.split(";")}
        yield head.strip(), {name for name in names if name and not name.startswith("--")}


def overlap(one: str, other: str) -> bool:
    """Whether they are one property, or one is a shorthand of the other."""
    return one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-")


def weight(selector: str) -> tuple[int, int, int]:
    """Specificity (Selectors Level 4, section 16), where `:is` and `:not` hold one kind each."""
    bare = re.sub(
        r":(?:not|is|has)\(([^()]*)\)", lambda found: found[1].partition(",")[0], selector
    )
    elements = re.findall(r"::[\w-]+|(?:^|[\s>+~])[a-z]\w*", bare)
    bare = re.sub(r"::[\w-]+", "", bare)
    return bare.count("#"), len(re.findall(r"[.\[:]", bare)), len(elements)


@cache
def classes_in_markup() -> list[set[str]]:
    """The classes of each element that pages are made of."""
    return [
        {*re.findall(r"\.([\w-]+)", element)}
        for file in MARKUP.rglob("*.py")
        for element in re.findall(r"\(\s*\"([#.][\w.#-]+)\"", file.read_text(encoding="utf-8"))
    ]


def may_be_one(one: str, other: str) -> bool:
    """Whether one element could be meant by both, by its tag, id, classes and pseudo-element."""
    ends = [re.split(r"[\s>+~]+(?![^(\[]*[)\]])", each)[-1] for each in (one, other)]
    for kind in (r"^[a-z]\w*", r"#[\w-]+"):
        found = [re.findall(kind, end) for end in ends]
        if all(found) and found[0] != found[1]:
            return False
    classes = {name for end in ends for name in re.findall(r"\.([\w-]+)", end)}
    if len(classes) > 1 and not any(classes <= each for each in classes_in_markup()):
        return False
    pseudo = [re.findall(r"::[\w-]+", end) for end in ends]
    return pseudo[0] == pseudo[1]
