"""Throttles password guessing so that it delays the guesser, not the account's owner.

A browser that has signed in to the account before is counted by itself: ten attempts in a quarter of
an hour, whatever others do. All other browsers share sixty attempts an hour for each account; with
those of one known browser that makes the hundred that OWASP ASVS 2.2.1 allows. Of the sixty, one
network gets ten in a quarter of an hour, and twenty are reserved for networks with no more than two
attempts within the hour: an owner at a new browser is locked out only by somebody who guesses from
ten networks or more in that hour. A right password is not counted, and an account that does not exist
is treated like one that does.
"""

from aiohttp import web

from signaling.account import Account
from signaling.errors import TooManyRequests
from web.access.rate_limits import RateLimits
from web.http.client_address import client_network
from web.keys import LIMITS
from web.sign_in.known_browsers import Browser


class Attempt:
    """One attempt at a password: counted before it is verified, given back if it was right."""

    def __init__(self, limits: RateLimits, *, known: bool) -> None:
        self.known = known
        "Whether the browser has signed in to this account before."
        self._limits = limits
        self._counted: list[tuple[str, str]] = []

    async def count(self, name: str, who: str) -> None:
        """Count it towards a limit. Raises TooManyRequests; then it counts nowhere."""
        try:
            await self._limits.hit(name, who)
        except TooManyRequests:
            self.give_back()
            raise
        self._counted.append((name, who))

    def counts(self, name: str, who: str) -> bool:
        """Whether it could be counted towards this limit; the attempt is allowed either way."""
        if self._limits.take(name, who):
            return False
        self._counted.append((name, who))
        return True

    def give_back(self) -> None:
        for name, who in self._counted:
            self._limits.give_back(name, who)
        self._counted.clear()


async def count_form(request: web.Request, browser: Browser) -> None:
    """Count a sign-in form before it is read. Raises TooManyRequests."""
    who = browser.digest.hex() if browser.digest else client_network(request)
    await request.app[LIMITS].hit("sign_in_address", who)


async def count_attempt(
    request: web.Request, browser: Browser, account: Account | None, email: str
) -> Attempt:
    """Count one attempt at an account, or at an email without one. Raises TooManyRequests."""
    limits = request.app[LIMITS]
    if account is not None and account.id in browser.accounts and browser.digest:
        known = Attempt(limits, known=True)
        await known.count("guess_known_browser", f"{account.id} {browser.digest.hex()}")
        return known
    whom = account.id if account is not None else email.casefold()
    here = f"{whom} {client_network(request)}"
    unknown = Attempt(limits, known=False)
    if browser.digest:  # known to another account: its network has not been counted yet
        await limits.hit("sign_in_address", client_network(request))
    await unknown.count("guess_network", here)
    if not unknown.counts("guess_fresh_network", here):
        await unknown.count("guess_repeated", whom)
    await unknown.count("guess_unknown_browsers", whom)
    return unknown
