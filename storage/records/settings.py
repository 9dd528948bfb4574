"""What administrators set on the pages, and what one start stores for the next; values are text."""

from storage.engine.executor import Executor


class Settings:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def get(self, name: str) -> str | None:
        row = await self._executor.row("SELECT value FROM setting WHERE name = ?", (name,))
        return row["value"] if row else None

    async def all(self) -> dict[str, str]:
        """Name -> value."""
        rows = await self._executor.rows("SELECT name, value FROM setting")
        return {row["name"]: row["value"] for row in rows}

    async def put(self, name: str, value: str) -> None:
        await self._executor.post(
            "INSERT INTO setting (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    async def remove(self, name: str) -> None:
        """Go back to the default."""
        await self._executor.post("DELETE FROM setting WHERE name = ?", (name,))
