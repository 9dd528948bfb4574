"""Browsers that have signed in before, recognized by a cookie of their own.

These are the device cookies of OWASP's "Slow Down Online Guessing Attacks with Device Cookies". The
cookie grants nothing; a browser that sends it has password attempts of its own, so that nobody else's
guessing locks it out. It is an opaque token whose digest is stored, renewed at each sign-in, so that a
planted one becomes worthless.
"""

from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from signaling.token import new_token, token_digest
from storage.store import Records
from web.keys import CLOCK, CONFIG, DELAYS, LIMITS, STORE

LIFETIME = timedelta(days=180)
"Since the browser last signed in."
MOST_OF_ACCOUNT = 12
"Browsers that an account knows; the newest. Each of them has failures of its own, see `throttling.py`."


CODES = ("code", "recovery")
"What may be typed as a second factor."


@dataclass(frozen=True)
class Browser:
    digest: bytes | None
    "Of its cookie; None without one, or with an unknown one."
    accounts: frozenset[str]
    "Ids of those it has signed in to."


async def browser_of(request: web.Request) -> Browser:
    """The browser of this request."""
    token = request.cookies.get(_cookie(request))
    if token:
        digest, now = token_digest(token), request.app[CLOCK].now()
        accounts = await request.app[STORE].read.known_browsers.accounts_of(digest, now)
        if accounts:
            return Browser(digest, accounts)
    return Browser(None, frozenset())


def keeps_cookies(request: web.Request) -> bool:
    """Whether the browser kept the cookie of a sign-in; without one it may still keep the next."""
    return _cookie(request) in request.cookies


async def remember(
    request: web.Request, records: Records, browser: Browser, account_id: str
) -> str:
    """Store the browser as known to an account, in the caller's transaction. Returns its new cookie."""
    token = new_token()
    expires_at = request.app[CLOCK].now() + LIFETIME
    digest = token_digest(token)
    await records.known_browsers.put(
        digest, account_id, expires_at, before=browser.digest, at_most=MOST_OF_ACCOUNT
    )
    for known, before in ((each, browser.digest) for each in browser.accounts if browser.digest):
        # else whoever has one of its accounts could guess on at another one
        request.app[DELAYS].rename(
            "known_browser", f"{known} {before.hex()}", f"{known} {digest.hex()}"
        )
        for what in CODES:
            request.app[LIMITS].rename(
                "guess_code", code_guesses(known, before, what), code_guesses(known, digest, what)
            )
    return token


def code_guesses(account_id: str, digest: bytes | None, what: str) -> str:
    """Whose wrong codes at an account are counted together: those of a known browser, or all others."""
    return f"{account_id} {digest.hex() if digest else 'others'} {what}"


def hand_over(request: web.Request, answer: web.StreamResponse, token: str) -> None:
    """Set the browser's cookie."""
    answer.set_cookie(
        _cookie(request),
        token,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=request.app[CONFIG].secure,
        httponly=True,
        samesite="Lax",
    )


def _cookie(request: web.Request) -> str:
    # the prefix makes browsers refuse the cookie from any other host or path (RFC 6265bis)
    prefix = "__Host-" if request.app[CONFIG].secure else ""
    return f"{prefix}teleconnect-browser"
