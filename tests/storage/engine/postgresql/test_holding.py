"""Whoever ends a host ends the transactions that it has open, and waits for no timeout of theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from signaling.identifier import new_id
from storage.engine.database import Database
from storage.engine.executor import Executor
from storage.hosts_line import HostsLine
from storage.opening import open_database
from storage.records.hosts import Figures, Host
from tests.engines.databases import database_url

pytestmark = pytest.mark.postgresql
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Member:
    host: Host
    database: Database
    line: HostsLine


@asynccontextmanager
async def member(folder: Path, url: str) -> AsyncIterator[Member]:
    host = Host(new_id(), "east", "http://east", "1", NOW)
    made = Member(host, await open_database(folder, url), HostsLine(url))
    try:
        await made.line.connect()
        await made.line.add(made.host)
        made.database.write_as(made.host.id)
        yield made
    finally:
        made.line.close()
        await made.database.close()


@pytest.fixture
async def members(tmp_path: Path) -> AsyncIterator[list[Member]]:
    """As three processes."""
    url = await database_url(tmp_path)
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(member(tmp_path, url)) for _ in range(3)]


class Stopped:
    """A work that began to write about a session, and whose process says nothing any more."""

    def __init__(self, writes: Database) -> None:
        self._entered, self._goes_on = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(writes.write(self._work, "session"))

    async def _work(self, executor: Executor) -> None:
        await executor.rows("SELECT 1 AS one")
        self._entered.set()
        await self._goes_on.wait()
        await executor.rows("SELECT 1 AS one")

    async def entered(self) -> None:
        await self._entered.wait()

    async def go_on(self) -> None:
        self._goes_on.set()
        await self._task


async def test_a_host_is_ended_within_its_transaction(members: list[Member]) -> None:
    east, west, _ = members
    stopped = Stopped(east.database)
    await stopped.entered()
    assert await west.line.end(east.host.id, 0, by=west.host.id)
    assert east.host.id not in {host.id for host in await west.line.all()}
    await west.database.write(lambda executor: executor.rows("SELECT 1 AS one"), "session")
    with pytest.raises(Unavailable):
        await stopped.go_on()


async def test_a_host_that_has_renewed_its_lease_keeps_its_transaction(
    members: list[Member],
) -> None:
    east, west, _ = members
    writing = Stopped(east.database)
    await writing.entered()
    assert await east.line.renew(east.host.id, Figures(), draining=False)
    assert not await west.line.end(east.host.id, 0, by=west.host.id)
    await writing.go_on()


async def test_nothing_of_another_host_is_ended(members: list[Member]) -> None:
    east, west, north = members
    writing = Stopped(north.database)
    await writing.entered()
    assert await west.line.end(east.host.id, 0, by=west.host.id)
    await writing.go_on()


async def test_a_host_that_is_stopped_while_it_ends_another_keeps_nobody_from_that(
    members: list[Member],
) -> None:
    east, west, north = members
    line = west.line._line
    with pytest.raises(Unavailable):
        async with line.transaction(west.host.id):
            await line.rows("SELECT 1 FROM host WHERE id = ? FOR UPDATE", (east.host.id,))
            assert not await north.line.end(east.host.id, 0, by=north.host.id)
            assert await north.line.end(west.host.id, 0, by=north.host.id)
            assert await north.line.end(east.host.id, 0, by=north.host.id)
