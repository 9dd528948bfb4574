"""What became of notices: read for those who planned a session; the outbox writes it."""

from collections.abc import Sequence

from signaling.moments.milliseconds import from_ms
from signaling.notices.delivery_summary import Delivery
from signaling.notices.notice import Attempt
from storage.engine.executor import Executor, marks
from storage.records.notice_queue import attempt_of


class Deliveries:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def latest(self, invite_ids: Sequence[str]) -> dict[str, Attempt]:
        """Invite id -> the latest attempt to deliver anything to that person."""
        rows = await self._executor.rows(
            "SELECT notice.invite_id, delivery_attempt.* FROM delivery_attempt"
            " JOIN notice ON notice.id = delivery_attempt.notice_id"
            f" WHERE notice.invite_id IN ({marks(invite_ids)})"
            " ORDER BY notice.created_at, notice.rowid, delivery_attempt.number",
            tuple(invite_ids),
        )
        return {row["invite_id"]: attempt_of(row) for row in rows}

    async def of_consultation(self, consultation_id: str) -> list[Delivery]:
        """Of all its notices, in the order in which they were queued."""
        attempts: dict[str, list[Attempt]] = {}
        for row in await self._executor.rows(
            "SELECT delivery_attempt.* FROM delivery_attempt"
            " JOIN notice ON notice.id = delivery_attempt.notice_id"
            " WHERE notice.consultation_id = ? ORDER BY delivery_attempt.number",
            (consultation_id,),
        ):
            attempts.setdefault(row["notice_id"], []).append(attempt_of(row))
        return [
            Delivery(
                recipient_id=row["dedupe_key"].partition(":")[0],
                occasion=row["occasion"],
                queued_at=from_ms(row["created_at"]),
                due_at=from_ms(row["due_at"]),
                state=row["state"],
                attempts=tuple(attempts.get(row["id"], ())),
            )
            for row in await self._executor.rows(
                "SELECT * FROM notice WHERE consultation_id = ? ORDER BY created_at, rowid",
                (consultation_id,),
            )
        ]
