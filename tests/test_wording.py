"""Translations address everybody in the same way and stay readable once their places are filled."""

import re

import pytest

from tests.test_texts import PLACE, RIGHT_TO_LEFT, translations
from web.texts.catalogs import Catalogs


@pytest.mark.parametrize("language", RIGHT_TO_LEFT)
def test_latin_words_stand_by_themselves_in_right_to_left_text(language: str) -> None:
    for _message, _source, translation, _form in translations(language):
        outside = PLACE.sub("", re.sub("\u2066[^\u2069]*\u2069", "", translation))
        assert translation.isascii() or not re.search("[A-Za-z]", outside), translation


@pytest.mark.parametrize(
    ("language", "small"),
    [("uk", r"\b(ви|вас|вами?|ваш\w*)\b"), ("ru", r"\b(вы|вас|вами?|ваш\w*)\b")],
)
def test_formal_address_has_its_capital(language: str, small: str) -> None:
    for _message, _source, translation, _form in translations(language):
        assert not re.search(small, translation), translation


@pytest.mark.parametrize("language", ["ar", "uk", "ru"])
def test_an_amount_of_time_follows_a_colon_where_words_have_cases(language: str) -> None:
    """Only so does "1 minute" stand as the catalogs of the browser have it."""
    translate = Catalogs.load().get(language).translate
    for sentence in (
        "Opens in %(time)s",
        "waiting for %(time)s",
        "The clock of this device is wrong by %(time)s. It is now %(now)s.",
    ):
        assert ": %(time)s" in translate(sentence)
