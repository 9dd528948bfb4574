"""Sessions that were started and left open: their scheduler is warned, then they are closed."""

import logging
from datetime import datetime, timedelta

from signaling import abandonment
from signaling.consultation import Consultation
from signaling.errors import HostAway
from signaling.flows.notices.abandonment_mail import AbandonmentMail
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.running import Running
from signaling.flows.timekeeping import Timekeeping
from signaling.ports.clock import Clock, Timers
from signaling.ports.store import Damaged, Store
from signaling.rooms.room import Room

BATCH = 200
LOOK_EVERY = timedelta(minutes=10)

_log = logging.getLogger(__name__)


class Abandoning:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        running: Running,
        mail: AbandonmentMail,
        clock: Clock,
        timers: Timers,
        timekeeping: Timekeeping,
        after: timedelta,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._running = running
        self._mail = mail
        self._clock = clock
        self._timers = timers
        self._timekeeping = timekeeping
        self._after = after

    async def look(self) -> None:
        """Warn of abandoned sessions, close those warned of long ago, and look again later."""
        now = self._clock.now()
        self._timers.set("abandoned", now + LOOK_EVERY, self.look)
        if not self._timekeeping.sure:
            return
        latest = abandonment.warn_before(now, self._after)
        position = ""
        while True:
            left = await self._store.read.consultations.left_alone(latest, position, BATCH)
            for consultation in left:
                try:
                    await self._look_at(consultation, now)
                except HostAway:  # somebody may be there, on the host that answers for it
                    pass
                except Exception:  # the others are closed nevertheless
                    _log.exception("not closed", extra={"consultation_id": consultation.id})
            if len(left) < BATCH:
                return
            position = left[-1].id

    async def closes_at(self, consultation: Consultation) -> datetime | None:
        """When it is closed unless something happens; None: nobody was warned yet."""
        if consultation.state not in abandonment.STATES:
            return None
        key = abandonment.warning_key(consultation)
        told_at = await self._store.read.notices.queued_at(key)
        if told_at is None:
            return None
        return abandonment.closes_at(consultation, told_at, self._after)

    async def _look_at(self, consultation: Consultation, now: datetime) -> None:
        room = self._rooms.hub.room(consultation.id)
        if room is not None and not room.empty:
            return
        await self._rooms.answer_for(consultation.id)
        due = await self.closes_at(consultation)
        if due is None:
            try:
                await self._warn(consultation, now)
            except Damaged:
                due = abandonment.closes_unwarned_at(consultation, self._after)
        if due is not None and due <= now:
            room = await self._rooms.open(consultation.id)
            if await self._running.expire(room, lambda: self._is_left(room, consultation)):
                await self._rooms.changed([consultation.id])

    async def _is_left(self, room: Room, seen: Consultation) -> bool:
        """Whether nothing has happened meanwhile."""
        current = await self._store.read.consultations.get(seen.id)
        return room.empty and current is not None and _stands_as(current, seen)

    async def _warn(self, consultation: Consultation, now: datetime) -> None:
        """Raises Damaged."""
        scheduler = await self._store.read.accounts.get(consultation.scheduler_id)
        if scheduler is None:
            return
        closes_at = abandonment.closes_at(consultation, now, self._after)
        await self._store.write(
            lambda records: self._mail.queue(records, consultation, scheduler, closes_at)
        )
        await self._rooms.changed([consultation.id])


def _stands_as(current: Consultation, seen: Consultation) -> bool:
    return (current.state, current.last_event_at) == (seen.state, seen.last_event_at)
