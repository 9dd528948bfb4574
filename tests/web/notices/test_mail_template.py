"""Filling a template gives the same as converting the filled Markdown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.errors import InvalidInput
from signaling.flows.notices.composing import fill, marked_up
from signaling.notices.texts import NOTICE_TEXTS
from signaling.text import one_line, paragraphs
from web.notices.mail_html import render
from web.notices.mail_template import _template, fill_html
from web.texts.catalogs import Catalogs

VALUES = {
    "name": "Amina *A.* <b>",
    "scheduler": "Dr. [Élise](https://evil.example) & _co_",
    "link": "https://tele.example/i/abcdefghijklmnopqrstuv",
    "test_link": "https://tele.example/i/abcdefghijklmnopqrstuv/test",
    "moment": "Monday, 7 December 2026, 14:30 (Central European Time)",
    "note": "1. Bring *your* letter\n# <script>alert(1)</script>\n    | x |\n=====",
    "languages": "English, العربية",
    "duration": "30",
    "until": "8 December",
}
NOTES = ("", VALUES["note"], "one\n\ntwo", "$link ${name} $$", "\u202eא\u200f")


def converted(text: str, values: dict[str, str]) -> str:
    return render(fill(text, marked_up(values)), "ar", "rtl")


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("occasion", sorted(NOTICE_TEXTS))
def test_every_text_of_the_program_comes_out_the_same(occasion: str, note: str) -> None:
    texts = Catalogs.load()
    values = {**VALUES, "note": note}
    for language in ("en", "fr", "es", "ar", "uk"):
        text = texts.get(language).translate(NOTICE_TEXTS[occasion].mail)  # type: ignore[index]
        assert fill_html(text, values, "ar", "rtl") == converted(text, values)


@pytest.mark.parametrize(
    "text",
    [
        "[Join]($link)",
        "[$name]($link)",
        "[x]($name)",
        "[x](https://evil.example/$name)",
        "> $note\n\n- $name\n- $note\n\n1. $link",
        "| a | b |\n|---|---|\n| $name | $link |",
        "# $name\n\n$moment\n===\n\n**$note** *$name* ***$scheduler***",
        "$note$note $name$scheduler$link",
        "<b>$name</b> <a href='$name'>x</a> <$name>",
        "$$name $ {name} $unknown",
        "&$name; \\$name ![x]($link) <$link>",
    ],
)
@pytest.mark.parametrize("note", NOTES)
def test_so_does_what_an_operator_may_write(text: str, note: str) -> None:
    values = {**VALUES, "note": note}
    assert fill_html(text, values, "ar", "rtl") == converted(text, values)


def test_in_code_a_value_is_what_was_typed() -> None:
    """If it were converted with the text, its escapes would be visible."""
    page = fill_html("`$name`", VALUES, "en", "ltr")
    assert "<code>Amina *A.* &lt;b&gt;</code>" in page
    assert "&amp;#42;" in converted("`$name`", VALUES)


@settings(max_examples=200, deadline=None)
@given(
    name=st.text(st.characters(), max_size=40),
    note=st.text(st.characters() | st.sampled_from("\n*_`[]()<>&#|=-+.! 1"), max_size=80),
)
def test_so_does_whatever_people_type(name: str, note: str) -> None:
    try:
        typed = {"name": one_line("name", name), "note": paragraphs("note", note, limit=500)}
    except InvalidInput:
        return
    text = "Hello $name,\n\n**$moment**\n\n$link\n\n$note"
    values = {**VALUES, **typed}
    assert fill_html(text, values, "ar", "rtl") == converted(text, values)


def test_nothing_that_people_type_is_kept_with_the_template() -> None:
    _template.cache_clear()
    text = "Hello $name, $note $link"
    for number in range(3):
        fill_html(text, {**VALUES, "name": f"Amina {number}"}, "en", "ltr")
    assert _template.cache_info().currsize == 1
    kept = _template(text, frozenset(VALUES), frozenset(), "en", "ltr")
    assert kept is not None and "Amina" not in kept and VALUES["link"] not in kept
