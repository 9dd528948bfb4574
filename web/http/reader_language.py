"""The language chosen by hand, which a browser remembers in a cookie."""

from aiohttp import web

from web.http.request import LANGUAGE_COOKIE

YEAR = 365 * 24 * 3600


def keep_language(answer: web.StreamResponse, language: str) -> None:
    """Remember a language in this browser, in place of an earlier choice there."""
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, path="/", samesite="Lax")
