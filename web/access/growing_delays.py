"""Growing delays after wrong passwords, in memory: each failure within the last hour lengthens the next.

They are measured by a steady clock, so that a step of the wall clock neither ends one nor keeps anybody
out. A restart forgets them. What an hour may hold is bounded by the hash that each failure costs
(`web/access/passwords.py`). How long they are, and which of them one attempt has to pass, is decided in
`web/sign_in/throttling.py`.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

MEMORY = timedelta(hours=1)
"After that a failure is forgotten."


class Steady(Protocol):
    def now(self) -> datetime:
        """The time, comparable with earlier readings of the same clock."""
        ...


@dataclass(frozen=True)
class Growth:
    """How the delay after a failure grows with the number of failures within MEMORY."""

    free: int
    "So many failures are followed by no delay."
    first: timedelta
    "The delay after the next one; it doubles with each further failure."
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """How long to wait after the latest of so many failures."""
        if failures < self.free:
            return timedelta()
        doubled: timedelta = self.first * 2 ** min(failures - self.free, 20)
        return min(self.longest, doubled)


class Delays:
    """When the next attempt is admitted, by the name of a growth and whom it is about."""

    def __init__(self, clock: Steady, growths: Mapping[str, Growth]) -> None:
        self._clock = clock
        self._growths = growths
        self._failures: OrderedDict[tuple[str, bytes], list[datetime]] = OrderedDict()
        "Times, oldest first. Keys in the order of their latest failure."

    def wait(self, name: str, who: str) -> timedelta:
        """How long until an attempt is admitted; zero: now."""
        times, now = self._recent(name, who), self._clock.now()
        if not times:
            return timedelta()
        # as failures are forgotten the delay becomes shorter
        moments = [
            max(times[-1] + self._growths[name].after(left), forgotten)
            for left, forgotten in _countdown(times, now)
        ]
        return max(timedelta(), min(moments) - now)

    def failures(self, name: str, who: str) -> int:
        """How many there were within MEMORY."""
        return len(self._recent(name, who))

    def count(self, name: str, who: str) -> None:
        """Count a failure."""
        self._forget_old()
        times, key = self._recent(name, who), (name, _digest(who))
        times.append(self._clock.now())
        self._failures[key] = times
        self._failures.move_to_end(key)

    def give_back(self, name: str, who: str) -> None:
        """Uncount the latest failure, which was none."""
        if times := self._failures.get((name, _digest(who))):
            times.pop()

    def forget(self, name: str, who: str) -> None:
        """Forget all failures, after a success."""
        self._failures.pop((name, _digest(who)), None)

    def rename(self, name: str, before: str, after: str) -> None:
        """Count what was counted for `before` for `after` from now on."""
        if (times := self._failures.pop((name, _digest(before)), None)) is not None:
            self._failures[name, _digest(after)] = times

    def _recent(self, name: str, who: str) -> list[datetime]:
        times = self._failures.get((name, _digest(who)), [])
        del times[: bisect_right(times, self._clock.now() - MEMORY)]
        return times

    def _forget_old(self) -> None:
        """Drop keys without a failure within MEMORY."""
        start = self._clock.now() - MEMORY
        while self._failures:
            key, times = next(iter(self._failures.items()))
            if times and times[-1] > start:
                return
            del self._failures[key]


def _countdown(times: list[datetime], now: datetime) -> list[tuple[int, datetime]]:
    """(failures that are still remembered, since when), from now until all are forgotten."""
    count = len(times)
    gone = [(count - 1 - n, at + MEMORY) for n, at in enumerate(times)]
    return [(count, now), *gone]


def _digest(who: str) -> bytes:
    """Typed names may be long, and must not be kept in memory."""
    return sha256(who.encode("utf-8", "surrogatepass")).digest()
