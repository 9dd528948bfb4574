"""Checking a database file that nobody has open. All of it blocks."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageError


@dataclass(frozen=True)
class Facts:
    """Facts about a database."""

    schema: int
    key_id: str | None
    "Of its master key; None: written before databases stored it, or nothing was ever stored."
    sessions: int


def check(file: Path) -> Facts:
    """The facts of a database whose pages and foreign keys are intact. Raises StorageError."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok" or database.execute("PRAGMA foreign_key_check").fetchone():
                raise StorageError(f"The database {file} is damaged.")
            schema = database.execute("PRAGMA user_version").fetchone()[0]
            sessions = database.execute("SELECT COUNT(*) FROM consultation").fetchone()[0]
            return Facts(schema, _key_id(database), sessions)
    except sqlite3.Error as error:
        raise StorageError(f"The database {file} is damaged: {error}.") from error


def _key_id(database: sqlite3.Connection) -> str | None:
    table = database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'master_key'").fetchone()
    row = table and database.execute("SELECT key_id FROM master_key").fetchone()
    return row[0] if row else None
