"""Calls: what remains of them is when, how long and how they ended."""

from signaling.call import Call
from storage.database import Executor
from storage.times import maybe_ms, to_ms


class Calls:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def put(self, consultation_id: str, call: Call) -> None:
        """Write or rewrite the call."""
        await self._executor.rows(
            "INSERT INTO call (id, consultation_id, media, state, started_by, started_at,"
            " answered_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
            " answered_at = excluded.answered_at, ended_at = excluded.ended_at",
            (
                call.id, consultation_id, call.media, call.state, call.started_by,
                to_ms(call.started_at), maybe_ms(call.answered_at), maybe_ms(call.ended_at),
            ),
        )  # fmt: skip
