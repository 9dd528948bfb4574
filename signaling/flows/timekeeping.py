"""Keeping time: nothing is deleted or ended by a clock that cannot be believed.

Times that are stored and lie in the future were written by a clock that was wrong: they are brought
back to the present, so that nothing is kept longer than from now on.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from signaling.moments.clock_watch import ClockWatch
from signaling.ports.clock import Clock, Timers
from signaling.ports.store import Records, Store

LOOK_EVERY = timedelta(seconds=30)
BEAT_EVERY = timedelta(minutes=10)
"How often the time is stored, for the next start."

_log = logging.getLogger(__name__)


class Timekeeping:
    def __init__(self, store: Store, clock: Clock, waits: Timers) -> None:
        self._store = store
        self._clock = clock
        self._waits = waits
        self._watch = ClockWatch(None, clock.now(), waits.now())
        self._told = (True, 0)
        "What was said last: whether the clock is believed, after how many steps."
        self._beat_at = waits.now()
        self._changed: Callable[[], None] | None = None

    @property
    def sure(self) -> bool:
        """Whether the clock can be believed; whatever cannot be undone asks this first."""
        return self._watch.look(self._clock.now(), self._waits.now())

    async def begin(self, changed: Callable[[], None]) -> None:
        """Compare the clock with the time that was stored last, and watch it from now on.

        `changed` is called whenever the clock was set or is trusted again: other things are due.
        """
        seen_at = await self._store.read.clock.seen_at()
        self._watch = ClockWatch(seen_at, self._clock.now(), self._waits.now())
        self._changed = changed
        await self._look()

    async def _look(self) -> None:
        now = self._waits.now()
        self._waits.set("clock", now + LOOK_EVERY, self._look)
        current = (self.sure, self._watch.steps)
        before, self._told = self._told, current
        if current != before:
            self._say(current[0])
        if current[0] and (current != before or now >= self._beat_at):
            await self._beat()
            self._beat_at = now + BEAT_EVERY
        if current != before and self._changed is not None:
            self._changed()

    def _say(self, sure: bool) -> None:
        if sure:
            _log.info("the clock is believed")
        else:
            off = round(self._watch.astray.total_seconds())
            _log.warning(
                "the clock was set, the server was off for days, or an older backup was restored;"
                " until the clock has held for an hour nothing is deleted",
                extra={"off_s": off},
            )

    async def _beat(self) -> None:
        now = self._clock.now()

        async def work(records: Records) -> None:
            await records.clock.see(now)
            await records.consultations.bring_back(now)
            await records.notices.bring_back(now)
            await records.interpreters.bring_back(now)
            await records.used_tokens.bring_back(now)

        await self._store.write(work)
