"""The clockwork: named one-shot timers over an injectable clock.

A server has two. Appointments (reminding, notifying, expiring, forgetting) follow the wall clock:
what is due is `<= now`, so a clock that jumps or a machine that slept runs it late, never not at
all. Waits (rings, changes of a call's path, absences) are durations and run over a steady clock,
so that a step of the wall clock neither hastens one nor holds it up.
"""

import asyncio
import heapq
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from signaling.errors import Unavailable
from signaling.ports.clock import Clock

LONGEST_SLEEP = 5.0
"""Seconds after which the wall clock is read again: a laptop that was suspended, or a clock set
by NTP, is noticed within this time."""

CLOSE_WITHIN = 5.0
"Seconds that timers under way have to finish when the server stops."
RETRY_AFTER = timedelta(seconds=10)
"A timer that could not store what it did (a full disk) runs again after this."

_log = logging.getLogger(__name__)
Action = Callable[[], Awaitable[None]]


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SteadyClock:
    """Starts at the present of another clock and goes on evenly, whatever becomes of that one.

    Only for the time between two of its own readings: it is nothing to show, store or compare
    with times that were.
    """

    def __init__(self, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._start = clock.now() - timedelta(seconds=seconds())

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds())


class Clockwork:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[tuple[datetime, int, str]] = []
        self._timers: dict[str, tuple[int, Action]] = {}
        self._numbers = count()
        self._changed = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def now(self) -> datetime:
        return self.clock.now()

    def set(self, name: str, at: datetime, action: Action) -> None:
        """Run `action` at `at`; a timer of this name that is set already is replaced."""
        number = next(self._numbers)
        self._timers[name] = (number, action)
        heapq.heappush(self._heap, (at, number, name))
        self._changed.set()

    def cancel(self, name: str) -> None:
        self._timers.pop(name, None)

    async def run_due(self) -> None:
        """Run everything that is due, and what that makes due, to its end."""
        while self._start_due() or self._running:
            if self._running:
                await asyncio.wait(self._running)

    async def run(self) -> None:
        """Run what is due whenever it is due, until canceled."""
        while True:
            self._start_due()
            self._changed.clear()
            pause = LONGEST_SLEEP
            if self._heap:
                pause = min(pause, (self._heap[0][0] - self.clock.now()).total_seconds())
            if pause > 0:
                try:
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
                except TimeoutError:
                    pass

    async def close(self) -> None:
        """Let what is running finish; nothing new starts."""
        self._timers.clear()
        self._heap.clear()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=CLOSE_WITHIN)
            for task in late:  # a mail server that hangs; the store is about to be closed
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _start_due(self) -> int:
        now = self.clock.now()
        started = 0
        while self._heap and self._heap[0][0] <= now:
            _, number, name = heapq.heappop(self._heap)
            current = self._timers.get(name)
            if current is None or current[0] != number:
                continue  # canceled or set anew
            del self._timers[name]
            task = asyncio.create_task(self._guarded(name, current[1]), name=f"timer {name}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            started += 1
        return started

    async def _guarded(self, name: str, action: Action) -> None:
        try:
            await action()
        except Exception as error:
            if isinstance(error, Unavailable) and name not in self._timers:
                self.set(name, self.clock.now() + RETRY_AFTER, action)
            _log.exception("timer failed", extra={"timer": name.partition(":")[0]})
