"""What a database in PostgreSQL must be; what it is not is said in one sentence."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from storage.engine.postgresql import connecting
from storage.engine.postgresql.migrating import MIGRATING
from storage.errors import NewerDatabase, StorageError
from storage.opening import open_database
from storage.store import Store
from tests.engines import databases
from tests.engines.databases import database_url, open_store

pytestmark = pytest.mark.postgresql


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for sql in statements:
            await connection.execute(sql)
    finally:
        await connection.close()


def named(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def set_for_all(url: str, name: str, value: str) -> None:
    """As an operator sets it for everybody who connects to this database."""
    await run(url, f"ALTER DATABASE {urlsplit(url).path[1:]} SET {name} = {value}")


async def refused(url: str, folder: Path) -> str:
    with pytest.raises(StorageError) as raised:
        await open_database(folder, url)
    return str(raised.value)


async def test_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    said = await refused(named(url, "absent"), tmp_path)
    assert said.startswith("The database absent at this machine cannot be opened: ")
    assert "does not exist. Make it: createdb --encoding=UTF8" in said


async def test_a_wrong_password_is_refused_and_never_said(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await run(url, "CREATE ROLE guarded LOGIN PASSWORD 'right'")
    try:
        guarded = url.replace("teleconnect@", "guarded:wr0ng@")
        said = await refused(guarded, tmp_path)
        right = await refused(guarded.replace("wr0ng", "right"), tmp_path)
    finally:
        await run(url, "DROP OWNED BY guarded", "DROP ROLE guarded")
    assert "password authentication failed" in said
    assert "Check user and password in TELECONNECT_DATABASE_URL" in said
    assert "wr0ng" not in said
    assert "password" not in right, "it signs in, and has no rights there"


async def test_a_server_that_does_not_listen_is_refused(tmp_path: Path) -> None:
    said = await refused(f"postgresql://teleconnect@/name?host={tmp_path}", tmp_path)
    assert "Is PostgreSQL running there" in said


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await run(url, "UPDATE schema_version SET number = 9999")
    with pytest.raises(NewerDatabase, match=r"newer version of TeleConnect \(schema 9999"):
        await open_database(tmp_path, url)


async def test_another_encoding_is_refused(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await run(url, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        said = await refused(named(url, "latin"), tmp_path)
    finally:
        await run(url, "DROP DATABASE latin WITH (FORCE)")
    assert "has the encoding LATIN1, and TeleConnect needs UTF8" in said


async def test_one_that_can_only_be_read_is_refused(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await set_for_all(url, "default_transaction_read_only", "on")
    assert "can only be read" in await refused(url, tmp_path)


async def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage.engine.postgresql import migrating

    url = await database_url(tmp_path)
    steps = [(9000, "CREATE TABLE one (a BIGINT);"), (9001, "CREATE TABLE two (); SELECT absent;")]
    monkeypatch.setattr(migrating, "migrations", lambda folder: steps)
    assert "Migration 9001 of" in await refused(url, tmp_path)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT number FROM schema_version") == 9000
    assert await connection.fetchval("SELECT to_regclass('one')") == "one"
    assert await connection.fetchval("SELECT to_regclass('two')") is None
    await connection.close()


async def test_several_processes_may_start_at_once(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    opened = await asyncio.gather(*(open_database(tmp_path, url) for _ in range(4)))
    for each in opened:
        assert await each.read.rows("SELECT * FROM account") == []
        await each.close()


async def test_who_starts_while_another_migrates_waits_until_that_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than for any other lock."""
    monkeypatch.setitem(connecting.SETTINGS, "lock_timeout", "10ms")
    url = await database_url(tmp_path)
    await run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    migrates = await asyncpg.connect(url)
    await migrates.execute("SELECT pg_advisory_lock($1::bigint)", MIGRATING)
    opening = asyncio.create_task(open_database(tmp_path, url))
    waits = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event = 'advisory' AND clock_timestamp() - query_start > interval '100 ms'"
    )
    while not await migrates.fetchval(waits):
        assert not opening.done(), opening.result()
    await migrates.close()
    await (await opening).close()


async def test_a_key_that_is_not_there_is_not_made_anew(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await store.close()
    (tmp_path / "master.key").unlink()
    with pytest.raises(StorageError, match=r"its master key .* is missing"):
        await open_store(tmp_path)
    assert not (tmp_path / "master.key").exists()


async def test_commits_are_durable_where_the_operator_has_switched_that_off(
    tmp_path: Path,
) -> None:
    url = await database_url(tmp_path)
    await set_for_all(url, "synchronous_commit", "off")
    store = await Store.open(tmp_path, None, database_url=url)
    (row,) = await databases.run(store, "SHOW synchronous_commit")
    await store.close()
    assert row[0] == "on"
