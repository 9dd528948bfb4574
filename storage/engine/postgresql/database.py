"""PostgreSQL: one connection that writes in groups, some that read.

Flows read and then write within one work, and rely on nobody else's writing in between. Several
processes keep that by advisory locks, which every transaction takes at its beginning: exclusively
those of the sessions that its works are about, in order; a work about no single session keeps out
everybody. Statements see what was committed before them (READ COMMITTED), and so whatever the last
holder of the lock has written.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, suppress

import asyncpg

from signaling.errors import Unavailable
from signaling.identifier import NEW_ID
from storage.engine.database import MAX_GROUP, NOBODY, Database, Job
from storage.engine.postgresql import connecting, migrating
from storage.engine.postgresql.executor import ReadingExecutor, WritingExecutor
from storage.engine.postgresql.failures import (
    as_ours,
    is_conflict,
    is_passing,
    lost_answer,
    unusable,
)
from storage.engine.postgresql.holding import holding
from storage.engine.postgresql.vacuuming import Cleaning
from storage.errors import StorageError

EVERYTHING = 0x7E1EC0_0000
"Key of the lock that a work about no single session takes alone, and all others share."
READERS = 4
"Most connections that read."
CLOSE_S = 3.0
"Seconds that undoing or closing waits for the server's answer."
_OTHERS = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name LIKE 'teleconnect-%' AND application_name <> ? LIMIT 1"
)
_log = logging.getLogger(__name__)


def lock_key(consultation_id: str) -> int:
    """The key of a session's advisory lock: 62 bits, so that it is none of the others."""
    digest = hashlib.sha256(consultation_id.encode()).digest()
    return -1 - (int.from_bytes(digest[:8]) >> 2)


def beginning(group: list[Job]) -> str:
    """Begin the transaction of a group: the locks of what its works are about."""
    about = sorted({lock_key(each) for job in group for each in job.sessions})
    if any(job.about is None for job in group):
        return f"BEGIN; SELECT pg_advisory_xact_lock({EVERYTHING})"
    keys = "".join(f", pg_advisory_xact_lock({key})" for key in about)
    return f"BEGIN; SELECT pg_advisory_xact_lock_shared({EVERYTHING}){keys}"


class PostgresqlDatabase(Database):
    engine = "postgresql"
    write_executor: WritingExecutor

    def __init__(self, url: str, writer: asyncpg.Connection, pool: asyncpg.Pool) -> None:
        super().__init__(WritingExecutor(), ReadingExecutor(pool))
        self.write_executor.connection = writer
        self.name = connecting.name_of(url)
        self._url = url
        self._pool = pool
        self._cleaning = Cleaning()
        self._host_id = ""

    @classmethod
    async def open(cls, url: str) -> "PostgresqlDatabase":
        """Connect, migrate and check that it can be written. Raises NewerDatabase or StorageError."""
        name = connecting.name_of(url)
        async with contextlib.AsyncExitStack() as opened:
            with usable(name, "opened"):
                writer = await connecting.writer(url)
                opened.callback(writer.terminate)
                await connecting.check(writer, name)
                await migrating.migrate(writer, name)
                pool = await connecting.reader_pool(url, READERS)
            opened.pop_all()
        return cls(url, writer, pool)

    async def close(self) -> None:
        await self.finish()
        writer = self.write_executor.connection
        if writer is not None:
            with suppress(Exception):
                await writer.close(timeout=CLOSE_S)
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_S)
        except Exception:
            self._pool.terminate()

    async def forget(self) -> bool:
        """By a connection of its own: writing goes on but for the table that is just cleaned."""
        with as_ours():
            connection = await connecting.writer(self._url)
            try:
                return await self._cleaning.run(connection)
            finally:
                connection.terminate()

    async def size(self) -> int:
        row = await self.read.row("SELECT pg_database_size(current_database()) AS bytes")
        return int(row["bytes"]) if row else 0

    async def has_other_users(self) -> bool:
        return bool(await self.read.rows(_OTHERS, (connecting.APPLICATION,)))

    def usable(self, done: str) -> AbstractContextManager[None]:
        return usable(self.name, done)

    @property
    def _in_transaction(self) -> bool:
        writer = self.write_executor.connection
        return writer is not None and not writer.is_closed() and writer.is_in_transaction()

    def _next_group(self) -> list[Job]:
        """Those about sessions share a commit, and those about everything: the locks are others."""
        alike = self._queue[0].about is None
        group: list[Job] = []
        while self._queue and len(group) < MAX_GROUP and (self._queue[0].about is None) == alike:
            group.append(self._queue.popleft())
        return group

    async def _begin(self, group: list[Job]) -> str:
        """Connects again after the connection was lost. Raises Unavailable."""
        writer = self.write_executor.connection
        if writer is None or writer.is_closed():
            self.write_executor.connection = None
            try:
                with as_ours():
                    self.write_executor.connection = await connecting.writer(self._url)
            except Unavailable:
                self._refuse_queued()  # each group would wait as long as this one
                raise
            _log.warning("connected to the database again")
        return beginning(group) + self._fence

    @property
    def _fence(self) -> str:
        """Refuses the transaction once another host has ended this one."""
        if not self._host_id:
            return ""
        return f"; {holding(self._host_id)}; SELECT hold_host('{self._host_id}')"

    def write_as(self, host_id: str) -> None:
        assert NEW_ID.fullmatch(host_id) or host_id in ("", NOBODY)
        self._host_id = host_id
        if host_id == NOBODY:  # what was to be written by a host is not written by the next one
            self._refuse_queued()

    def is_own(self, process: int) -> bool:
        writer = self.write_executor.connection
        return writer is not None and not writer.is_closed() and writer.get_server_pid() == process

    def _is_in_doubt(self, error: BaseException) -> bool:
        return lost_answer(error)

    def _is_conflict(self, error: BaseException) -> bool:
        return is_conflict(error)

    async def _roll_back(self) -> None:
        """A connection that does not answer is dropped: the server ends its transaction."""
        writer = self.write_executor.connection
        if writer is None or writer.is_closed():
            return
        try:
            if writer.is_in_transaction():
                await writer.execute("ROLLBACK", timeout=CLOSE_S)
        except Exception:
            writer.terminate()
            self.write_executor.connection = None

    def _domain_error(self, error: BaseException) -> BaseException:
        if isinstance(error, Unavailable) or not is_passing(error):
            return error
        unavailable = Unavailable()
        unavailable.__cause__ = error
        return unavailable


@contextlib.contextmanager
def usable(name: str, done: str) -> Iterator[None]:
    """Raise StorageError with a sentence where the database cannot be `done` ("read" ...)."""
    try:
        yield
    except StorageError:
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable, OSError) as error:
        raise unusable(error, name, done) from error
    except (ValueError, asyncpg.ClientConfigurationError) as error:
        raise StorageError(f"TELECONNECT_DATABASE_URL cannot be used: {error}.") from error


@contextlib.asynccontextmanager
async def reading(url: str) -> AsyncIterator[ReadingExecutor]:
    """The database, read only, also while servers write. Raises StorageError."""
    name = connecting.name_of(url)
    with usable(name, "opened"):
        pool = await connecting.reader_pool(url, 1)
    try:
        with usable(name, "read"):
            async with pool.acquire() as connection:
                version = await migrating.version_of(connection)
            if version != await asyncio.to_thread(migrating.newest_schema):
                raise StorageError(
                    f"The database {name} is of another version of TeleConnect: start this one's "
                    "server once, or use the program it was written with."
                )
            yield ReadingExecutor(pool)
    finally:
        pool.terminate()
