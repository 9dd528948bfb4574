"""Emptying the write-ahead log: what was deleted is gone only when it is gone from there too.

Whoever reads the database, a backup or a tool, holds it up; so it is tried until it is done.
"""

import logging
from datetime import datetime, timedelta

from signaling.errors import Unavailable
from signaling.ports.clock import Timers
from signaling.ports.store import Store

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)
WORTH_A_LINE = timedelta(minutes=1)
"A backup reads for some seconds; only what holds on longer is told in the log."
SAY_AGAIN = timedelta(hours=1)

_log = logging.getLogger(__name__)


class Emptying:
    def __init__(self, store: Store, waits: Timers) -> None:
        self._store = store
        self._waits = waits
        self._since: datetime | None = None
        "When it was first to be done; None: it is done."
        self._said_at: datetime | None = None

    @property
    def late(self) -> timedelta:
        """How long what was deleted is waiting to be gone."""
        return timedelta() if self._since is None else self._waits.now() - self._since

    async def empty(self) -> None:
        """Empty the log, now or as soon as nobody is in the way."""
        self._since = self._since or self._waits.now()
        # set first: whatever goes wrong below is tried again
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
        """As long again as it has been waiting, within bounds."""
        return min(max(self.late, FIRST_PAUSE), LONGEST_PAUSE)

    def _say(self) -> None:
        now = self._waits.now()
        due = self._said_at + SAY_AGAIN if self._said_at else now - self.late + WORTH_A_LINE
        if now >= due:
            self._said_at = now
            _log.warning(
                "deleted data is still in the write-ahead log, since something reads the database",
                extra={"late_s": round(self.late.total_seconds())},
            )
