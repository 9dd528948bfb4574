"""The line beside the writer: several ask by it at once, and each is answered."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.identifier import new_id
from storage.engine.postgresql.line import Line
from tests.engines.databases import database_url

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[tuple[Line, list[str]]]:
    """And what is told by it."""
    told: list[str] = []
    opened = Line(await database_url(tmp_path))
    await opened.connect(lambda _, what: told.append(what))
    yield opened, told
    opened.close()


async def test_what_is_told_while_the_lease_is_renewed_waits_for_its_turn(
    line: tuple[Line, list[str]],
) -> None:
    opened, told = line
    words = [f"word {number}" for number in range(20)]
    asked = [opened.rows("SELECT pg_sleep(0.001), 1 AS one") for _ in words]
    await asyncio.gather(*asked, *map(opened.tell, words))
    await opened.rows("SELECT 1 AS one")  # after which everything has been heard
    assert told == words


async def test_nothing_else_comes_into_a_transaction(line: tuple[Line, list[str]]) -> None:
    opened, told = line
    begun, go = asyncio.Event(), asyncio.Event()

    async def both() -> None:
        async with opened.transaction(new_id()):
            await opened.tell("undone")
            begun.set()
            await go.wait()
            await opened.rows("SELECT 1 / 0 AS nothing")

    failing = asyncio.create_task(both())
    await begun.wait()
    telling = asyncio.create_task(opened.tell("kept"))
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(Exception, match="division"):
        await failing
    await telling
    await opened.rows("SELECT 1 AS one")
    assert told == ["kept"]
