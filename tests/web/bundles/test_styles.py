"""What older engines are told instead of what they do not know."""

import pytest

from web.bundles.styles import for_older_engines


def said(sheet: str) -> str:
    return " ".join(for_older_engines(sheet).split())


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (".a {\n  margin-block: 1px 2px;\n}", ".a { margin-block-start: 1px; margin-block-end: 2px; }"),
        (
            ".a {\n  padding-inline: calc(1px + 2px);\n}",
            ".a { padding-inline-start: calc(1px + 2px); padding-inline-end: calc(1px + 2px); }",
        ),
        (".a {\n  inset-block-end: 0;\n}", ".a { bottom: 0; }"),
        (
            ".a,\n.b {\n  inset-inline-start: 1px;\n}",
            ".a, .b { left: 1px; } [dir=rtl] .a, [dir=rtl] .b { left: auto; right: 1px; }",
        ),
        (
            ".a {\n  inset-inline: 0 1px;\n}",
            ".a { left: 0; right: 1px; } [dir=rtl] .a { right: 0; left: 1px; }",
        ),
        (
            ".a:is(.b, .c) > :is(p, i:not(.d, .e)) {\n  top: 0;\n}",
            ".a.b > p, .a.b > i:not(.d):not(.e), .a.c > p, .a.c > i:not(.d):not(.e) { top: 0; }",
        ),
        (".a {\n  inset: auto calc(1px + 2px) 0;\n}",
         ".a { top: auto; right: calc(1px + 2px); bottom: 0; left: calc(1px + 2px); }"),
        (
            ".a {\n  inline-size: min(34rem, calc(100% - 2rem));\n}",
            ".a { inline-size: calc(100% - 2rem); inline-size: min(34rem, calc(100% - 2rem)); }",
        ),
        (
            ".a {\n  block-size: clamp(10rem, 36 * var(--dvh), 26rem);\n}",
            ".a { block-size: calc(36 * var(--dvh));"
            " block-size: clamp(10rem, 36 * var(--dvh), 26rem); }",
        ),
        (
            ".a {\n  display: flex;\n  gap: 1px 2px;\n}",
            ".a { display: flex; gap: 1px 2px; }"
            " .no-gaps .a > * + * { margin-inline-start: 2px; }",
        ),
        (
            "@media (width: 1px) {\n  .a {\n    display: flex;\n    flex-direction: column;\n"
            "    gap: var(--gap);\n  }\n}",
            "@media (width: 1px) { .a { display: flex; flex-direction: column; gap: var(--gap); }"
            " .no-gaps .a > * + * { margin-block-start: var(--gap); } }",
        ),
        (".a::before {\n  content: \"a:is(b)\";\n}", '.a::before { content: "a:is(b)"; }'),
    ],
)  # fmt: skip
def test_older_engines_are_told_in_their_words(written: str, told: str) -> None:
    assert said(written) == told
