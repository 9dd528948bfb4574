"""PostgreSQL that goes away: nothing acknowledged is lost, and everything works again by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from storage.engine.database import NOBODY
from storage.engine.executor import Executor
from storage.engine.postgresql import connecting, executor
from storage.engine.postgresql.database import READERS, PostgresqlDatabase
from storage.opening import open_database
from tests.engines.postgresql import Cluster, cluster

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
async def own() -> AsyncIterator[Cluster]:
    """A server that may be stopped: that of the other tests is not."""
    with cluster(fsync="on") as running:
        yield running


@pytest.fixture
async def database(own: Cluster, tmp_path: Path) -> AsyncIterator[PostgresqlDatabase]:
    opened = await open_database(tmp_path, own.url("postgres"))
    assert isinstance(opened, PostgresqlDatabase)
    await opened.write(lambda executor: executor.rows("CREATE TABLE word (text TEXT PRIMARY KEY)"))
    yield opened
    await opened.close()


async def words(database: PostgresqlDatabase) -> set[str]:
    return {row["text"] for row in await database.read.rows("SELECT text FROM word")}


async def add(executor: Executor, text: str) -> str:
    await executor.rows("INSERT INTO word (text) VALUES (?)", (text,))
    return text


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_nothing_acknowledged_is_lost_when_it_restarts(
    own: Cluster, database: PostgresqlDatabase, mode: str
) -> None:
    acknowledged: set[str] = set()
    many, refused, back = asyncio.Event(), asyncio.Event(), asyncio.Event()
    after = 0

    async def writer(number: int) -> None:
        nonlocal after
        for each in range(100_000):
            text = f"{number}-{each}"
            try:
                acknowledged.add(await database.write(lambda e, text=text: add(e, text), text))
                if len(acknowledged) > 100:
                    many.set()
                if back.is_set():
                    after += 1
                    return
            except Unavailable:
                refused.set()
                await back.wait()

    writing = [asyncio.create_task(writer(number)) for number in range(20)]
    await many.wait()
    await asyncio.to_thread(own.stop, mode)
    await refused.wait()
    with pytest.raises(Unavailable):
        await database.read.rows("SELECT 1 AS one")
    await asyncio.to_thread(own.start)
    back.set()
    await asyncio.gather(*writing)
    assert after == 20
    assert acknowledged <= await words(database)


async def test_a_transaction_whose_process_says_nothing_is_ended_and_undone(
    database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.write(
        lambda executor: executor.rows("SET idle_in_transaction_session_timeout = '50ms'")
    )
    ended = asyncio.Event()
    assert database.write_executor.connection is not None
    database.write_executor.connection.add_termination_listener(lambda _: ended.set())

    async def falls_silent(executor: Executor) -> None:
        await add(executor, "silent")
        await ended.wait()
        await add(executor, "too late")

    with pytest.raises(Unavailable):
        await database.write(falls_silent)
    assert await database.write(lambda executor: add(executor, "again")) == "again"
    assert await words(database) == {"again"}


async def test_a_commit_whose_answer_is_lost_is_not_acknowledged(
    database: PostgresqlDatabase,
) -> None:
    connection = database.write_executor.connection
    assert connection is not None
    (found,) = await database.write_executor.rows("SELECT pg_backend_pid() AS pid")

    async def loses_the_line(executor: Executor) -> None:
        await add(executor, "in doubt")
        other = await open_database(Path(), database._url)
        await other.write(
            lambda theirs: theirs.rows("SELECT pg_terminate_backend(?)", (found["pid"],)), "other"
        )
        await other.close()

    with pytest.raises(Unavailable):
        await database.write(loses_the_line, "one")
    assert await words(database) == set()


async def test_what_waits_behind_a_lost_connection_is_refused_with_it(
    own: Cluster, database: PostgresqlDatabase
) -> None:
    """A thousand who wait fail at once, and not sixty-four for each attempt to connect."""
    await asyncio.to_thread(own.stop, "immediate")
    attempts = 0
    connect = connecting.writer

    async def counting(url: str) -> object:
        nonlocal attempts
        attempts += 1
        return await connect(url)

    connecting.writer = counting  # type: ignore[assignment]
    try:
        writing = [database.write(lambda e: add(e, "lost"), str(each)) for each in range(1000)]
        results = await asyncio.gather(*writing, return_exceptions=True)
    finally:
        connecting.writer = connect
    assert {type(each) for each in results} == {Unavailable}
    assert attempts <= 2
    await asyncio.to_thread(own.start)
    assert await database.write(lambda e: add(e, "back"), "1") == "back"


async def test_who_waits_for_a_connection_that_reads_waits_so_long_and_no_longer(
    database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # opens all connections
    await asyncio.gather(*(database.read.rows("SELECT pg_sleep(0.2)") for _ in range(READERS)))
    monkeypatch.setattr(executor, "WAIT_S", 1.0)
    slow = [
        asyncio.create_task(database.read.rows("SELECT pg_sleep(3), 1 AS one"))
        for _ in range(READERS)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await database.read.rows("SELECT 1 AS one")
    for each in slow:
        await each
    assert (await database.read.rows("SELECT 1 AS one"))[0]["one"] == 1


async def test_what_a_host_was_about_to_write_is_not_written_by_the_next_one(
    database: PostgresqlDatabase,
) -> None:
    """Its rooms were another's in between."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def first(writing: Executor) -> None:
        begun.set()
        await go.wait()

    one = asyncio.create_task(database.write(first, "one"))
    await begun.wait()
    two = asyncio.create_task(database.write(lambda e: add(e, "two"), "two"))
    await asyncio.sleep(0)
    database.write_as(NOBODY)
    database.write_as("")
    go.set()
    await one
    with pytest.raises(Unavailable):
        await two
    assert await words(database) == set()


async def test_a_table_that_a_newer_version_has_changed_is_unavailable_once(
    database: PostgresqlDatabase,
) -> None:
    async def look(writing: Executor) -> int:
        return len(await writing.rows("SELECT * FROM word"))

    assert await database.write(look, "one") == 0
    newer = await open_database(Path(), database._url)
    await newer.write(lambda e: e.rows("ALTER TABLE word ADD COLUMN more BIGINT"))
    await newer.close()
    with pytest.raises(Unavailable):
        await database.write(look, "one")
    assert await database.write(look, "one") == 0
