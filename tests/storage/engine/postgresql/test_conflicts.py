"""Transactions of two processes that wait for each other: the one that PostgreSQL undoes is run again."""

import asyncio

import pytest

from signaling.errors import Unavailable
from storage.engine.database import ATTEMPTS, Database
from storage.engine.executor import Executor

pytestmark = pytest.mark.postgresql


class Crossing:
    """Two that have both locked something go on together: what each wants next is the other's."""

    def __init__(self) -> None:
        self._barrier = asyncio.Barrier(2)
        self._crossed = False
        self.runs = 0

    async def meet(self) -> None:
        """The first time only."""
        if not self._crossed:
            await self._barrier.wait()
            self._crossed = True


async def add_one(executor: Executor, name: str) -> None:
    await executor.rows("UPDATE tally SET count = count + 1 WHERE name = ?", (name,))


async def counts(database: Database) -> dict[str, int]:
    rows = await database.read.rows("SELECT name, count FROM tally")
    return {row["name"]: row["count"] for row in rows}


async def test_works_that_lock_in_another_order_are_both_done_once(
    processes: list[Database],
) -> None:
    crossing, told = Crossing(), list[str]()

    async def both(executor: Executor, first: str, second: str) -> str:
        crossing.runs += 1
        executor.after_commit(lambda: told.append(first))
        await add_one(executor, first)
        await crossing.meet()
        await add_one(executor, second)
        return first

    one, other, _ = processes
    answers = await asyncio.gather(
        one.write(lambda executor: both(executor, "one", "two"), ()),
        other.write(lambda executor: both(executor, "two", "one"), ()),
    )
    assert answers == ["one", "two"]
    assert await counts(one) == {"one": 2, "two": 2}
    # once more at least, and a busy machine may undo both
    assert 3 <= crossing.runs <= 2 * ATTEMPTS
    assert sorted(told) == ["one", "two"], "what was undone is not reported"


async def test_a_group_whose_works_cross_another_groups_is_done_and_each_answered(
    processes: list[Database],
) -> None:
    """No work of them waits for anybody by itself: what they lock adds up in their transaction."""
    crossing = Crossing()

    async def step(executor: Executor, name: str, *, meet: bool) -> str:
        crossing.runs += 1
        await add_one(executor, name)
        if meet:
            await crossing.meet()
        return name

    async def fail(executor: Executor) -> None:
        await add_one(executor, "one")
        raise KeyError

    def group(database: Database, *names: str) -> list[asyncio.Future[str]]:
        return [
            asyncio.ensure_future(
                database.write(
                    lambda executor, name=name: step(executor, name, meet=name == names[0]), ()
                )
            )
            for name in names
        ]

    one, other, _ = processes
    works = [*group(one, "one", "two"), *group(other, "two", "one")]
    failing = asyncio.ensure_future(one.write(fail, ()))
    assert await asyncio.gather(*works) == ["one", "two", "two", "one"]
    with pytest.raises(KeyError):
        await failing
    assert await counts(one) == {"one": 2, "two": 2}
    assert crossing.runs > len(works), "one group was undone"


async def test_a_serialization_failure_is_run_again_and_not_for_ever(
    processes: list[Database],
) -> None:
    runs = 0

    async def work(executor: Executor, fails: int) -> str:
        nonlocal runs
        runs += 1
        await add_one(executor, "one")
        if runs <= fails:
            await executor.rows("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
        return "done"

    assert await processes[0].write(lambda executor: work(executor, 2)) == "done"
    assert runs == 3
    assert await counts(processes[0]) == {"one": 1, "two": 0}
    runs = 0
    with pytest.raises(Unavailable):
        await processes[0].write(lambda executor: work(executor, 100))
    assert runs == ATTEMPTS
    assert await counts(processes[0]) == {"one": 1, "two": 0}
