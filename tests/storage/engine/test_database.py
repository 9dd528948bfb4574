"""The SQLite file: migrations, and many writers who share one commit."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from signaling.errors import Unavailable
from storage.engine.database import MAX_GROUP
from storage.engine.executor import Executor, IntegrityError
from storage.engine.refusal_log import RefusalLog
from storage.engine.sqlite import database as module
from storage.engine.sqlite.database import SqliteDatabase
from storage.errors import NewerDatabase, StorageError

pytestmark = pytest.mark.sqlite
T = TypeVar("T")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = await SqliteDatabase.open(tmp_path / "test.sqlite3")
    await opened.write(
        lambda executor: executor.rows("CREATE TABLE word (word TEXT PRIMARY KEY) STRICT")
    )
    yield opened
    await opened.close()


async def words(database: SqliteDatabase) -> list[str]:
    return [row["word"] for row in await database.read.rows("SELECT word FROM word ORDER BY word")]


async def add(executor: Executor, word: str) -> str:
    await executor.rows("INSERT INTO word (word) VALUES (?)", (word,))
    return word


async def test_a_newer_database_is_refused_with_a_sentence_and_left_as_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "test.sqlite3"
    await (await SqliteDatabase.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NewerDatabase, match=r"newer version of TeleConnect \(schema 9999"):
        await SqliteDatabase.open(path)
    assert path.read_bytes() == before


async def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "test.sqlite3"
    steps = [
        (1, "CREATE TABLE one (a INTEGER) STRICT;"),
        (2, "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO absent VALUES (1);"),
    ]
    monkeypatch.setattr(module, "migrations", lambda: steps)
    with pytest.raises(StorageError, match=r"Migration 2 of .* failed: no such table: absent"):
        await SqliteDatabase.open(path)
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema")]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    assert (names, version) == (["one"], 1)


async def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    opened = await asyncio.gather(
        *(SqliteDatabase.open(tmp_path / "test.sqlite3") for _ in range(4))
    )
    for each in opened:
        assert await each.read.rows("SELECT * FROM account") == []
        await each.close()


@pytest.mark.parametrize("content", [b"This is no database at all. " * 100, b"SQLite format 3\0"])
async def test_a_file_that_is_no_database_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "test.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"The database .* cannot be opened"):
        await SqliteDatabase.open(path)
    assert path.read_bytes() == content


async def test_acknowledged_means_committed(database: SqliteDatabase, tmp_path: Path) -> None:
    """Another connection sees whatever was acknowledged to a writer."""
    other = sqlite3.connect(tmp_path / "test.sqlite3")

    async def one(number: int) -> None:
        word = await database.write(lambda executor: add(executor, f"word {number:03}"))
        assert other.execute("SELECT 1 FROM word WHERE word = ?", (word,)).fetchone()

    await asyncio.gather(*(one(number) for number in range(3 * MAX_GROUP)))
    other.close()


async def test_a_failing_writer_does_not_affect_the_others_of_its_group(
    database: SqliteDatabase,
) -> None:
    async def fails(executor: Executor) -> None:
        await add(executor, "half done")
        raise LookupError("a bug")

    async def collides(executor: Executor) -> None:
        await add(executor, "half written")
        await add(executor, "first")

    outcomes = await asyncio.gather(
        database.write(lambda executor: add(executor, "first")),
        database.write(fails),
        database.write(lambda executor: add(executor, "second")),
        database.write(collides),
        database.write(lambda executor: add(executor, "third")),
        return_exceptions=True,
    )
    kinds = [each if isinstance(each, str) else type(each) for each in outcomes]
    assert kinds == ["first", LookupError, "second", IntegrityError, "third"]
    assert await words(database) == ["first", "second", "third"]


async def test_what_is_posted_needs_no_visit_of_its_own(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = 0
    visit = database.write_executor.visit

    def counted(function: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        nonlocal visits
        visits += 1
        return visit(function)

    async def work(executor: Executor) -> None:
        for number in range(5):
            await executor.post("INSERT INTO word (word) VALUES (?)", (f"word {number}",))
        await executor.post_many("INSERT INTO word (word) VALUES (?)", [("6",), ("7",)])
        await executor.many("INSERT INTO word (word) VALUES (?)", [])

    monkeypatch.setattr(database.write_executor, "visit", counted)
    await database.write(work)
    assert len(await words(database)) == 7
    assert visits == 1, "that of the commit"


async def test_a_failing_writer_alone_leaves_nothing(database: SqliteDatabase) -> None:
    async def fails(executor: Executor) -> None:
        await add(executor, "half done")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fails)
    assert await words(database) == []


async def test_a_canceled_caller_affects_nobody_else(database: SqliteDatabase) -> None:
    leaving = asyncio.create_task(database.write(lambda executor: add(executor, "leaving")))
    staying = asyncio.create_task(database.write(lambda executor: add(executor, "staying")))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "staying"
    assert await words(database) == ["leaving", "staying"]


async def test_a_full_disk_fails_the_group_and_then_there_is_room_again(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    await database.write(lambda executor: add(executor, "before"))
    pages = (await database.read.rows("PRAGMA page_count"))[0][0]
    await database.write_executor.rows(f"PRAGMA max_page_count={pages}")
    outcomes = await asyncio.gather(
        *(database.write(lambda e, n=n: add(e, f"{n}" * 3000)) for n in range(20)),
        return_exceptions=True,
    )
    told = [each for each in outcomes if isinstance(each, str)]
    assert all(isinstance(each, str | Unavailable) for each in outcomes)
    assert len(told) < len(outcomes)
    assert await words(database) == sorted([*told, "before"])
    await database.write_executor.rows("PRAGMA max_page_count=1000000")
    assert await database.write(lambda executor: add(executor, "after")) == "after"
    said = [each.getMessage() for each in caplog.records]
    assert said == [
        "Nothing can be stored now: database or disk is full", "What is written is stored again.",
    ]  # fmt: skip


def test_writes_that_are_refused_for_long_are_told_of_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seconds = iter(range(120))
    refusals, refused = RefusalLog(lambda: next(seconds)), Unavailable()
    refusals.refused(refused)  # of the server's own accord, as while it stops
    assert caplog.text == ""
    refused.__cause__ = OSError("gone")
    for _ in range(120):
        refusals.refused(refused)
    assert [each.getMessage() for each in caplog.records] == ["Nothing can be stored now: gone"] * 2
    refusals.stored()
    refusals.stored()
    assert len(caplog.records) == 3


async def test_a_locked_database_is_unavailable_and_recovers(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "test.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await database.write_executor.rows("PRAGMA busy_timeout=1")
    with pytest.raises(Unavailable):
        await database.write(lambda executor: add(executor, "locked out"))
    other.execute("ROLLBACK")
    other.close()
    assert await database.write(lambda executor: add(executor, "free")) == "free"


async def test_forgetting_and_writing_at_once_do_not_disturb_each_other(
    database: SqliteDatabase,
) -> None:
    writing = [database.write(lambda e, n=n: add(e, f"{n:03}")) for n in range(200)]
    forgetting = [database.forget() for _ in range(20)]
    mixed = [work for pair in zip(writing, forgetting, strict=False) for work in pair]
    await asyncio.gather(*mixed, *writing[len(forgetting) :])
    assert len(await words(database)) == 200


async def test_the_reader_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read.rows("DELETE FROM word")
