"""Which language a reader gets: the one chosen by hand, the invite's, the account's, the browser's."""

from collections.abc import Collection

from aiohttp import hdrs, web

from web.texts.catalogs import Catalogs, Language

LANGUAGE_COOKIE = "language"
"The one chosen by hand, which a browser remembers."
YEAR = 365 * 24 * 3600


def language_of(
    request: web.Request, texts: Catalogs, otherwise: str | None, off: Collection[str]
) -> Language:
    """The language chosen by hand in this browser, else `otherwise`, else the first of the browser's.

    `otherwise` is that of the invite or the account, None without either. Of the browser's, those in
    `off` are not offered.
    """
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen not in texts.languages:
        chosen = otherwise
    if chosen in texts.languages and chosen is not None:
        return texts.get(chosen)
    return texts.choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""), off)


def keep_language(answer: web.StreamResponse, language: str) -> None:
    """Remember a language in this browser, in place of an earlier choice there."""
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, path="/", samesite="Lax")
