"""The catalogs keep up with the source, and no translation breaks a page, a notice or a place."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from gettext import c2py
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message

from scripts.texts import (
    COMPLETE,
    LANGUAGES,
    PLURAL_FORMS,
    ROOT,
    check,
    compare,
    extract,
    merged,
    read,
)
from signaling.delivery.sms_segments import count, without_accents
from signaling.notices.texts import NOTICE_TEXTS
from web.texts.catalogs import LATER_SCRIPTS, OWN_NAMES, Catalogs

read_catalog = cache(read)
"Each is read once; no test changes it."
sentences = cache(extract)
"Those of the source, found once; no test changes them."

PLACE = re.compile(r"%\(\w+\)s|%[^(\s\w]|%%|\$\w+")
TAG = re.compile(r"</?[a-zA-Z!][^>]*>")
RIGHT_TO_LEFT = ("ar", "fa", "ps")
IN_GSM = ("fr", "es", "pt", "de", "it", "sw", "so")
"Languages whose SMS fit the GSM alphabet, some without their accents; other scripts cannot."


@pytest.fixture(scope="module")
def texts() -> Catalogs:
    return Catalogs.load()


@pytest.fixture(scope="module")
def template() -> Catalog:
    return sentences()


def translations(language: str) -> Iterator[tuple[Message, str, str, int]]:
    """Message, source sentence, translation, and number of the plural form (0 without forms)."""
    for message in read_catalog(language):
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, str):
            if message.string:
                yield message, message.id, str(message.string), 0
        else:
            for form, string in enumerate(message.string):
                if string:
                    yield message, message.id[1 if form else 0], string, form


def addresses(text: str) -> set[str]:
    return {found.rstrip(".") for found in re.findall(r"\w+://[^\s\u2069]*", text)}


def none(complaints: Iterator[str]) -> None:
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)


def test_the_source_is_found_in_python_and_in_the_browser(template: Catalog) -> None:
    assert template.get("Join the session") is not None
    for sentence in ("Connecting…", "Ready", "Copied."):
        assert template.get(sentence) is not None
    person = template.get("%(count)s person waiting")
    assert person is not None
    assert person.locations[0][0].endswith(".js")
    session = template.get("%(count)s session")
    assert session is not None
    assert session.id == ("%(count)s session", "%(count)s sessions")


@pytest.mark.parametrize("language", COMPLETE)
def test_complete_languages_miss_nothing(language: str, template: Catalog) -> None:
    findings = compare(read_catalog(language), template)
    assert not findings.missing
    assert not findings.stale


@pytest.mark.slow
def test_catalogs_are_as_update_leaves_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(LANGUAGES) == 0, capsys.readouterr().out


def test_there_is_one_catalog_per_language_and_nothing_compiled() -> None:
    folder = ROOT / "signaling/locales"
    assert {file.name for file in folder.iterdir()} == {f"{code}.po" for code in LANGUAGES}
    assert set(PLURAL_FORMS) | {"en"} == set(OWN_NAMES)


def test_a_changed_sentence_is_proposed_and_not_used(template: Catalog) -> None:
    catalog = Catalog(locale="fr")
    catalog.add("Join the sessions", "Rejoindre les sessions", locations=[("web/a.py", 1)])
    findings = compare(catalog, template)
    assert "Join the session" in findings.missing
    assert findings.stale == ["Join the sessions"]
    content = merged("fr", catalog, template).decode()
    assert '#, fuzzy\nmsgid "Join the session"\n' in content
    assert "#~" not in content


def test_a_proposal_is_for_its_own_language_only(template: Catalog) -> None:
    french = Catalog(locale="fr")
    french.add("Join the sessions", "Rejoindre les sessions", locations=[("web/a.py", 1)])
    merged("fr", french, template)
    assert "Rejoindre" not in merged("pt", Catalog(locale="pt"), template).decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_those_of_the_source(language: str) -> None:
    catalog = read_catalog(language)
    rule = Locale.parse(language).plural_form
    assert callable(rule)

    def complaints() -> Iterator[str]:
        for message, source, translation, form in translations(language):
            expected, found = sorted(PLACE.findall(source)), sorted(PLACE.findall(translation))
            if isinstance(message.id, tuple) and set(found) <= set(expected):
                numbers = [n for n in range(300) if form_of(language)(n) == form]
                if len(numbers) == 1 and not isinstance(message.id, str):
                    continue  # a form for one number only may say it in words
            if expected != found:
                yield f"{source!r} -> {translation!r}"

    assert catalog.num_plurals > 0
    none(complaints())


@cache
def form_of(language: str) -> Callable[[int], int]:
    return c2py(PLURAL_FORMS[language].partition("plural=")[2].rstrip(";"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_can_be_filled(language: str) -> None:
    """As the server fills them: a stray percent sign would raise."""

    class Anything(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return "x"

    for message, _source, translation, _form in translations(language):
        if message.python_format:
            assert translation % Anything() is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_complete(language: str) -> None:
    catalog = read_catalog(language)
    count = int(PLURAL_FORMS[language].partition("nplurals=")[2].partition(";")[0])
    assert catalog.num_plurals == count
    assert {form_of(language)(number) for number in range(300)} == set(range(count))
    for message in catalog:
        if isinstance(message.id, tuple):
            assert len(message.string) == count, message.id
            assert all(message.string) or not any(message.string), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_runs_and_no_markup_of_its_own(language: str) -> None:
    def complaints() -> Iterator[str]:
        for _message, source, translation, _form in translations(language):
            if set(TAG.findall(translation)) - set(TAG.findall(source)):
                yield translation
            if re.search(r"javascript:|data:\w+/|&#?\w+;", translation, re.IGNORECASE):
                yield translation
            if addresses(translation) - addresses(source):
                yield translation

    none(complaints())


@pytest.mark.parametrize("language", LANGUAGES)
def test_space_lines_and_marks_are_kept(language: str) -> None:
    def shape(text: str) -> tuple[object, ...]:
        lines = text.split("\n")
        return (
            text[: len(text) - len(text.lstrip())],
            text[len(text.rstrip()) :],
            [bool(line) for line in lines],
            [line.startswith("- ") for line in lines],
            [line.startswith("#") for line in lines],
            text.count("**"),
        )

    none(
        f"{source!r} -> {translation!r}"
        for _message, source, translation, _form in translations(language)
        if shape(source) != shape(translation)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_are_composed_and_none_are_invisible(language: str) -> None:
    allowed = {"ar": "\u2066\u2069", "fa": "\u200c\u2066\u2069", "ps": "\u2066\u2069"}
    for _message, _source, translation, _form in translations(language):
        found = set(
            re.findall("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", translation)
        )
        assert found <= set(allowed.get(language, "")), translation
        assert translation.count("\u2066") == translation.count("\u2069"), translation


@pytest.mark.parametrize("language", RIGHT_TO_LEFT)
def test_signs_stay_on_their_side_in_right_to_left_text(language: str) -> None:
    for _message, _source, translation, _form in translations(language):
        outside = re.sub("\u2066[^\u2069]*\u2069", "", translation)
        assert not re.search(r"\+\d|\w+://|@\w", outside), translation


@pytest.mark.parametrize("language", RIGHT_TO_LEFT)
def test_right_to_left_notices_do_not_begin_with_a_name(language: str) -> None:
    shorts = {text.short for text in NOTICE_TEXTS.values()}
    for _message, source, translation, _form in translations(language):
        if source in shorts:
            assert not translation.startswith("$"), translation


@pytest.mark.parametrize("language", IN_GSM)
def test_short_notices_fit_the_alphabet_of_telephones(language: str) -> None:
    shorts = {text.short for text in NOTICE_TEXTS.values()}
    for _message, source, translation, _form in translations(language):
        if source in shorts:
            words = without_accents(re.sub(r"\$\w+", "x", translation))
            assert count(words).encoding == "gsm7", translation


def test_french_marks_stay_with_their_words() -> None:
    """A line must not begin with a colon or a question mark, nor end with an opening quote."""
    none(
        translation
        for _message, _source, translation, _form in translations("fr")
        if re.search(r" [:;?!»]|« ", translation)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browser_gets_its_sentences_and_its_plurals(
    language: str, texts: Catalogs, template: Catalog
) -> None:
    catalog = json.loads(texts.languages[language].catalog)
    count = read_catalog(language).num_plurals
    assert {int(form) for form in catalog["plural"]} == set(range(count))
    assert catalog["decimal"] in (".", ",")
    for number in range(1500):
        shown = number if number < 200 else 100 + number % 100  # as catalog.js looks it up
        assert int(catalog["plural"][shown]) == form_of(language)(number), number
    later = json.loads(texts.languages[language].file_catalog)["messages"]
    assert not set(later) & set(catalog["messages"])
    way_in = json.loads(texts.languages[language].way_in_catalog)
    assert way_in | {"messages": catalog["messages"]} == catalog
    assert way_in["messages"].items() <= catalog["messages"].items()
    for forms in (*catalog["messages"].values(), *later.values()):
        assert isinstance(forms, str) or (len(forms) == count and all(forms))
    for message in template:
        places = [path for path, _ in message.locations if path.endswith(".js")]
        key = message.id if isinstance(message.id, str) else message.id[0]
        if key in later:
            assert all(path.startswith(LATER_SCRIPTS) for path in places), key
    if language in COMPLETE:
        wanted = [m for m in template if any(path.endswith(".js") for path, _ in m.locations)]
        keys = {m.id if isinstance(m.id, str) else m.id[0] for m in wanted}
        assert set(catalog["messages"]) | set(later) == keys


@pytest.mark.parametrize("language", OWN_NAMES)
def test_direction(language: str, texts: Catalogs) -> None:
    expected = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    assert texts.languages[language].direction == expected
    assert json.loads(texts.languages[language].catalog)["dir"] == expected


def test_what_is_missing_falls_back_to_english(texts: Catalogs) -> None:
    assert texts.get("ti").translate("Nobody translated this.") == "Nobody translated this."
    assert texts.get("xx").code == "en"
    assert texts.get(None).code == "en"
    assert texts.get("fr").translate("") == "", "the header of the file is no sentence"
    assert texts.get("fr").translate("Join the session") == "Rejoindre la session"
    assert (
        texts.get("uk").plural("%(count)s session", "%(count)s sessions", 3) == "%(count)s сеанси"
    )
    assert texts.get("ar").plural("%(count)s session", "%(count)s sessions", 2) == "جلستان"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("*", "en"),
        ("xx, yy;q=0.9", "en"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("de;q=0.7, uk;q=0.9", "uk"),
        ("fr;q=0, ar", "ar"),
        ("fa-AF", "fa"),
        ("prs-AF, en;q=0.5", "fa"),
        ("pbu, en;q=0.5", "ps"),
        ("swh", "sw"),
        ("pt-BR", "pt"),
        ("AR-sy ; q=1", "ar"),
        ("zh-Hant-TW, es-419;q=0.5", "es"),
        ("fr;q=nan", "en"),
        ("fr ; q=0.1, it;q=0.2", "it"),
        ("fr;q=many, it;q=0.2", "it"),
        (";;;q=,,,=" + "a," * 1000, "en"),
    ],
)
def test_the_browsers_languages(header: str, code: str, texts: Catalogs) -> None:
    assert texts.choose(header).code == code


@pytest.mark.parametrize("language", OWN_NAMES)
def test_moments_have_one_calendar_one_clock_and_a_zone(language: str, texts: Catalogs) -> None:
    at = datetime(2026, 12, 7, 13, 5, tzinfo=UTC)
    told = texts.moment(at, "Europe/Zurich", language)
    assert re.findall(r"\d+", told)[-2:] == ["14", "05"]
    assert {"2026", "7"} <= set(re.findall(r"[0-9]+", told)) <= {"2026", "7", "12", "14", "05"}
    assert re.search(r"\(.*\w.*\)$", told)
    assert "GMT" not in texts.moment(at, "Asia/Kabul", language)
    assert texts.moment(at, "UTC", language).endswith("13:05 (UTC)")
    assert "\u2019" not in told


def test_moments_in_words(texts: Catalogs) -> None:
    at = datetime(2026, 8, 3, 13, 5, tzinfo=UTC)
    assert (
        texts.moment(at, "Europe/Zurich", "en")
        == "Monday, 3 August 2026, 15:05 (Central European Time)"
    )
    assert (
        texts.moment(at, "Asia/Kabul", "ru") == "понедельник, 3 августа 2026 г., 17:35 (Афганистан)"
    )
    assert texts.moment(at, "Asia/Kabul", "ar") == "الاثنين، 3 أغسطس 2026، 17:35 (توقيت أفغانستان)"
    assert (
        texts.moment(at, "Africa/Mogadishu", "fr") == "lundi 3 août 2026, 16:05 (heure : Somalie)"
    )
    assert texts.moment(at, "Etc/GMT-3", "xx").endswith("16:05 (UTC+3:00)")


WRAPPERS = {"_", "N_", "ngettext", "plural"}
PROSE = re.compile(r"[A-Z][a-z]+( [a-z]+)*[.!?]?$|\w+ \w+.*[.!?…]$|[A-Z][a-z]+ .*[a-z]")


def bare_sentences(path: str, source: str) -> Iterator[str]:
    """User-facing text that no catalog holds: prose outside `_()`, and text in elements."""
    tree = ast.parse(source)
    known: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRAPPERS:
            known |= {id(each) for each in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            known.add(id(node.value))
        if isinstance(node, ast.AnnAssign):  # types and their words
            known |= {id(each) for each in ast.walk(node.annotation)}
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id="h")) | ast.Call(), slice=children
            ):
                for text in _texts(children):
                    if id(text) not in known and re.search(r"[^\W\d_]{2}", text.value):
                        yield f"{path}:{text.lineno}: {text.value!r}"
            case ast.Constant(value=str(text)) if id(node) not in known and PROSE.match(text):
                yield f"{path}:{node.lineno}: {text!r}"


def _texts(node: ast.expr) -> Iterator[ast.Constant]:
    match node:
        case ast.Constant(value=str()):
            yield node
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _texts(part)
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _texts(part)
        case ast.IfExp(body=first, orelse=second):
            yield from _texts(first)
            yield from _texts(second)
        case ast.GeneratorExp(elt=part) | ast.Starred(value=part):
            yield from _texts(part)
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from _texts(part)


def test_pages_have_no_words_outside_the_catalogs() -> None:
    files = sorted((ROOT / "web/markup").rglob("*.py"))
    assert len(files) > 10
    none(
        complaint
        for file in files
        for complaint in bare_sentences(file.name, file.read_text(encoding="utf-8"))
    )


@pytest.mark.parametrize(
    "source",
    [
        'h.p["hello"]',
        'h.p(".hint")[_("Yes"), "and no"]',
        'h.div[[h.b, found and "one"]]',
        'h.div["a1b" if x else "more"]',
        'h.p[f"{count} people"]',
        'submit("Send")',
        'field(form, "name", "First name")',
        'x = "Nobody is waiting."',
    ],
)
def test_bare_words_are_found(source: str) -> None:
    assert len(list(bare_sentences("page.py", source))) >= 1


@pytest.mark.parametrize(
    "source",
    [
        'h.p[_("Hello")]',
        'h.p(".hint", role="status")[" · ", name, f"({count})"]',
        'x: Literal["Yes"] = y',
        '"""Prose about code."""',
        'ngettext("One day", "Many days", n)',
        'h.meta(content="width=device-width, initial-scale=1")',
    ],
)
def test_other_words_are_left_alone(source: str) -> None:
    none(bare_sentences("page.py", source))


def test_the_browsers_scripts_have_no_words_outside_the_catalogs() -> None:
    bare = re.compile(r"""(?:setText\([^,()]+,|textContent\s*=|ariaLabel\s*=)\s*["'`][A-Za-z]""")
    for file in sorted(Path(ROOT / "web/static/js").rglob("*.js")):
        source = file.read_text(encoding="utf-8")
        assert not (found := bare.search(source)), f"{file.name}: {found}"
