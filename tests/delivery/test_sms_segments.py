"""SMS segments: what a text costs, and where it is split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.delivery.sms_segments import JOINED, SINGLE, count, without_accents

# The whole default alphabet and its extension, as printed in 3GPP TS 23.038 section 6.2.1.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"


def units(text: str, encoding: str) -> int:
    """What a phone counts, written a second time."""
    if encoding == "gsm7":
        return sum(2 if character in EXTENSION else 1 for character in text)
    return len(text.encode("utf-16-be")) // 2


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "gsm7", 0),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("я" * 70, "ucs2", 1),
        ("я" * 71, "ucs2", 2),
        ("я" * 134, "ucs2", 2),
        ("я" * 135, "ucs2", 3),
        ("🙂" * 35, "ucs2", 1),
        ("🙂" * 36, "ucs2", 2),
        ("Votre séance à 10:00", "gsm7", 1),
        ("L’hôpital", "ucs2", 1),
        ("موعدك غدًا", "ucs2", 1),
        ("\x1b", "ucs2", 1),
        ("ç", "ucs2", 1),
        ("Ç", "gsm7", 1),
    ],
)
def test_a_text_takes_so_many_segments(text: str, encoding: str, segments: int) -> None:
    counted = count(text)
    assert (counted.encoding, counted.count) == (encoding, segments)


def test_every_character_of_the_default_alphabet_is_gsm() -> None:
    assert len(BASIC) == 127
    assert all(count(character).encoding == "gsm7" for character in BASIC + EXTENSION)
    assert all(count(character).left == 159 for character in BASIC)
    assert all(count(character).left == 158 for character in EXTENSION)


def test_an_escape_pair_is_not_split() -> None:
    counted = count("a" * 152 + "€" + "b" * 100)
    assert [len(part) for part in counted.parts] == [152, 101]
    assert counted.parts[1].startswith("€")


def test_a_surrogate_pair_is_not_split() -> None:
    counted = count("я" * 66 + "🙂" + "я" * 60)
    assert counted.parts[0] == "я" * 66
    assert counted.parts[1].startswith("🙂")


def test_one_character_outside_gsm_makes_a_text_expensive() -> None:
    expensive = [each for each in "L’hôpital ê’ à é" if count(each).encoding == "ucs2"]
    assert expensive == ["’", "ô", "ê", "’"]
    assert count("Your session").encoding == "gsm7"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sábado, 7 de março às três", "sabado, 7 de marco às tres"),
        ("Brasília, août, Curaçao", "Brasilia, aout, Curacao"),
        ("L’hôpital – « œuvre »…", 'L\'hopital - " oeuvre "...'),
        ("é è ù ì ò à ñ ü ö ä ß ø å", "é è ù ì ò à ñ ü ö ä ß ø å"),
        ("14:30\u202f(UTC)", "14:30 (UTC)"),
        ("ŁódŹ ıI", "LodZ iI"),
        ("понеділок, 7 й ї", "понеділок, 7 й ї"),
        ("أُلغيت الجلسة", "أُلغيت الجلسة"),
        ("ΑΊ 🙂", "ΑΊ 🙂"),
    ],
)
def test_accents_outside_gsm_are_dropped(text: str, plain: str) -> None:
    assert without_accents(text) == plain


@given(
    st.one_of(
        st.text(st.sampled_from(BASIC + EXTENSION), max_size=500),
        st.text(st.sampled_from("яа🙂🏥 é€’"), max_size=300),
        st.text(st.characters(), max_size=300),
    )
)
def test_parts_join_to_the_text_and_none_is_too_long(text: str) -> None:
    counted = count(text)
    assert "".join(counted.parts) == text
    assert (counted.encoding == "gsm7") == all(c in BASIC + EXTENSION for c in text)
    room = (SINGLE if counted.count <= 1 else JOINED)[counted.encoding]
    sizes = [units(part.replace("\ud800", "?"), counted.encoding) for part in counted.parts]
    assert all(size <= room for size in sizes)
    if sizes:
        assert counted.left == room - sizes[-1]
    # A part is one unit shorter only if a pair did not fit.
    assert all(size >= room - 1 for size in sizes[:-1])
