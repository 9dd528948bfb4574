"""Looking after the audit log: its chain is checked, and where it ends is noted outside of it.

Whoever could write to the database and knew the master key could cut the newest lines off, and the
rest would hold. So number and digest of the last line go to the log of the process, at every start
and stop and once a day: `python -m scripts.audit verify --head` compares.
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
        self._turn = asyncio.Lock()
        self._held: Head | None = None
        "Up to here the chain was found to hold."
        self.checked_at: datetime | None = None
        "When all of it was looked through."

    async def check_all(self) -> Finding:
        """Look through the whole chain, note its end, and do so again a day later."""
        self._timers.set("audit", self._timers.now() + CHECK_EVERY, self.check_again)
        self._held = None
        finding = await self.check()
        self.checked_at = self._clock.now()
        note_head(finding)
        return finding

    async def check(self) -> Finding:
        """Whether the chain holds: only lines that were added since the last time are read."""
        async with self._turn:
            audit, held = self._store.read.audit, self._held
            if held is not None and await audit.digest_of(held.number) != held.digest:
                held = None  # gone or changed: the whole chain shows where
            finding = await audit.check(held)
            self._held = finding.head if finding.holds and finding.head.number else None
            return finding

    async def close(self) -> None:
        """The server stops: note where the log ends."""
        note_head(await self.check())

    async def check_again(self) -> None:
        await self.check_all()


def note_head(finding: Finding) -> None:
    head = finding.head
    if finding.holds:
        _log.info("audit head", extra={"number": head.number, "digest": head.digest.hex()})
    else:
        _log.error("audit log broken", extra={"number": finding.broken})
