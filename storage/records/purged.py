"""How many sessions were purged, and how much with them, by month; administrators see the totals.

Which ones they were is only recorded as digests, in `storage/folder/purged_list.py`.
"""

from datetime import datetime

from storage.engine.executor import Executor

_COUNTS = """
    INSERT INTO purged (month, what, count)
    SELECT :month, 'sessions', 1
    UNION ALL SELECT :month, 'people', COUNT(*) FROM invite WHERE consultation_id = :id
    UNION ALL SELECT :month, 'messages', COUNT(*) FROM chat_message
        WHERE consultation_id = :id AND kind = 'text'
    UNION ALL SELECT :month, 'calls', COUNT(*) FROM call WHERE consultation_id = :id
    UNION ALL SELECT :month, 'notices', COUNT(*) FROM notice WHERE consultation_id = :id
    ON CONFLICT (month, what) DO UPDATE SET count = purged.count + excluded.count
"""


class Purged:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def count(self, consultation_id: str, now: datetime) -> None:
        """Count a session that is about to be purged, within the same transaction."""
        await self._executor.lock_ledgers()
        await self._executor.rows(_COUNTS, {"month": f"{now:%Y-%m}", "id": consultation_id})

    async def totals(self) -> dict[str, int]:
        """Totals of everything purged so far, by kind."""
        rows = await self._executor.rows(
            "SELECT what, SUM(count) AS count FROM purged GROUP BY what"
        )
        return {row["what"]: row["count"] for row in rows}
