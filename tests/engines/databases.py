"""Where tests store: SQLite in the test's folder, or with `--database postgresql` there.

Each data folder has a database of its own, made from one that was migrated once; the same folder
opened again has the same one. It is dropped at the end of the test.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from storage.engine.executor import Executor, Parameters, Row
from storage.engine.master_key import DATABASE_NAME
from storage.engine.postgresql import executor as postgresql_executor
from storage.engine.postgresql.database import PostgresqlDatabase
from storage.engine.sqlite.database import SqliteExecutor
from storage.files.object_address import ObjectAddress
from storage.store import Store
from tests.engines.beginning import begin
from tests.engines.postgresql import Cluster

TEMPLATE = "migrated"
cluster: Cluster | None = None
"Set at the start of a run on PostgreSQL."
_names: dict[Path, str] = {}
_over: list[str] = []
"Databases of tests that are over: dropped when the next one is made."
_made = 0


async def database_url(data_dir: Path) -> str:
    """TELECONNECT_DATABASE_URL for this folder; empty: the run is on SQLite."""
    global _made
    if cluster is None:
        return ""
    if data_dir not in _names:
        while _over:
            await _run(f'DROP DATABASE "{_over.pop()}" WITH (FORCE)')
        if not _made:
            await _make(TEMPLATE, "template0")
            await (await PostgresqlDatabase.open(cluster.url(TEMPLATE))).close()
        _made += 1
        name = f"test_{_made}"
        await _make(name, TEMPLATE)
        _names[data_dir] = name
    return cluster.url(_names[data_dir])


async def open_store(
    data_dir: Path, master_key: str | None = None, files: ObjectAddress | None = None
) -> Store:
    """The store of a folder, on the engine of this run."""
    url = await database_url(data_dir)
    if not url and master_key is None:
        await begin(data_dir)
    return await Store.open(data_dir, master_key, files, database_url=url)


async def run(store: Store, sql: str, *parameters: object) -> list[Row]:
    """Run a statement behind the records' back; its rows."""
    return await store._database.write(lambda executor: executor.rows(sql, parameters))


@contextlib.asynccontextmanager
async def statements_of(executor: Executor) -> AsyncIterator[list[str]]:
    """What is run meanwhile, in the engine's own words where it is SQLite."""
    said: list[str] = []
    if isinstance(executor, SqliteExecutor):
        await executor.visit(lambda connection: connection.set_trace_callback(said.append))
        yield said
        await executor.visit(lambda connection: connection.set_trace_callback(None))
        return
    original = postgresql_executor.fetch

    async def fetch(connection: object, sql: str, parameters: Parameters) -> list[Row]:
        said.append(sql)
        return await original(connection, sql, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgresql_executor, "fetch", fetch)
        yield said


async def everything_stored(data_dir: Path) -> bytes:
    """All bytes of the database's files, as they are on the disk now."""
    if cluster is None:
        return (data_dir / DATABASE_NAME).read_bytes()
    name = _names[data_dir]
    await _run("CHECKPOINT")
    (found,) = await _run(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    folder = cluster.data / "base" / str(found["oid"])
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


@contextlib.contextmanager
def of_a_test() -> Iterator[None]:
    """What is made within is dropped soon after it, with whatever is still connected to it."""
    before = set(_names)
    yield
    for folder in _names.keys() - before:
        _over.append(_names.pop(folder))


async def _make(name: str, template: str) -> None:
    await _run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


async def _run(sql: str) -> list[Row]:
    assert cluster is not None
    connection = await asyncpg.connect(cluster.url("postgres"))
    try:
        found: list[Row] = await connection.fetch(sql)
        return found
    finally:
        await connection.close()
