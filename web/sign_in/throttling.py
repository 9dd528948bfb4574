"""What guessing passwords costs: delays that grow for the guesser, and not for the account's owner.

A browser that has signed in to the account before has attempts of its own, whatever others do. All
others are delayed by their network's failures, and by those of all networks at the account; networks
that have hardly tried are delayed apart from those that go on. `GROWTHS` has the figures.
In sum at most 96 failures an hour at one account are possible, of the hundred that OWASP ASVS 2.2.1
allows. A right password is not counted, and an account that does not exist is treated like one that
does. Nobody waits inside the server: who has to wait is told how long.
"""

from datetime import timedelta

from aiohttp import web

from signaling.account import Account
from signaling.errors import TooManyGuesses, TooManyRequests
from web.access.growing_delays import MEMORY, Delays, Growth
from web.http.client_address import client_network
from web.keys import DELAYS, PASSWORDS
from web.sign_in.known_browsers import Browser

FRESH = 2
"With less failures at the account a network is a fresh one."


GROWTHS = {
    # One network, whichever accounts it tries. A clinic shares one address: its people mistype some
    # dozen passwords in a busy hour, and nobody is to wait long for the others.
    "network": Growth(30, timedelta(seconds=1), timedelta(seconds=30)),
    # One network at one account.
    "network_at_account": Growth(3, timedelta(seconds=5), timedelta(minutes=15)),
    # All networks at one account: at most 24 an hour for those with less than two failures there, and
    # 30 for the others, so that these do not keep the former waiting.
    "fresh_networks": Growth(10, timedelta(seconds=1), timedelta(minutes=10)),
    "repeating_networks": Growth(10, timedelta(seconds=2), timedelta(minutes=4)),
    # A browser that the account knows: two failures an hour of its own, twelve browsers at most ...
    "known_browser": Growth(2, MEMORY, MEMORY),
    # ... and beyond these all of them together at most 18 an hour.
    "known_browsers": Growth(8, timedelta(seconds=5), timedelta(minutes=15)),
}


class Attempt:
    """One attempt at a password: counted as a failure before it is verified."""

    def __init__(self, delays: Delays, *, known: bool) -> None:
        self.known = known
        "Whether the browser has signed in to this account before."
        self._delays = delays
        self._counted: list[tuple[str, str]] = []

    def count(self, *names: tuple[str, str]) -> None:
        for name, who in names:
            self._delays.count(name, who)
            self._counted.append((name, who))

    def give_back(self) -> None:
        """It was no failure."""
        for name, who in self._counted:
            self._delays.give_back(name, who)

    def succeeded(self) -> None:
        """The password was right: what this browser, or its network at the account, got wrong is forgotten."""
        self.give_back()
        for name, who in self._counted:
            if name in ("known_browser", "network_at_account"):
                self._delays.forget(name, who)


async def check_password(
    request: web.Request, browser: Browser, account: Account | None, email: str, password: str
) -> bool:
    """Whether it is the account's password; takes equally long without an account, or without its password.

    Raises TooManyRequests where the attempt has to wait, or too many are being verified.
    """
    attempt = count_attempt(request, browser, account, email)
    place = None if attempt.known else client_network(request)
    hashed = account.password_hash if account is not None else None
    try:
        right = await request.app[PASSWORDS].verify(hashed, password, place)
    except TooManyRequests:
        attempt.give_back()
        raise
    if right:
        attempt.succeeded()
    return right


def check_network(request: web.Request, browser: Browser) -> None:
    """Before a sign-in form is read. Raises TooManyGuesses; never for a browser that is known."""
    if browser.digest is None:
        _admit(request.app[DELAYS].wait("network", client_network(request)))


def count_attempt(
    request: web.Request, browser: Browser, account: Account | None, email: str
) -> Attempt:
    """Count one attempt at an account, or at an email without one. Raises TooManyGuesses."""
    delays = request.app[DELAYS]
    if account is not None and account.id in browser.accounts and browser.digest:
        return _by_known_browser(delays, account.id, browser.digest)
    whom = account.id if account is not None else email.casefold()
    return _by_stranger(delays, whom, client_network(request))


def _by_known_browser(delays: Delays, account_id: str, digest: bytes) -> Attempt:
    own, all_known = own_failures(account_id, digest), ("known_browsers", account_id)
    attempt = Attempt(delays, known=True)
    if not (wait := delays.wait(*own)):
        attempt.count(own)
        return attempt
    _admit(min(wait, delays.wait(*all_known)))
    attempt.count(all_known)
    return attempt


def _by_stranger(delays: Delays, whom: str, place: str) -> Attempt:
    network, here = ("network", place), ("network_at_account", f"{whom} {place}")
    _admit(max(delays.wait(*network), delays.wait(*here)))
    together = [("repeating_networks", whom)]
    if delays.failures(*here) < FRESH:
        together.insert(0, ("fresh_networks", whom))
    waits = {each: delays.wait(*each) for each in together}
    soonest = min(together, key=lambda each: waits[each])
    _admit(waits[soonest])
    attempt = Attempt(delays, known=False)
    attempt.count(network, here, soonest)
    return attempt


def own_failures(account_id: str, digest: bytes) -> tuple[str, str]:
    """Where the failures of a known browser at an account are counted."""
    return ("known_browser", f"{account_id} {digest.hex()}")


def _admit(wait: timedelta) -> None:
    if wait:
        raise TooManyGuesses(wait)
