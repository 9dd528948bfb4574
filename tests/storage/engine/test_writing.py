"""Writers share a commit, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine.database import Database
from storage.engine.executor import Executor, IntegrityError
from storage.opening import open_database
from tests.engines.databases import database_url


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(tmp_path, await database_url(tmp_path))
    await opened.write(lambda executor: executor.rows("CREATE TABLE word (text TEXT PRIMARY KEY)"))
    yield opened
    await opened.close()


async def words(database: Database) -> list[str]:
    return [row["text"] for row in await database.read.rows("SELECT text FROM word ORDER BY text")]


async def add(executor: Executor, *texts: str) -> None:
    for text in texts:
        await executor.rows("INSERT INTO word (text) VALUES (?)", (text,))


async def test_a_failing_writer_undoes_its_own_statements_only(database: Database) -> None:
    async def changes_its_mind(executor: Executor) -> None:
        await add(executor, "gone")
        raise ValueError

    async def breaks_a_rule(executor: Executor) -> None:
        await add(executor, "lost", "a")

    async def does_nothing(executor: Executor) -> None:
        raise KeyError

    answers = await asyncio.gather(
        database.write(lambda executor: add(executor, "a")),
        database.write(changes_its_mind),
        database.write(lambda executor: add(executor, "b")),
        database.write(breaks_a_rule),
        database.write(does_nothing),
        database.write(lambda executor: add(executor, "c")),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [
        type(None), ValueError, type(None),
        IntegrityError, KeyError, type(None),
    ]  # fmt: skip
    assert await words(database) == ["a", "b", "c"]


async def test_a_lone_failing_writer_leaves_nothing_open(database: Database) -> None:
    async def fails(executor: Executor) -> None:
        await add(executor, "gone")
        raise ValueError

    async def fails_at_once(executor: Executor) -> None:
        raise KeyError

    with pytest.raises(ValueError):
        await database.write(fails)
    with pytest.raises(KeyError):
        await database.write(fails_at_once)
    await database.write(lambda executor: add(executor, "a"))
    assert await words(database) == ["a"]


async def post(executor: Executor, *texts: str) -> None:
    for text in texts:
        await executor.post("INSERT INTO word (text) VALUES (?)", (text,))


async def test_what_is_posted_fails_with_its_own_writer_only(database: Database) -> None:
    async def changes_its_mind(executor: Executor) -> None:
        await post(executor, "gone")
        raise ValueError

    async def reads_then_changes_its_mind(executor: Executor) -> None:
        await post(executor, "gone")
        assert len(await executor.rows("SELECT text FROM word WHERE text = 'gone'")) == 1
        await post(executor, "gone")
        raise KeyError

    answers = await asyncio.gather(
        database.write(lambda executor: post(executor, "a")),
        database.write(changes_its_mind),
        database.write(lambda executor: post(executor, "b")),
        database.write(lambda executor: post(executor, "lost", "a")),
        database.write(reads_then_changes_its_mind),
        database.write(lambda executor: post(executor, "c")),
        return_exceptions=True,
    )
    kinds = [type(answer) for answer in answers]
    assert kinds[:4] == [type(None), ValueError, type(None), IntegrityError]
    assert kinds[4] in (KeyError, IntegrityError), (
        "the second one never ran, or ran at once and failed"
    )
    assert kinds[5] is type(None)
    assert await words(database) == ["a", "b", "c"]


async def test_a_lone_writer_is_told_that_what_it_posted_failed(database: Database) -> None:
    await database.write(lambda executor: post(executor, "a"))
    with pytest.raises(IntegrityError):
        await database.write(lambda executor: post(executor, "lost", "a"))
    await database.write(lambda executor: post(executor, "b"))
    assert await words(database) == ["a", "b"]


async def test_what_is_acknowledged_is_committed(database: Database, tmp_path: Path) -> None:
    await asyncio.gather(
        *(database.write(lambda e, number=number: add(e, f"{number:03}")) for number in range(200))
    )

    other = await open_database(tmp_path, await database_url(tmp_path))
    assert len(await words(other)) == 200
    await other.close()
