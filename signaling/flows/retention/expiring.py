"""Sessions that nobody came to: closed some time after their date, then purged like others."""

import logging
from datetime import timedelta
from functools import partial

from signaling.errors import HostAway
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.running import Running
from signaling.flows.timekeeping import Timekeeping
from signaling.notices.outdated import NOT_STARTED
from signaling.ports.clock import Clock, Timers
from signaling.ports.store import Store
from signaling.rooms.room import Room

BATCH = 200
LOOK_EVERY = timedelta(minutes=10)

_log = logging.getLogger(__name__)


class Expiring:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        running: Running,
        clock: Clock,
        timers: Timers,
        timekeeping: Timekeeping,
        after: timedelta,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._running = running
        self._clock = clock
        self._timers = timers
        self._timekeeping = timekeeping
        self._after = after

    async def expire_due(self) -> None:
        """Expire what is due, and look again later."""
        now = self._clock.now()
        self._timers.set("expire", now + LOOK_EVERY, self.expire_due)
        if not self._timekeeping.sure:
            return
        overdue = await self._store.read.consultations.overdue(now - self._after, BATCH)
        expired = 0
        for consultation in overdue:
            try:
                room = await self._rooms.open(consultation.id)
                expired += await self._running.expire(room, partial(_is_unheld, room))
            except HostAway:  # somebody may be there; that host lets go of it once nobody is
                pass
            except Exception:  # the others expire nevertheless
                _log.exception("not expired", extra={"consultation_id": consultation.id})
        if expired == BATCH:
            self._timers.set("expire", now, self.expire_due)


async def _is_unheld(room: Room) -> bool:
    """Whether it was not started or canceled meanwhile, and nobody waits there."""
    return room.consultation.state in NOT_STARTED and not room.others_online()
