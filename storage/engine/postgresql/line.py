"""A connection beside that of the writer: for the lease of this host, and for what hosts tell each other.

A lease must not wait behind a long transaction, and what others tell comes at any time. Each
statement here is a transaction of its own, except within `transaction()`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import asyncpg

from signaling.errors import Unavailable
from storage.engine.postgresql import connecting
from storage.engine.postgresql.executor import CHANNEL, SKIP_LOCKED, AsyncpgExecutor
from storage.engine.postgresql.failures import as_ours
from storage.engine.postgresql.holding import END_TRANSACTIONS, holding

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Line(AsyncpgExecutor):
    """Opened by `connect`, and again after it was lost."""

    skip_locked = SKIP_LOCKED

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()
        "A connection answers one statement at a time."
        self._transaction: asyncio.Task[object] | None = None
        "Who is within `transaction()`, and so has the lock."

    async def connect(self, told: Callable[[int, str], None]) -> None:
        """Listen from now on: `told` is called with the process of the server that tells, and what.

        Raises Unavailable.
        """
        self.close()
        with as_ours():
            connection = await connecting.writer(self._url)
            try:
                await connection.add_listener(
                    CHANNEL, lambda _, process, __, payload: told(process, payload)
                )
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection  # from here on others ask by it

    async def tell(self, what: str) -> None:
        """Tell whoever listens, this process included."""
        await self.rows("SELECT pg_notify(?, ?)", (CHANNEL, what))

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    @property
    def is_open(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def end_transactions(self, host_id: str, renewals: int) -> None:
        """End what this host has begun to write, if it has not renewed its lease since."""
        try:
            await self.rows(END_TRANSACTIONS, (host_id, renewals))
        except asyncpg.InsufficientPrivilegeError:
            # PostgreSQL ends them by itself after IDLE_S
            _log.warning("hosts connect to the database as different users: they should not")

    @contextlib.asynccontextmanager
    async def transaction(self, host_id: str) -> AsyncIterator[None]:
        """One of this host."""
        async with self._lock:
            self._transaction = asyncio.current_task()
            try:
                with as_ours():
                    async with self._opened().transaction():
                        await self._opened().execute(holding(host_id))
                        yield
            finally:
                self._transaction = None

    def _opened(self) -> asyncpg.Connection:
        if self._connection is None:
            raise Unavailable
        return self._connection

    async def _run(self, action: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        if self._transaction is not None and self._transaction is asyncio.current_task():
            with as_ours():
                return await action(self._opened())
        async with self._lock:
            with as_ours():
                return await action(self._opened())
