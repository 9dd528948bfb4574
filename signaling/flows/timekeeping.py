"""Guarding against a wrong clock: nothing is deleted or ended while the clock is not trusted.

Stored times that lie in the future were written by a wrong clock. They are set back to the present,
so that nothing is kept longer than a retention period from now.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from signaling.moments.clock_watch import ClockWatch
from signaling.ports.clock import Clock, Timers
from signaling.ports.store import Records, Store

LOOK_EVERY = timedelta(seconds=30)
BEAT_EVERY = timedelta(minutes=10)
"How often the present time is stored, for the next start to compare with."

_log = logging.getLogger(__name__)


class Timekeeping:
    def __init__(self, store: Store, clock: Clock, waits: Timers) -> None:
        self._store = store
        self._clock = clock
        self._waits = waits
        self._watch = ClockWatch(None, clock.now(), waits.now())
        self._told = (True, 0)
        "Reported last: whether the clock is trusted, after how many steps."
        self._beat_at = waits.now()
        self._changed: Callable[[], None] | None = None
        self.beats: Callable[[], bool] = lambda: True
        "Whether this host stores the time: of several one does, whose clock the stored times are held to."

    @property
    def sure(self) -> bool:
        """Whether the clock can be trusted; check before anything that cannot be undone."""
        return self._watch.look(self._clock.now(), self._waits.now())

    async def begin(self, changed: Callable[[], None]) -> None:
        """Compare the clock with the last stored time, and watch it from now on.

        `changed` is called whenever the clock was set or is trusted again: other things are due.
        """
        seen_at = await self._store.read.clock.seen_at()
        self._watch = ClockWatch(seen_at, self._clock.now(), self._waits.now())
        self._changed = changed
        await self.look()

    async def look(self) -> None:
        """Compare the clocks now, and store the time if that is this host's to do."""
        now = self._waits.now()
        self._waits.set("clock", now + LOOK_EVERY, self.look)
        current = (self.sure, self._watch.steps)
        before, self._told = self._told, current
        if current != before:
            self._say(current[0])
        if current[0] and (current != before or now >= self._beat_at) and self.beats():
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
            await records.consultations.clamp_future(now)
            await records.notices.clamp_future(now)
            await records.interpreters.clamp_future(now)
            await records.used_tokens.clamp_future(now)
            await records.uploads.clamp_future(now)

        await self._store.write(work)
