"""Commands that were done: a command that a browser repeats after a lost answer has no effect."""

from signaling.command import Command
from storage.engine.executor import Executor


def _stored(command: Command) -> str:
    """The primary key; the commands of one participant stand together in its index."""
    return f"{command.participant_id}.{command.id}"  # no id has a dot


class Commands:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def mark_done(self, consultation_id: str, command: Command) -> bool:
        """False if it was done before."""
        rows = await self._executor.rows(
            "INSERT INTO command (consultation_id, id) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING RETURNING id",
            (consultation_id, _stored(command)),
        )
        return bool(rows)

    async def is_done(self, consultation_id: str, command: Command) -> bool:
        return bool(
            await self._executor.rows(
                "SELECT 1 FROM command WHERE consultation_id = ? AND id = ?",
                (consultation_id, _stored(command)),
            )
        )

    async def count_of(self, consultation_id: str, participant_id: str) -> int:
        """How many commands of this participant were done."""
        row = await self._executor.row(
            "SELECT COUNT(*) AS count FROM command WHERE consultation_id = ? AND id > ? AND id < ?",
            (consultation_id, f"{participant_id}.", f"{participant_id}/"),  # "/" follows "."
        )
        return int(row["count"]) if row else 0
