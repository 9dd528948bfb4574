"""The clockwork: named one-shot timers over an injectable clock.

A server has two. Appointments (reminders, notices, expiry, deletion) follow the wall clock: due means
`<= now`, so after a clock jump or a suspend they run late, but they run. Waits (rings, changes of a
call's topology, absences) are durations on a steady clock, so that a step of the wall clock neither
shortens nor prolongs them.
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
"""Seconds after which the wall clock is read again: a suspended laptop, or a clock set by NTP, is
noticed within this time."""

CLOSE_WITHIN = 5.0
"Seconds that running actions have to finish when the server stops."
RETRY_AFTER = timedelta(seconds=10)
"An action that could not store its result (a full disk) runs again after this."

_log = logging.getLogger(__name__)
Action = Callable[[], Awaitable[None]]


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SteadyClock:
    """Starts at another clock's present and advances evenly, however that one is set.

    Only for the time between two of its own readings; not for times that are shown or stored.
    """

    def __init__(self, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._start = clock.now() - timedelta(seconds=seconds())

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds())


class Clockwork:
    """Named one-shot timers; `run` runs their actions when they are due."""

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
        """Run `action` at `at`. Replaces a pending timer of this name."""
        number = next(self._numbers)
        self._timers[name] = (number, action)
        heapq.heappush(self._heap, (at, number, name))
        self._changed.set()

    def cancel(self, name: str) -> None:
        self._timers.pop(name, None)

    async def run_due(self) -> None:
        """Run everything that is due, and what becomes due thereby, to its end."""
        while self._start_due() or self._running:
            if self._running:
                await asyncio.wait(self._running)

    async def run(self) -> None:
        """Run every action when it is due, until canceled."""
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
        """Let running actions finish; start no more."""
        self._timers.clear()
        self._heap.clear()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=CLOSE_WITHIN)
            for task in late:  # a mail server that hangs, while the store is about to close
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
                continue  # canceled or replaced
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
