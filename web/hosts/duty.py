"""What runs once in all: timers that follow the wall clock are those of one host at a time.

Every host sets them, since any of them may be the next; when one is due, the host that has the duty acts
and the others do nothing. What became due elsewhere is looked at when the duty is taken, and every
LOOK_EVERY. The duty is a row that goes with that of its host (`signaling/hosts/lease.py`), and what a
host writes is refused once another has ended it: so nothing is done twice.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aiohttp import web

from signaling.errors import Unavailable
from signaling.ports.clock import Timers
from storage.store import Store

TIMERS = "timers"
"The duty's name, and what its transactions are about."
ASK_EVERY = 0.5
"Seconds between two questions whose duty it is."
LOOK_EVERY = timedelta(minutes=1)
"How often the host with the duty looks at everything that may have become due elsewhere."

Action = Callable[[], Awaitable[None]]
_log = logging.getLogger(__name__)


class Duty:
    """Whether this host runs what runs once in all. Without `start` there is no other host: it does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holder: str | None = None
        "The id under which this host has the duty."
        self._task: asyncio.Task[None] | None = None
        self.host_id: Callable[[], str | None] | None = None
        "Of this host; None: it may not act now. Not set where there is one host."
        self.taken: Callable[[], None] = lambda: None
        "Called when this host has the duty from now on, after its start."

    @property
    def is_alone(self) -> bool:
        """Whether there is one host."""
        return self.host_id is None

    @property
    def held(self) -> bool:
        if self.host_id is None:
            return True
        return self._holder is not None and self.host_id() == self._holder

    def start(self) -> None:
        """Ask for it from now on."""
        self._task = asyncio.create_task(self._keep(), name="duty")

    async def stop(self) -> None:
        """Leave it to another host."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.leave()

    async def leave(self) -> None:
        holder, self._holder = self._holder, None
        if holder is not None:
            with contextlib.suppress(Unavailable):
                await self._store.write(
                    lambda records: records.duties.leave(TIMERS, holder), TIMERS
                )

    async def _keep(self) -> None:
        while True:
            try:
                if await self.ask():
                    self.taken()
            except Unavailable:
                pass  # nobody can take it now
            except Exception:
                _log.exception("the duty could not be asked for")
            await asyncio.sleep(ASK_EVERY)

    async def ask(self) -> bool:
        """Take it if nobody has it. Whether this host has it from now on. Raises Unavailable."""
        host_id = None if self.host_id is None else self.host_id()
        if self.held:
            return False
        if host_id is None:  # it drains, or cannot reach the database
            await self.leave()
            return False
        if await self._store.read.duties.holder(TIMERS) not in (None, host_id):
            return False
        if await self._store.write(lambda records: records.duties.take(TIMERS, host_id), TIMERS):
            self._holder = host_id
            _log.info("this host runs the timers of all", extra={"host": host_id})
        return self.held


class DutyTimers:
    """`signaling.ports.clock.Timers` whose actions run only where the duty is."""

    def __init__(self, timers: Timers, duty: Duty) -> None:
        self._timers = timers
        self._duty = duty

    def now(self) -> datetime:
        return self._timers.now()

    def set(self, name: str, at: datetime, action: Action) -> None:
        async def act() -> None:
            if self._duty.held:
                await action()

        self._timers.set(name, at, act)

    def cancel(self, name: str) -> None:
        self._timers.cancel(name)


DUTY: web.AppKey[Duty] = web.AppKey("duty", Duty)
DUTY_TIMERS: web.AppKey[DutyTimers] = web.AppKey("duty timers", DutyTimers)
"Over the wall clock."
