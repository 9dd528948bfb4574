"""Sessions that nobody came to: closed some time after their hour, then forgotten like others."""

import logging
from datetime import timedelta

from signaling.errors import TransitionRefused
from signaling.flows.holding import Holding
from signaling.flows.rooms import Rooms
from signaling.ports import Clock, Store, Timers

BATCH = 200
LOOK_EVERY = timedelta(minutes=10)

_log = logging.getLogger(__name__)


class Expiring:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        holding: Holding,
        clock: Clock,
        timers: Timers,
        after: timedelta,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._holding = holding
        self._clock = clock
        self._timers = timers
        self._after = after

    async def expire_due(self) -> None:
        """Expire what is due, and look again later."""
        now = self._clock.now()
        overdue = await self._store.read.consultations.overdue(now - self._after, BATCH)
        expired = 0
        for consultation in overdue:
            try:
                room = await self._rooms.open(consultation.id)
                if room.others_online():
                    continue  # somebody sits there and waits
                await self._holding.expire(room)
                expired += 1
            except TransitionRefused:
                continue  # started or canceled meanwhile
            except Exception:  # the others expire all the same
                _log.exception("not expired", extra={"consultation_id": consultation.id})
        again = now if expired == BATCH else now + LOOK_EVERY
        self._timers.set("expire", again, self.expire_due)
