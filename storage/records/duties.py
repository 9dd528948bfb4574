"""What runs once in all, where several hosts share the database: whose it is."""

from storage.engine.executor import Executor


class Duties:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def holder(self, name: str) -> str | None:
        """The id of the host that has it; None: nobody, also once that host was ended."""
        row = await self._executor.row("SELECT host_id FROM duty WHERE name = ?", (name,))
        return None if row is None else str(row["host_id"])

    async def take(self, name: str, host_id: str) -> bool:
        """Give it to a host, within a transaction; False: another one has it."""
        await self._executor.rows(
            "INSERT INTO duty (name, host_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, host_id)
        )
        return await self.holder(name) == host_id

    async def leave(self, name: str, host_id: str) -> None:
        """The host has it no longer."""
        await self._executor.rows(
            "DELETE FROM duty WHERE name = ? AND host_id = ?", (name, host_id)
        )
