"""How much happened in each week; see `signaling/numbers.py` for what is counted."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from signaling.numbers import Number, week_of
from storage.engine.executor import Executor


class Numbers:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def count(self, now: datetime, numbers: Iterable[Number]) -> None:
        """Add to the counts of this week, within the transaction of what is counted."""
        week, counted = week_of(now), Counter(numbers)
        if counted:
            await self._executor.lock_ledgers()
            await self._executor.post_many(
                "INSERT INTO number (week, kind, label, count) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (week, kind, label) DO UPDATE SET"
                " count = number.count + excluded.count",
                [(week, each.kind, each.label, count) for each, count in counted.items()],
            )

    async def since(self, week: str) -> list[tuple[str, Number, int]]:
        """(week, what, how often) from a week on, in order."""
        rows = await self._executor.rows(
            "SELECT * FROM number WHERE week >= ? ORDER BY week, kind, label", (week,)
        )
        return [(row["week"], Number(row["kind"], row["label"]), row["count"]) for row in rows]
