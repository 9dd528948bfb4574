"""Several processes over one database: works about one session, and those about all, are alone."""

import asyncio
import contextlib

import pytest

from signaling.errors import Unavailable
from storage.engine.database import Database
from storage.engine.executor import Executor, IntegrityError

pytestmark = pytest.mark.postgresql
TIMES = 20


async def add_one(executor: Executor, name: str) -> None:
    """Reads, lets everybody else go on, and writes what it has read and one."""
    (row,) = await executor.rows("SELECT count FROM tally WHERE name = ?", (name,))
    await asyncio.sleep(0)
    await executor.rows("UPDATE tally SET count = ? WHERE name = ?", (row["count"] + 1, name))


@pytest.mark.parametrize("about", ["session", None])
async def test_nobody_writes_between_a_reading_and_its_writing(
    processes: list[Database], about: str | None
) -> None:
    await asyncio.gather(
        *(
            process.write(lambda executor: add_one(executor, "one"), about)
            for process in processes
            for _ in range(TIMES)
        )
    )
    (row,) = await processes[0].read.rows("SELECT count FROM tally WHERE name = 'one'")
    assert row["count"] == len(processes) * TIMES


async def test_a_work_about_everything_waits_for_those_about_sessions_and_they_for_it(
    processes: list[Database],
) -> None:
    first, second, third = processes
    entered, may_end, order = asyncio.Event(), asyncio.Event(), []

    async def about_one(executor: Executor) -> None:
        await executor.rows("SELECT 1 AS one")
        entered.set()
        await may_end.wait()
        order.append("session")

    async def about_all(executor: Executor) -> None:
        await executor.rows("SELECT 1 AS one")
        order.append("everything")

    async def about_another(executor: Executor) -> None:
        await executor.rows("SELECT 1 AS one")
        order.append("another")

    running = asyncio.create_task(first.write(about_one, "one"))
    await entered.wait()
    await second.write(about_another, "other")
    assert order == ["another"], "sessions do not wait for each other"
    waiting = asyncio.create_task(third.write(about_all))
    while not await second.read.rows(
        "SELECT 1 AS one FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    ):
        pass
    may_end.set()
    await asyncio.gather(running, waiting)
    assert order == ["another", "session", "everything"]


async def test_a_group_has_works_that_need_the_same_locks(processes: list[Database]) -> None:
    """And all works are run in the order they came."""
    order: list[str] = []

    async def note(executor: Executor, name: str) -> None:
        await executor.rows("SELECT 1 AS one")
        order.append(name)

    names = ["a", "", "b", "b", "", "", "c"]
    await asyncio.gather(
        *(
            processes[0].write(lambda executor, name=name: note(executor, name), name or None)
            for name in names
        )
    )
    assert order == names


async def test_a_work_that_goes_on_after_a_failed_statement_is_not_acknowledged(
    processes: list[Database],
) -> None:
    first = processes[0]

    async def twice(executor: Executor) -> None:
        with contextlib.suppress(IntegrityError):
            await executor.rows("INSERT INTO tally VALUES ('one', 1)")

    with pytest.raises(Unavailable):
        await first.write(twice)
    await first.write(lambda executor: add_one(executor, "one"))
