"""The time that was stored last, to compare the clock with."""

from datetime import datetime

from signaling.moments.milliseconds import maybe_from_ms, to_ms
from storage.engine.executor import Executor


class Clock:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def seen_at(self) -> datetime | None:
        """None: nothing was stored yet."""
        row = await self._executor.row("SELECT seen_at FROM clock")
        return maybe_from_ms(row["seen_at"]) if row else None

    async def see(self, now: datetime) -> None:
        await self._executor.post(
            "INSERT INTO clock (one, seen_at) VALUES (1, ?)"
            " ON CONFLICT (one) DO UPDATE SET seen_at = excluded.seen_at",
            (to_ms(now),),
        )
