"""Checks the audit log's hash chain, and records its head outside the database.

An attacker with write access and the master key could cut off the newest lines, and the rest would
still verify. So the number and digest of the last line go to the process's log, at every start and
stop and once a day: `python -m scripts.audit verify --head` compares.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from signaling.ports.clock import Clock, Timers
from storage.records.audit import Finding, Head
from storage.store import Store

CHECK_EVERY = timedelta(days=1)
_log = logging.getLogger("audit")


class AuditWatch:
    def __init__(self, store: Store, clock: Clock, timers: Timers) -> None:
        self._store = store
        self._clock = clock
        self._timers = timers
        self._lock = asyncio.Lock()
        self._held: Head | None = None
        "The chain has been verified up to here."
        self.checked_at: datetime | None = None
        "When the whole chain was last checked."

    async def check_all(self) -> Finding:
        """Check the whole chain and log its head; again a day later."""
        self._timers.set("audit", self._timers.now() + CHECK_EVERY, self.check_again)
        self._held = None
        finding = await self.check()
        self.checked_at = self._clock.now()
        note_head(finding)
        return finding

    async def check(self) -> Finding:
        """Whether the chain holds. Reads only the lines added since the last check."""
        async with self._lock:
            audit, held = self._store.read.audit, self._held
            if held is not None and await audit.digest_of(held.number) != held.digest:
                held = None  # gone or changed: checking the whole chain finds where
            finding = await audit.check(held)
            self._held = finding.head if finding.holds and finding.head.number else None
            return finding

    async def close(self) -> None:
        """Log the head, as the server stops."""
        note_head(await self.check())

    async def check_again(self) -> None:
        await self.check_all()


def note_head(finding: Finding) -> None:
    head = finding.head
    if finding.holds:
        _log.info("audit head", extra={"number": head.number, "digest": head.digest.hex()})
    else:
        _log.error("audit log broken", extra={"number": finding.broken})
