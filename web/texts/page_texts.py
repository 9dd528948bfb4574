"""Terms and help: an administrator's own text where there is one, else the catalogs'."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from string import Template
from typing import Literal, get_args

import nh3
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension

from signaling.errors import N_, InvalidInput
from signaling.text import literal, paragraphs
from storage.store import Store
from web.texts import help, terms
from web.texts.catalogs import SOURCE_LANGUAGE, Catalogs
from web.texts.safe_markdown import converted

Page = Literal["terms", "help"]
PAGES: tuple[Page, ...] = get_args(Page)
LONGEST = 20_000
"Characters of one text; its conversion takes a second at worst, in a thread."
SHORT = 1500
"Characters of terms that stand on the page of a link; longer ones have a page of their own."

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "strong", "em", "ul", "ol", "li", "a", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
"No picture, and nothing else that a browser would load."
_SENTENCES: Mapping[Page, tuple[str, ...]] = {"terms": terms.SENTENCES, "help": help.SENTENCES}
_SCHEME = re.compile("(?:https|mailto|tel):", re.IGNORECASE)
_log = logging.getLogger(__name__)
_HEADING = re.compile(r"(</?h)([1-4])>")


@dataclass(frozen=True)
class ShownText:
    """What a page shows."""

    language: str
    "Code of the language that it is in, which may be another than was wanted."
    markdown: str
    html: str
    "Sanitized."


class PageTexts:
    """In memory; `load` again after each change."""

    def __init__(self, catalogs: Catalogs, hours: int) -> None:
        """`hours` is how long a closed session is kept."""
        self._catalogs = catalogs
        self._hours = hours
        self._own: dict[tuple[str, str], str] = {}

    async def load(self, store: Store) -> None:
        self._own = await store.read.page_texts.all()

    def own(self, page: Page, language: str) -> str:
        """The administrator's Markdown; empty without one."""
        return self._own.get((page, language), "")

    def default(self, page: Page, language: str) -> str:
        """The catalogs' Markdown; in English where a sentence has no translation."""
        if not self.is_translated(page, language):
            language = SOURCE_LANGUAGE
        spoken = self._catalogs.get(language)
        if page == "terms":
            return terms.default_terms(spoken, self._hours)
        return help.default_help(spoken)

    def is_translated(self, page: Page, language: str) -> bool:
        """Whether the catalogs have all of the default in this language."""
        translate = self._catalogs.get(language).translate
        return language == SOURCE_LANGUAGE or all(
            translate(sentence) != sentence for sentence in _SENTENCES[page]
        )

    def language_shown(self, page: Page, language: str) -> str:
        """The language in which somebody reads the page who wants it in `language`."""
        known = self.own(page, language) or self.is_translated(page, language)
        return language if known else SOURCE_LANGUAGE

    def shown(self, page: Page, language: str, brand: str) -> ShownText:
        """The text in `language`, or in English if there is none.

        An own text that cannot be converted any more, be it because the name of the service has
        become longer, does not keep people out: the default is shown instead.
        """
        language = self.language_shown(page, language)
        if own := self.own(page, language):
            try:
                return ShownText(language, own, self.html(own, brand))
            except InvalidInput:
                _log.error("text not shown", extra={"page": page, "language": language})
            language = language if self.is_translated(page, language) else SOURCE_LANGUAGE
        text = self.default(page, language)
        return ShownText(language, text, self.html(text, brand))

    def html(self, text: str, brand: str) -> str:
        """Raises InvalidInput for the field `text`."""
        values = {"hours": str(self._hours), "brand": literal(brand)}
        return to_html(Template(text).safe_substitute(values))


def checked_page_text(text: str) -> str:
    """An administrator's Markdown, cleaned; empty: the default is shown.

    Raises InvalidInput for the field `text`.
    """
    cleaned = paragraphs("text", text, limit=len(text))
    if len(cleaned) > LONGEST:
        raise InvalidInput(
            "text",
            N_("This text has %(count)s characters, and at most %(limit)s are possible."),
            count=len(cleaned),
            limit=LONGEST,
        )
    return cleaned


def version_of(text: str) -> str:
    """Tells whether a text has changed since it was shown; empty for none."""
    return sha256(text.encode()).hexdigest()[:16] if text else ""


def _absolute(_tag: str, attribute: str, value: str) -> str | None:
    """No address without a scheme: `//host` would be one of another server."""
    return value if attribute != "href" or _SCHEME.match(value) else None


@lru_cache(maxsize=64)
def to_html(text: str) -> str:
    """Markdown as sanitized HTML whose highest heading comes right below that of the page.

    Links are https, mailto and tel only. Raises InvalidInput for the field `text` if it would take
    too long.
    """
    html = converted(text, (TableExtension(), SaneListExtension()), LONGEST + 200)
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        attribute_filter=_absolute,
        url_schemes={"https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    highest = min((int(found[2]) for found in _HEADING.finditer(clean)), default=2)
    return _HEADING.sub(lambda found: f"{found[1]}{int(found[2]) + 2 - highest}>", clean)
