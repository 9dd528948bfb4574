"""A connection to the SQLite file, in a thread of its own."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


class Connection(aiosqlite.Connection):
    """Open with `await Connection.open(...)`, close with `close()`."""

    @classmethod
    async def open(cls, database: Path | str, **options: Any) -> "Connection":
        """`options` are those of `sqlite3.connect`. Raises sqlite3.Error."""
        connection = cls(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
        await connection
        return connection

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run several statements, and what belongs between them, in one turn of the thread."""
        execute: Any = self._execute  # protected, and untyped
        result: T = await execute(function, self._conn)
        return result
