"""Executors over asyncpg: what all have in common, the writer's, and the one over the connections that read."""

import asyncio
import contextlib
import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

import asyncpg

from signaling.errors import Unavailable
from storage.engine.executor import Executor, Parameters, Row, Statement, Steps
from storage.engine.postgresql.failures import as_ours, given_up, is_passing
from storage.engine.postgresql.statements import arguments, translated

T = TypeVar("T")

LEDGERS = 0x7E1EC0_0002
"Key of the advisory lock on what all sessions share. Taken last, so that no two wait for each other."
WAIT_S = 8.0
"Seconds that a statement waits for a connection that is free, and is open."
CHANNEL = "teleconnect"
"Of LISTEN and NOTIFY."
SKIP_LOCKED = " FOR UPDATE SKIP LOCKED"
WORDS = re.compile(r"[A-Za-z0-9_ -]+")
"What is told: words and ids."
_LOCK_LEDGERS = f"SELECT pg_advisory_xact_lock({LEDGERS})"


async def fetch(connection: asyncpg.Connection, sql: str, parameters: Parameters) -> list[Row]:
    statement = translated(sql)
    found: list[Row] = await connection.fetch(statement.sql, *arguments(statement, parameters))
    return found


async def fetch_all(connection: asyncpg.Connection, steps: Steps[T]) -> T:
    """Run the statements of `steps`; what it raises is raised."""
    try:
        statement: Statement = next(steps)
        while True:
            statement = steps.send(await fetch(connection, *statement))
    except StopIteration as end:
        result: T = end.value
        return result


class AsyncpgExecutor(Executor):
    """Runs each statement on the connection that `_run` gives it."""

    @abstractmethod
    async def _run(self, action: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """What `action` returns, given a connection. Raises Unavailable or IntegrityError."""

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return await self._run(lambda connection: fetch(connection, sql, parameters))

    async def many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        statement = translated(sql)
        sets = [arguments(statement, each) for each in parameters]
        await self._run(lambda connection: connection.executemany(statement.sql, sets))

    async def run(self, steps: Steps[T]) -> T:
        return await self._run(lambda connection: fetch_all(connection, steps))


class WritingExecutor(AsyncpgExecutor):
    """Within a transaction of the writer's connection; `storage/engine/database.py` opens it."""

    locked = " FOR UPDATE"
    skip_locked = SKIP_LOCKED
    connection: asyncpg.Connection | None = None

    async def lock_ledgers(self) -> None:
        self.defer(_LOCK_LEDGERS)

    def tell_others(self, what: str) -> None:
        assert WORDS.fullmatch(what)
        self.defer(f"SELECT pg_notify('{CHANNEL}', '{what}')")

    @contextlib.asynccontextmanager
    async def late_references(self) -> AsyncIterator[None]:
        self.defer("SET CONSTRAINTS ALL DEFERRED")
        yield
        self.defer("SET CONSTRAINTS ALL IMMEDIATE")
        await self.run_deferred()  # so that this work fails, and not the group

    async def run_deferred(self) -> None:
        if self._deferred:
            await self._run(_nothing)

    async def _run(self, action: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        connection = self.connection
        if connection is None:
            raise Unavailable
        with as_ours(), given_up(connection):
            # what fails stays deferred: nothing must run outside its transaction
            if self._deferred:
                done = await connection.execute("; ".join(sql for sql, _ in self._deferred))
                if self._deferred[-1][0] == "COMMIT" and done != "COMMIT":
                    raise Unavailable  # a statement had failed, and the work went on
                self._deferred.clear()
            return await action(connection)


class ReadingExecutor(AsyncpgExecutor):
    """Each statement on whichever connection of the pool is free."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__()
        self._pool = pool

    async def run(self, steps: Steps[T]) -> T:
        return await self._run(lambda connection: fetch_all(connection, steps), again=False)

    async def _run(
        self, action: Callable[[asyncpg.Connection], Awaitable[T]], *, again: bool = True
    ) -> T:
        """With `again`, a connection that was lost meanwhile is replaced once."""
        with as_ours():
            try:
                return await self._acquired(action)
            except Exception as error:
                if not again or not is_passing(error) or isinstance(error, asyncio.TimeoutError):
                    raise
            return await self._acquired(action)

    async def _acquired(self, action: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        async with asyncio.timeout(WAIT_S):
            connection = await self._pool.acquire()
        try:
            with given_up(connection):
                return await action(connection)
        finally:
            await self._pool.release(connection)


async def _nothing(_: asyncpg.Connection) -> None:
    """What is deferred has run; nothing else is to be."""
