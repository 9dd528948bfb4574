"""Text that people type."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.chat import checked_text
from signaling.errors import InvalidInput
from signaling.text import CHAT_LENGTH, NAME_LENGTH, one_line, paragraphs, searched, typed_name

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("control", [*CONTROLS, "\0"])
def test_a_line_with_bidi_controls_is_refused(control: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        one_line("brand", f"Ami{control}na")
    assert refused.value.field == "brand"


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cخواهم", "שרה\u200f (2)", "ክርስቶስ", "Zoë", "👩🏽\u200d⚕️", "\U0001fae9", "O’Neill-张",
    ],
)  # fmt: skip
def test_a_name_of_any_script_stays_as_it_is(name: str) -> None:
    assert typed_name("first_name", name) == one_line("first_name", name) == name


@pytest.mark.parametrize(
    "copied",
    [
        "\u2068Amina Diallo\u2069", "\u2068Amina Diallo", "Amina Diallo\u2069", " \u2068Amina Diallo\u2069 ",
        "\u200eAmina Diallo\u200f", "\u200f\u2068 Amina Diallo \u2069\u200e", "\u202aAmina Diallo\u202c",
        "\u202eAmina Diallo\u202c", "\u2068Amina\u2069 \u2068Diallo\u2069", "Amina\u2069 Diallo", "Amina \u2067Diallo",
        "\u061c\u2066\u2068Amina Diallo\u2069\u2069\n",
    ],
)  # fmt: skip
def test_direction_marks_that_came_with_a_copied_name_are_left_out(copied: str) -> None:
    assert typed_name("first_name", copied) == "Amina Diallo"


@pytest.mark.parametrize(
    "name", [*CONTROLS, "\u2068\u2069", "\u200f\u2067 ", "a\u202eb", "a\u202db", "a\0b"]
)
def test_only_marks_and_a_name_that_is_turned_around_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        typed_name("first_name", name)
    assert refused.value.field == "first_name"


def test_a_long_row_of_spaces_holds_up_nobody() -> None:
    """As much as a form may hold: looking for the end from each space took minutes."""
    began = process_time()
    assert typed_name("name", "a" + " " * 250_000 + "a") == "a a"
    assert process_time() - began < 10


def test_a_letter_newer_than_this_python_is_not_lost() -> None:
    """Emoji of later Unicode versions are unassigned here, but people send them nevertheless."""
    assert checked_text("\U0001fae8 \U0001fadf") == "\U0001fae8 \U0001fadf"


def test_a_name_is_one_line_in_one_normal_form() -> None:
    assert one_line("first_name", "  Ame\u0301lie\r\n\tPoulain ") == "Am\u00e9lie Poulain"


@pytest.mark.parametrize(
    "nothing", ["", "  ", "\n", "\u200b", "\u200e\u200f", "\u2060 \u00ad", "\ufeff"]
)
def test_invisible_text_is_no_name_and_no_message(nothing: str) -> None:
    assert one_line("last_name", nothing) == ""
    with pytest.raises(InvalidInput):
        one_line("name", nothing, required=True)
    with pytest.raises(InvalidInput):
        checked_text(nothing)


def test_the_longest_name_is_accepted_and_one_letter_more_is_not() -> None:
    assert len(one_line("name", "é" * NAME_LENGTH)) == NAME_LENGTH
    with pytest.raises(InvalidInput) as refused:
        one_line("name", "é" * (NAME_LENGTH + 1))
    assert refused.value.values == {"limit": NAME_LENGTH}


def test_the_longest_message_is_accepted_and_one_letter_more_is_not() -> None:
    assert len(checked_text("x" * CHAT_LENGTH)) == CHAT_LENGTH
    with pytest.raises(InvalidInput):
        checked_text("x" * (CHAT_LENGTH + 1))


def test_chat_keeps_its_lines_and_drops_bidi_controls() -> None:
    assert checked_text(" one\r\ntwo\u2028\u202ethree\0 ") == "one\ntwo\nthree"


@settings(deadline=None)
@given(ANY_TEXT)
def test_whatever_is_typed_is_refused_or_safe(text: str) -> None:
    try:
        name = one_line("name", text)
    except InvalidInput:
        name = ""
    note = paragraphs("note", text, limit=300 * 4)
    for cleaned in (name, note):
        cleaned.encode("utf-8")
        assert not set(cleaned) & set("\0\x1b\x7f\r\u202e\u2066\u2069\u2028")
    assert "\n" not in name
    assert one_line("name", name) == name
    try:
        typed = typed_name("name", text)
    except InvalidInput:
        typed = ""
    assert not set(typed) & set(f"\0\r\n{CONTROLS}")
    assert not typed or typed_name("name", typed) == typed
    assert paragraphs("note", note, limit=300 * 4) == note


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rene\u0301e", "RENÉE"), ("رضا علی", "رضا علي"), ("مُحَمَّد", "محمد"), ("کریم", "كريم"), ("محـــمد", "محمد"),
        ("Ｙｕｋｉ", "yuki"), ("Straße", "STRASSE"), ("Amina\u00a0 K", "amina k"), ("me\u200cmory", "memory"),
        ("Іван", "іван"), ("Nguyễn", "NGUYÊ\u0303N"),
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_written(one: str, other: str) -> None:
    assert searched(one) == searched(other)
