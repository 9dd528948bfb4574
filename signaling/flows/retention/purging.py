"""Purging what retention says must go: rows, sealed files, and files of the outbox."""

import logging
from datetime import datetime, timedelta

from signaling.audit import SERVER
from signaling.flows.retention.leftovers import sweep_files, sweep_folders
from signaling.flows.retention.wal_emptying import Emptying
from signaling.flows.rooms import Rooms
from signaling.flows.timekeeping import Timekeeping
from signaling.ports.clock import Clock, Timers
from signaling.ports.delivery import Outbox
from signaling.ports.store import Records, Store

BATCH = 200
"Consultations purged at a time; the rest follows at once."
RETRY = timedelta(minutes=10)
"When a failed purge is retried."
INSTANT = timedelta(seconds=1)
"Pause between two purges, even with a retention of zero."

_log = logging.getLogger(__name__)


class Purging:
    def __init__(
        self,
        store: Store,
        rooms: Rooms,
        clock: Clock,
        timers: Timers,
        retention: timedelta,
        outbox: Outbox,
        emptying: Emptying,
        timekeeping: Timekeeping,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._clock = clock
        self._timers = timers
        self._retention = retention
        self._outbox = outbox
        self._emptying = emptying
        self._timekeeping = timekeeping

    async def begin(self) -> None:
        """Before anybody is served: complete what a killed server had begun, purge what is due."""
        await self._outbox.discard_halves()
        await sweep_files(self._store)
        await self.purge_due()
        await self._emptying.empty()

    async def sweep(self) -> None:
        """Delete what no row knows, also while others write."""
        await sweep_files(self._store)

    async def purge_due(self) -> int:
        """Purge every consultation that ended a retention period ago; returns how many."""
        now = self._clock.now()
        # set first: whatever fails below is retried
        self._timers.set("purge", now + RETRY, self.purge_again)
        failed = not await self._swept()
        if not self._timekeeping.sure:
            return 0
        ended = await self._store.read.consultations.ended_before(now - self._retention, BATCH)
        for consultation in ended:
            try:
                await self._purge(consultation.id, now - self._retention)
            except Exception:  # the others are purged nevertheless
                _log.exception("not purged", extra={"consultation_id": consultation.id})
                failed = True
        if ended:
            await self._emptying.empty()
        if failed:
            return len(ended)
        if len(ended) == BATCH:
            self._timers.set("purge", now, self.purge_again)
            return len(ended)
        # sessions closed from now on are due later
        next_end = await self._store.read.consultations.next_end()
        due = (next_end or now) + self._retention
        self._timers.set("purge", max(due, now + INSTANT), self.purge_again)
        return len(ended)

    async def purge_again(self) -> None:
        """`purge_due` as a timer's action."""
        await self.purge_due()

    async def _swept(self) -> bool:
        """Whether `_sweep` succeeded. Without the disk or store of files, rows and keys go nevertheless."""
        try:
            await self._sweep()
        except Exception:
            _log.exception("left files are not swept")
            return False
        return True

    async def _sweep(self) -> None:
        """Delete files of the outbox folder whose notice no longer exists, and those of sessions.

        A notice is stored before its file, so one that is missing after the listing was purged;
        mail about accounts likewise.
        """
        written = await self._outbox.written()
        read = self._store.read
        known = await read.notices.existing(written)
        known |= await read.account_mails.existing(written)
        await self._outbox.forget(written - known)
        await sweep_folders(self._store)

    async def _purge(self, consultation_id: str, ended_by: datetime) -> None:
        notices = await self._store.read.notices.of_consultation(consultation_id)

        async def work(records: Records) -> bool:
            current = await records.consultations.get(consultation_id)
            if current is None or current.closed_at is None or current.closed_at > ended_by:
                return False  # reopened meanwhile
            now = self._clock.now()
            await records.audit.append(now, SERVER, "purge", consultation_id)
            await records.purged.count(consultation_id, now)
            await records.consultations.purge(consultation_id)
            return True

        # the files first: after a crash in between, the rows still show what is left to do
        await self._outbox.forget([notice.id for notice in notices])
        async with self._rooms.closed_to_all(consultation_id):
            if await self._store.write(work):
                self._rooms.end(consultation_id)
                # after the commit, for a session that was reopened keeps its files; what cannot be
                # deleted now is swept by the next purge
                await self._store.files.delete_all(consultation_id)
