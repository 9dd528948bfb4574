"""The catalogs: all sentences in all languages, for Python and for the browser.

There is one gettext `.po` file a language in `signaling/locales/`; English sentences are the ids, and
a missing translation falls back to English.
"""

import json
from collections.abc import Callable, Collection
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
from web.zones.cities import hold_places
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
"Narrower codes that browsers send: Dari (prs) gets the Persian catalog."
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


LATER_SCRIPTS = tuple(
    f"web/static/js/room/{name}"
    for name in ("call/", "files/", "greenroom/", "saving/", "changed.js", "chat/refused.js")
)
"""Scripts for photos and PDFs, for calls, and for what is rare. A page loads them, and their sentences,
when the first one is used."""
WAY_IN_SCRIPTS = tuple(
    f"web/static/js/{name}"
    for name in (
        "room/", "shared/", "signaling/", "pages/landing.js", "pages/session.js", "pages/limited.js",
        "pages/copy-link.js", "pages/every-page.js",
    )
)  # fmt: skip
"""Scripts of the landing page and the session page: half of the sentences are for the device test and for
the pages of schedulers."""
DESK_SCRIPTS = tuple(
    f"web/static/js/{name}.js"
    for name in (
        "shared/bell", "shared/notifications", "shared/passkeys", "shared/readiness", "shared/row-actions",
        "signaling/connection-status",
    )
)  # fmt: skip
"Of these folders, for pages of schedulers alone."


@dataclass(frozen=True)
class Language:
    code: str
    direction: Direction
    translations: NullTranslations
    catalog: bytes = field(repr=False)
    "JSON for the browser."
    way_in_catalog: bytes = field(repr=False)
    "The same with the sentences that WAY_IN_SCRIPTS use but for DESK_SCRIPTS."
    file_catalog: bytes = field(repr=False)
    "JSON of the sentences that only LATER_SCRIPTS use."
    share: float = 1.0
    "How much of the sentences is translated, from 0 to 1."

    def translate(self, sentence: str) -> str:
        return self.translations.gettext(sentence) if sentence else ""

    def plural(self, one: str, many: str, number: int) -> str:
        return self.translations.ngettext(one, many, number)


class Catalogs:
    """The catalogs of all languages; load once."""

    def __init__(self, languages: dict[str, Language], digest: str) -> None:
        self.languages = languages
        self.digest = digest
        "Of all sentences; part of the catalogs' addresses."
        self.offered_zones = tuple(clocks_held())
        hold_places(languages)

    @classmethod
    @cache
    def load(cls) -> "Catalogs":
        """All catalogs, read once in the life of the process."""
        languages = {}
        for code in OWN_NAMES:
            catalog = _catalog_of(code)
            direction: Direction = "rtl" if Locale.parse(code).text_direction == "rtl" else "ltr"
            languages[code] = Language(
                code,
                direction,
                _Translations(catalog),
                _browser_catalog(code, direction, catalog),
                _browser_catalog(code, direction, catalog, WAY_IN_SCRIPTS, DESK_SCRIPTS),
                _json({"messages": _messages(catalog, LATER_SCRIPTS)}),
                _share(catalog),
            )
        digest = sha256(
            b"".join(
                each.catalog + each.way_in_catalog + each.file_catalog
                for each in languages.values()
            )
        )
        return cls(languages, digest.hexdigest()[:16])

    def read_again(self) -> None:
        """Take the catalogs as they are now, under a new digest if any has changed."""
        type(self).load.cache_clear()
        fresh = self.load()
        self.languages, self.digest = fresh.languages, fresh.digest

    def get(self, code: str | None) -> Language:
        return self.languages.get(code or "", self.languages[SOURCE_LANGUAGE])

    def choose(self, accept_language: str, but: Collection[str] = ()) -> Language:
        """The first language of an Accept-Language header that is offered (RFC 9110, 12.5.4).

        Those in `but` are not.
        """
        wanted: list[tuple[float, int, str]] = []
        for index, part in enumerate(accept_language[:500].split(",")):
            tag, _, parameter = part.partition(";")
            name, _, quality = parameter.replace(" ", "").partition("=")
            try:
                weight = float(quality) if name.lower() == "q" else 1.0
            except ValueError:
                weight = 0.0
            if not 0 < weight <= 1:  # zero refuses a language; the rest is invalid
                continue
            language = tag.strip().lower().replace("_", "-").partition("-")[0]
            wanted.append((-weight, index, _ALIASES.get(language, language)))
        for _, _, code in sorted(wanted):
            if code in self.languages and code not in but:
                return self.languages[code]
        return self.languages[SOURCE_LANGUAGE]

    def moment(self, at: datetime, time_zone: str, language: str) -> str:
        """Date, time and zone in words; in English for a language without a catalog."""
        return full_moment(at, time_zone, self.get(language).code)


def translations_of(code: str) -> NullTranslations:
    """One language, for a process that needs no other."""
    return _Translations(_catalog_of(code))


def _catalog_of(code: str) -> Catalog:
    file = files("signaling") / "locales" / f"{code}.po"
    if not file.is_file():
        return Catalog(locale=code)
    return read_po(BytesIO(file.read_bytes()), locale=code)


def _share(catalog: Catalog) -> float:
    """How much of a catalog is translated; a plural counts when it has all of its forms."""
    known = [message for message in catalog if message.id]
    done = [
        message
        for message in known
        if not message.fuzzy
        and (message.string if isinstance(message.string, str) else all(message.string or [""]))
    ]
    return len(done) / len(known) if known else 1.0


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


def _browser_catalog(
    code: str,
    direction: str,
    catalog: Catalog,
    scripts: tuple[str, ...] = ("web/static/js/",),
    but: tuple[str, ...] = (),
) -> bytes:
    """JSON for the browser: the sentences that these scripts use but for those that only LATER_SCRIPTS, or
    those in `but`, use, the plural table, words of dates."""
    forms = _forms_of_numbers(catalog)
    return _json(
        {"lang": code, "dir": direction, "plural": forms,
         "messages": _messages(catalog, scripts, LATER_SCRIPTS + but), "decimal": decimal_sign(code),
         "dates": browser_words(code) | _durations(code, forms)}
    )  # fmt: skip


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _messages(
    catalog: Catalog, among: tuple[str, ...], but: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The translations that scripts below `among` use; with `but`, not those that only scripts below it
    use, and without, only those that no others use."""
    messages: dict[str, Any] = {}
    for message in catalog:
        scripts = [name for name, _ in message.locations if name.endswith(".js")]
        if not message.id or not scripts:
            continue
        if but:
            scripts = [name for name in scripts if not name.startswith(but)]
            wanted = any(name.startswith(among) for name in scripts)
        else:
            wanted = all(name.startswith(among) for name in scripts)
        if not wanted:
            continue
        source, translated = message.id, message.string
        if message.fuzzy or not translated:
            continue
        if isinstance(source, str):
            messages[source] = translated
        elif not isinstance(translated, str) and all(translated):
            messages[source[0]] = list(translated)
    return messages


def _forms_of_numbers(catalog: Catalog) -> str:
    """The index of the plural form of each number from 0 to 199, as one digit each.

    In all of these languages a larger number has the form of 100 plus its last two digits.
    """
    index_of: Callable[[int], int] = c2py(catalog.plural_expr)
    return "".join(str(index_of(number)) for number in range(200))


def _durations(code: str, forms: str) -> dict[str, dict[str, list[str]]]:
    """Amounts of minutes, hours and days, with %n for the number, for each plural form."""
    numbers = [forms.find(form, 1) if form in forms[1:] else 0 for form in sorted(set(forms))]
    return {
        "units": {
            unit: [amount(number, unit, code).replace(str(number), "%n") for number in numbers]
            for unit in ("minute", "hour", "day")
        }
    }
