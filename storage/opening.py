"""Which engine stores: PostgreSQL where there is a URL, else the SQLite file in the data folder."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from storage.engine.database import Database
from storage.engine.executor import Executor
from storage.engine.master_key import DATABASE_NAME
from storage.engine.sqlite import database as sqlite
from storage.errors import StorageError


async def open_database(data_dir: Path, url: str = "") -> Database:
    """Open, migrate and check that it can be written. Raises StorageError with a sentence."""
    if not url:
        return await sqlite.SqliteDatabase.open(data_dir / DATABASE_NAME)
    _require_driver()
    from storage.engine.postgresql.database import PostgresqlDatabase

    return await PostgresqlDatabase.open(url)


@contextlib.asynccontextmanager
async def reading(data_dir: Path, url: str = "") -> AsyncIterator[Executor]:
    """The database, read only, also while a server writes.

    Raises StorageError, also for one of another version.
    """
    if not url:
        async with sqlite.reading(data_dir / DATABASE_NAME) as executor:
            yield executor
        return
    _require_driver()
    from storage.engine.postgresql import database as postgresql

    async with postgresql.reading(url) as executor:
        yield executor


def _require_driver() -> None:
    """asyncpg is an extra: whoever stores in SQLite needs nothing of it. Raises StorageError."""
    try:
        import asyncpg  # noqa: F401
    except ImportError:
        raise StorageError(
            "TELECONNECT_DATABASE_URL is set, but asyncpg is not installed: run scripts/setup, or"
            " pip install teleconnect[postgresql]."
        ) from None
