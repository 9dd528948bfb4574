"""Rate limits per address and per account, in memory: they are about floods, not about years.

The windows are measured by the clock that the caller hands over: a step of the wall clock neither
opens one nor keeps somebody out. `limits` reads the notation; its memory storage follows the wall
clock and walks over everybody's windows at every hit, so the windows are kept here.
"""

from bisect import bisect_right
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from limits import RateLimitItem, parse

from signaling.errors import TooManyRequests

LIMITS: dict[str, RateLimitItem] = {
    # A clinic shares one address; browsers that have signed in before are not counted here.
    "sign_in_address": parse("100/5minutes"),
    # 128-bit tokens cannot be guessed; this keeps guessing from being a load
    "unknown_link": parse("60/minute"),
    # Taking the seat of one link by a browser that has not got it, which leaves two rows: from one
    # network, and from all. People change phones and clear cookies some times a day.
    "join_network": parse("20/hour"),
    "join": parse("60/hour"),
    # one test makes some eight requests of at most 2 MB
    "device_test": parse("120/minute"),
    # one test makes one; of the places for trials nobody may hold all
    "relay_trial": parse("10/minute"),
    # whatever is posted without signing in, before it is read: three hundred people of a clinic join
    # within a minute, each with a device test
    "form": parse("2400/minute"),
    # receipts of thousands of messages come from a few addresses
    "webhook": parse("6000/minute"),
    "invite": parse("120/minute"),
    # Wrong passwords for one account: `web/sign_in/throttling.py` says how these go together.
    "guess_known_browser": parse("10/15minutes"),
    "guess_network": parse("10/15minutes"),
    "guess_fresh_network": parse("2/hour"),
    "guess_repeated": parse("40/hour"),
    "guess_unknown_browsers": parse("60/hour"),
    # Somebody who is let in already; each try costs a core for a quarter of a second.
    "choose_password": parse("10/15minutes"),
}
LONGEST = timedelta(seconds=max(item.get_expiry() for item in LIMITS.values()))


class Steady(Protocol):
    def now(self) -> datetime:
        """The present as it is compared with earlier readings of the same clock."""
        ...


class RateLimits:
    """Moving windows: of the last minutes, no more than so many."""

    def __init__(self, clock: Steady) -> None:
        self._clock = clock
        self._windows: OrderedDict[tuple[str, bytes], list[datetime]] = OrderedDict()
        "Name and digest of who -> when, oldest first; whoever was counted last stands at the end."

    async def hit(self, name: str, who: str) -> None:
        """Count one attempt. Raises TooManyRequests with the time until the next."""
        if wait := self.take(name, who):
            raise TooManyRequests(wait)

    async def check(self, name: str, who: str) -> None:
        """Raises TooManyRequests if the limit is used up; counts nothing."""
        if wait := self._wait(name, self._window(name, who)):
            raise TooManyRequests(wait)

    def take(self, name: str, who: str) -> timedelta:
        """Count one attempt; how long to wait instead, if the limit is used up."""
        self._forget()
        window = self._window(name, who)
        if wait := self._wait(name, window):
            return wait
        window.append(self._clock.now())
        key = (name, _digest(who))
        self._windows[key] = window
        self._windows.move_to_end(key)
        return timedelta()

    def give_back(self, name: str, who: str) -> None:
        """The latest attempt was none: it is not counted."""
        if window := self._windows.get((name, _digest(who))):
            window.pop()

    def _window(self, name: str, who: str) -> list[datetime]:
        """What still counts."""
        window = self._windows.get((name, _digest(who)), [])
        start = self._clock.now() - timedelta(seconds=LIMITS[name].get_expiry())
        del window[: bisect_right(window, start)]
        return window

    def _wait(self, name: str, window: list[datetime]) -> timedelta:
        item = LIMITS[name]
        if len(window) < item.amount:
            return timedelta()
        return window[-item.amount] + timedelta(seconds=item.get_expiry()) - self._clock.now()

    def _forget(self) -> None:
        """Drop whoever was counted so long ago that no window reaches there."""
        start = self._clock.now() - LONGEST
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if window and window[-1] > start:
                return
            del self._windows[key]


def _digest(who: str) -> bytes:
    """What people type as their name may be long, and is nothing to keep."""
    return sha256(who.encode("utf-8", "surrogatepass")).digest()
