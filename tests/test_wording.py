"""Translations address everybody in the same way and stay readable once their places are filled."""

import re

import pytest
from babel.messages.catalog import Catalog

from scripts.audiences import GUEST_MODULES, guest_modules, meets
from scripts.texts import LANGUAGES, ROOT, compare
from tests.test_texts import PLACE, RIGHT_TO_LEFT, read_catalog, sentences, translations
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


ANOTHER_WORD = {
    "fr": r"(?<!serveur )(?<!Serveur )\brelais\b|vous a invitée?\b|êtes (plus )?connectée?\b|\bWi-Fi\.",
    "es": r"retransmisor|\bordenador|\bcitas?\b",
    "ar": "مُرحِّل|المرحل|كلمة المرور",
    "uk": r"ретранслятор|\b[Сс]упров[іо]д(?!ж)",
    "de": r"Kollegium|^Sie wurde |näher an das WLAN|kann Anrufe",
}
"language -> words in whose place docs/translating.md has others, or that assume somebody's gender"


@pytest.mark.parametrize("language", sorted(ANOTHER_WORD))
def test_one_thing_has_one_name(language: str) -> None:
    for _message, _source, translation, _form in translations(language):
        assert not re.search(ANOTHER_WORD[language], translation), translation


COUNTED = r"(%\((limit|count|length|number)\)s|\$(duration|count)) (?!من\b)[\u0621-\u064a]"


def test_in_arabic_a_number_counts_only_in_a_plural_form() -> None:
    """The noun's form depends on the number, so elsewhere the noun comes first, with a colon."""
    for message, _source, translation, _form in translations("ar"):
        if isinstance(message.id, str):
            assert not re.search(COUNTED, translation), translation


@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_are_those_of_dates_and_clocks(language: str) -> None:
    for _message, _source, translation, _form in translations(language):
        assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", translation), translation


@pytest.mark.parametrize(
    ("language", "foreign"),
    [
        *((language, "[\u0621-\u06ff][,;?]") for language in RIGHT_TO_LEFT),
        *((language, "[\u1200-\u135a][.,;:]") for language in ("am", "ti")),
        ("en", r"Hello \$\w+,\n\n[a-z]"),
    ],
)
def test_marks_are_those_of_the_script(language: str, foreign: str) -> None:
    """And English goes on with a capital after a salutation."""
    texts = (
        [source for _message, source, _translation, _form in translations("fr")]
        if language == "en"
        else [translation for _message, _source, translation, _form in translations(language)]
    )
    assert texts
    for text in texts:
        assert not re.search(foreign, text), text


BY_EVERYBODY = ("fa", "ps", "so", "ti", "am", "sw")
"Languages that are complete in what people by link meet; the rest may fall back to English."
MACHINE_ROOM = (
    r"\b([Rr]elay|[Rr]outes?|[Oo]utbox|[Ll]ocale|[Pp]arameters|Mbit/s|ms|TCP|UDP|TURN|WebRTC)\b"
)


@pytest.fixture(scope="module")
def by_link() -> Catalog:
    """The sentences that people by link meet."""
    found = Catalog()
    for message in sentences():
        if message.id and "service-user" in meets(message, ROOT):
            found.add(message.id, None, message.locations)
    assert len(found) > 300
    return found


@pytest.mark.parametrize("language", BY_EVERYBODY)
def test_what_people_by_link_meet_is_translated(language: str, by_link: Catalog) -> None:
    assert not compare(read_catalog(language), by_link).missing


def test_people_by_link_read_no_words_of_the_machine_room(by_link: Catalog) -> None:
    for message in by_link:
        for sentence in (message.id,) if isinstance(message.id, str) else message.id:
            assert not re.search(MACHINE_ROOM, sentence), sentence


def test_scripts_for_guests_are_all_that_their_pages_load() -> None:
    """Those that are loaded later, too; not what only schedulers load."""
    modules = guest_modules(ROOT)
    assert {f"web/static/js/{name}" for name in GUEST_MODULES} <= modules
    for later in ("room/call/call-controller.js", "room/files/viewer.js", "shared/time/format.js"):
        assert f"web/static/js/{later}" in modules
    assert "web/static/js/pages/invites.js" not in modules
