"""Guessing passwords delays the guesser, not the owner: what a wrong password costs, and whom.

A browser that has signed in to the account before is counted by itself: ten tries in a quarter of
an hour, whatever all others do. All browsers that have not share sixty tries an hour for each
account; with those of one known browser that is what OWASP ASVS 2.2.1 allows, a hundred. Of these
sixty one network gets ten in a quarter of an hour, and twenty are kept for networks that have not
tried more than twice within the hour: an owner at a new browser is shut out only by somebody who
guesses from ten networks or more in that hour. A right password counts nowhere, and an account
that does not exist is treated as one that does.
"""

from aiohttp import web

from signaling.account import Account
from signaling.errors import TooManyRequests
from web.access.rate_limits import RateLimits
from web.http.client_address import network, remote
from web.keys import LIMITS
from web.sign_in.known_browsers import Browser


class Attempt:
    """One try at a password: counted before it is made, given back if it was none."""

    def __init__(self, limits: RateLimits, *, known: bool) -> None:
        self.known = known
        "Whether the browser has signed in to this account before."
        self._limits = limits
        self._counted: list[tuple[str, str]] = []

    async def count(self, name: str, who: str) -> None:
        """Raises TooManyRequests; then this guess is not made, and counts nowhere."""
        try:
            await self._limits.hit(name, who)
        except TooManyRequests:
            self.give_back()
            raise
        self._counted.append((name, who))

    def counts(self, name: str, who: str) -> bool:
        """Whether this limit still had room; the guess may be made either way."""
        if self._limits.take(name, who):
            return False
        self._counted.append((name, who))
        return True

    def give_back(self) -> None:
        for name, who in self._counted:
            self._limits.give_back(name, who)
        self._counted.clear()


async def count_form(request: web.Request, browser: Browser) -> None:
    """Whether this browser may send a form at all. Raises TooManyRequests."""
    who = browser.digest.hex() if browser.digest else network(remote(request))
    await request.app[LIMITS].hit("sign_in_address", who)


async def count_attempt(
    request: web.Request, browser: Browser, account: Account | None, email: str
) -> Attempt:
    """Count one try at an account, or at an email that has none. Raises TooManyRequests."""
    limits = request.app[LIMITS]
    if account is not None and account.id in browser.accounts and browser.digest:
        known = Attempt(limits, known=True)
        await known.count("guess_known_browser", f"{account.id} {browser.digest.hex()}")
        return known
    whom = account.id if account is not None else email.casefold()
    here = f"{whom} {network(remote(request))}"
    unknown = Attempt(limits, known=False)
    if browser.digest:  # known to another account: nothing has counted its network yet
        await limits.hit("sign_in_address", network(remote(request)))
    await unknown.count("guess_network", here)
    if not unknown.counts("guess_fresh_network", here):
        await unknown.count("guess_repeated", whom)
    await unknown.count("guess_unknown_browsers", whom)
    return unknown
