"""The styles that stand in a page: what its first view needs, and no more."""

from web.bundles.first_styles import first_styles
from web.static_files import LANDING_SHEET, SEAT_SHEET, StaticFiles

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


def test_rules_of_the_names_stay_with_the_tokens_that_they_use() -> None:
    chosen = first_styles(SHEET, frozenset(["p", "button", ".primary", "[dir]"]))
    assert chosen == (
        ":root{--ink: #111; --deep: var(--ink); }"
        "@media (prefers-color-scheme: dark){:root{--ink: #eee; }}"
        "p::after, .call{color: var(--deep);}"
        "p:not(:focus){margin: 0;}"
        "button.primary:not([disabled])::before{margin: 0;}"
        "[dir=rtl] p{margin: 0;}"
    )


def test_the_landing_page_holds_a_third_of_what_it_loads_later() -> None:
    files = StaticFiles.load()
    for build in (files.current, files.older):
        held, whole = build.plain(LANDING_SHEET), build.plain(SEAT_SHEET)
        assert b".huge" in held
        assert b"--on-accent" in held
        assert b"--stage" not in held
        assert len(held) * 2 < len(whole)
