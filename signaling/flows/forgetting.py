"""What must be forgotten, and forgetting it."""

from datetime import timedelta

from signaling.flows.rooms import Rooms
from signaling.ports import Clock, Outbox, Records, Store, Timers

BATCH = 200
"Consultations purged in one go; the rest follows at once."
LONGEST_LOOK = timedelta(minutes=10)
"How often the clock is looked at when nothing is known to be due."


class Forgetting:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        clock: Clock,
        timers: Timers,
        retention: timedelta,
        outbox: Outbox,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._clock = clock
        self._timers = timers
        self._retention = retention
        self._outbox = outbox

    async def purge_due(self) -> int:
        """Purge every consultation that ended a retention period ago; returns how many."""
        now = self._clock.now()
        ended = await self._store.read.consultations.ended_before(now - self._retention, BATCH)
        for consultation in ended:
            await self._purge(consultation.id)
        if ended:
            await self._store.forget()
        again = now if len(ended) == BATCH else now + LONGEST_LOOK
        self._timers.set("purge", again, self._purge_again)
        return len(ended)

    async def _purge_again(self) -> None:
        await self.purge_due()

    async def _purge(self, consultation_id: str) -> None:
        notices = await self._store.read.notices.of_consultation(consultation_id)

        async def work(records: Records) -> None:
            await records.consultations.purge(consultation_id)

        await self._store.write(work)
        await self._outbox.forget([notice.id for notice in notices])
        room = self._rooms.hub.room(consultation_id)
        if room is not None:
            self._rooms.see_off(room)
            self._rooms.hub.remove(consultation_id)
