"""Processes over one database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine.database import Database
from storage.opening import open_database
from tests.engines.databases import database_url


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[list[Database]]:
    """The database as three processes open it, with a table `tally` of their own."""
    url = await database_url(tmp_path)
    opened = [await open_database(tmp_path, url) for _ in range(3)]
    await opened[0].write(
        lambda executor: executor.rows("CREATE TABLE tally (name TEXT PRIMARY KEY, count BIGINT)")
    )
    await opened[0].write(
        lambda executor: executor.many("INSERT INTO tally VALUES (?, 0)", [("one",), ("two",)])
    )
    yield opened
    for each in opened:
        await each.close()
