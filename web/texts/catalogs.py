"""The catalogs: every sentence in every language, for Python and for the browser.

One gettext `.po` file per language under `signaling/locales/`; English sentences are the ids. A
missing sentence falls back to English.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from gettext import NullTranslations, c2py
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from typing import Any, Literal

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from web.texts.date_words import browser_words
from web.texts.dates import amount, decimal_sign, full_moment
from web.zones.names import clocks_held

Direction = Literal["ltr", "rtl"]
SOURCE_LANGUAGE = "en"
_ALIASES = {
    "prs": "fa",
    "pes": "fa",
    "pbu": "ps",
    "pbt": "ps",
    "pst": "ps",
    "swh": "sw",
    "arb": "ar",
}
"Languages that browsers also name by a narrower code: Dari (prs) reads the Persian catalog."
OWN_NAMES = {
    "en": "English",
    "fr": "Français",
    "es": "Español",
    "ar": "العربية",
    "uk": "Українська",
    "ru": "Русский",
    "fa": "فارسی",
    "ps": "پښتو",
    "so": "Soomaali",
    "ti": "ትግርኛ",
    "am": "አማርኛ",
    "sw": "Kiswahili",
    "pt": "Português",
    "de": "Deutsch",
    "it": "Italiano",
}
"The languages of the service, by their own names."


@dataclass(frozen=True)
class Language:
    code: str
    direction: Direction
    translations: NullTranslations
    catalog: bytes = field(repr=False)
    "JSON for the browser."

    def translate(self, sentence: str) -> str:
        return self.translations.gettext(sentence) if sentence else ""

    def plural(self, one: str, many: str, number: int) -> str:
        return self.translations.ngettext(one, many, number)


class Catalogs:
    """All languages; load once."""

    def __init__(self, languages: dict[str, Language], digest: str) -> None:
        self.languages = languages
        self.digest = digest
        "Changes whenever any sentence does: part of the catalogs' addresses."
        self.offered_zones = tuple(clocks_held())

    @classmethod
    @cache
    def load(cls) -> "Catalogs":
        """All catalogs; read once in the life of the process, as they come with the program."""
        languages = {}
        for code in OWN_NAMES:
            catalog = _catalog_of(code)
            direction: Direction = "rtl" if Locale.parse(code).text_direction == "rtl" else "ltr"
            languages[code] = Language(
                code, direction, _Translations(catalog), _browser_catalog(code, direction, catalog)
            )
        digest = sha256(b"".join(language.catalog for language in languages.values()))
        return cls(languages, digest.hexdigest()[:16])

    def read_again(self) -> None:
        """Take the catalogs as they are now, under a new digest if any has changed."""
        type(self).load.cache_clear()
        fresh = self.load()
        self.languages, self.digest = fresh.languages, fresh.digest

    def get(self, code: str | None) -> Language:
        return self.languages.get(code or "", self.languages[SOURCE_LANGUAGE])

    def choose(self, accept_language: str) -> Language:
        """The first language of an Accept-Language header that is offered (RFC 9110, 12.5.4)."""
        wanted: list[tuple[float, int, str]] = []
        for index, part in enumerate(accept_language[:500].split(",")):
            tag, _, parameter = part.partition(";")
            name, _, quality = parameter.replace(" ", "").partition("=")
            try:
                weight = float(quality) if name.lower() == "q" else 1.0
            except ValueError:
                weight = 0.0
            if not 0 < weight <= 1:  # zero refuses a language; anything else is no weight
                continue
            language = tag.strip().lower().replace("_", "-").partition("-")[0]
            wanted.append((-weight, index, _ALIASES.get(language, language)))
        for _, _, code in sorted(wanted):
            if code in self.languages:
                return self.languages[code]
        return self.languages[SOURCE_LANGUAGE]

    def moment(self, at: datetime, time_zone: str, language: str) -> str:
        """Date, time and zone in words, in a language of the catalogs or else in English."""
        return full_moment(at, time_zone, self.get(language).code)


def translations_of(code: str) -> NullTranslations:
    """One language alone, for a process that needs no other."""
    return _Translations(_catalog_of(code))


def _catalog_of(code: str) -> Catalog:
    file = files("signaling") / "locales" / f"{code}.po"
    if not file.is_file():
        return Catalog(locale=code)
    return read_po(BytesIO(file.read_bytes()), locale=code)


class _Translations(NullTranslations):
    """A catalog as gettext looks sentences up; fuzzy and missing ones stay English."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__()
        self._index_of: Callable[[int], int] = c2py(catalog.plural_expr)
        self._sentences: dict[str, str] = {}
        self._plurals: dict[str, tuple[str, ...]] = {}
        for message in catalog:
            if message.fuzzy or not message.id or not message.string:
                continue
            if isinstance(message.id, str):
                self._sentences[message.id] = str(message.string)
                continue
            one, many = message.id
            forms = tuple(
                form or (many if place else one) for place, form in enumerate(message.string)
            )
            self._sentences[one], self._plurals[one] = forms[self._index_of(1)], forms

    def gettext(self, message: str) -> str:
        return self._sentences.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        forms = self._plurals.get(msgid1)
        return super().ngettext(msgid1, msgid2, n) if forms is None else forms[self._index_of(n)]


def _browser_catalog(code: str, direction: str, catalog: Catalog) -> bytes:
    """What the browser's scripts need: the sentences found in them, and the plural table."""
    messages: dict[str, Any] = {}
    for message in catalog:
        if not message.id or not any(name.endswith(".js") for name, _ in message.locations):
            continue
        source, translated = message.id, message.string
        if message.fuzzy or not translated:
            continue
        if isinstance(source, str):
            messages[source] = translated
        elif not isinstance(translated, str) and all(translated):
            messages[source[0]] = list(translated)
    forms = _forms_of_numbers(catalog)
    return json.dumps(
        {"lang": code, "dir": direction, "plural": forms, "messages": messages,
         "decimal": decimal_sign(code), "dates": browser_words(code) | _durations(code, forms)},
        ensure_ascii=False, separators=(",", ":"), sort_keys=True,
    ).encode()  # fmt: skip


def _forms_of_numbers(catalog: Catalog) -> str:
    """The index of the gettext form of each number to 199, a digit each.

    Larger numbers have the form of 100 and their last two digits, in all of these languages.
    """
    index_of: Callable[[int], int] = c2py(catalog.plural_expr)
    return "".join(str(index_of(number)) for number in range(200))


def _durations(code: str, forms: str) -> dict[str, dict[str, list[str]]]:
    """Minutes, hours and days, with %n for the number; a form for each of the language's."""
    numbers = [forms.find(form, 1) if form in forms[1:] else 0 for form in sorted(set(forms))]
    return {
        "units": {
            unit: [amount(number, unit, code).replace(str(number), "%n") for number in numbers]
            for unit in ("minute", "hour", "day")
        }
    }
