"""Emptying the write-ahead log: deleted data is gone only once it is gone from there too.

Whoever reads the database, a backup or a tool, prevents it; so it is retried until it succeeds.
"""

import logging
from datetime import datetime, timedelta

from signaling.errors import Unavailable
from signaling.ports.clock import Timers
from signaling.ports.store import Store

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)
WORTH_A_LINE = timedelta(minutes=1)
"A backup reads for some seconds; only a longer delay is logged."
SAY_AGAIN = timedelta(hours=1)

_log = logging.getLogger(__name__)


class Emptying:
    def __init__(self, store: Store, waits: Timers) -> None:
        self._store = store
        self._waits = waits
        self._since: datetime | None = None
        "When it was first requested; None: the log is empty."
        self._said_at: datetime | None = None

    @property
    def late(self) -> timedelta:
        """How long deleted data has been waiting to be gone."""
        return timedelta() if self._since is None else self._waits.now() - self._since

    async def empty(self) -> None:
        """Empty the log, now or as soon as no reader prevents it."""
        self._since = self._since or self._waits.now()
        # set first: whatever fails below is retried
        self._waits.set("emptying", self._waits.now() + self._pause(), self.empty)
        if await self._emptied():
            self._since = self._said_at = None
            self._waits.cancel("emptying")
        else:
            self._say()

    async def _emptied(self) -> bool:
        try:
            return await self._store.forget()
        except Unavailable:
            return False

    def _pause(self) -> timedelta:
        """As long again as it has waited so far, within bounds."""
        return min(max(self.late, FIRST_PAUSE), LONGEST_PAUSE)

    def _say(self) -> None:
        now = self._waits.now()
        due = self._said_at + SAY_AGAIN if self._said_at else now - self.late + WORTH_A_LINE
        if now >= due:
            self._said_at = now
            _log.warning(
                "deleted data is still in the database's files, most likely since something reads it",
                extra={"late_s": round(self.late.total_seconds())},
            )
