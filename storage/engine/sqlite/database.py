"""The SQLite file: one writer, one reader, numbered migrations.

The journal is a write-ahead log and synchronous=FULL, so what is committed is on disk.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import quote

from signaling.errors import Unavailable
from storage.engine.database import Database, Job, migrations
from storage.engine.executor import Executor, IntegrityError, Parameters, Row, Steps
from storage.engine.sqlite.connection import Connection
from storage.errors import NewerDatabase, StorageError

T = TypeVar("T")

_log = logging.getLogger(__name__)

WAL_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"Seconds between attempts to switch a new file to WAL while another process does the same."
WAL_WAIT = 0.1
"Seconds that each of these attempts may wait for any other lock."
BUSY_MS = 5000
"How long a statement waits for another process that writes."
EMPTYING_MS = 100
"""How long emptying the log waits for readers: long enough for our own, which take milliseconds.
No write can run meanwhile."""
BEGIN = "BEGIN IMMEDIATE"


class SqliteExecutor(Executor):
    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._posted = False
        "Whether anything that is deferred may fail."

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        return await self.visit(
            lambda connection: connection.execute(sql, cast(Any, parameters)).fetchall()
        )

    async def post(self, sql: str, parameters: Parameters = ()) -> None:
        self._deferred.append((sql, parameters))
        self._posted = True

    async def post_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        for each in parameters:
            await self.post(sql, each)

    async def run_posted(self) -> None:
        if self._posted:
            await self.run_deferred()

    async def many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        sets = list(parameters)
        if not sets:
            return
        await self.visit(lambda connection: connection.executemany(sql, cast(Any, sets)).close())

    async def run(self, steps: Steps[T]) -> T:
        def all_of_them(connection: sqlite3.Connection) -> T:
            try:
                sql, parameters = next(steps)
                while True:
                    found = connection.execute(sql, cast(Any, parameters)).fetchall()
                    sql, parameters = steps.send(found)
            except StopIteration as end:
                result: T = end.value
                return result

        return await self.visit(all_of_them)

    async def lock_ledgers(self) -> None:
        """Nothing is to be done: whoever writes is alone."""

    @contextlib.asynccontextmanager
    async def late_references(self) -> AsyncIterator[None]:
        await self.rows("PRAGMA defer_foreign_keys = ON")
        yield

    async def run_deferred(self) -> None:
        if self._deferred:
            await self.visit(lambda connection: None)

    async def empty_log(self) -> bool:
        """Empty the write-ahead log; False if a reader still needs it."""
        return await self.visit(_empty_log)

    async def visit(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call `function` in the connection's thread, after what is deferred."""

        def run(connection: sqlite3.Connection) -> T:
            # a statement that fails stays deferred: nothing must run outside its transaction
            while self._deferred:
                sql, parameters = self._deferred[0]
                connection.execute(sql, cast(Any, parameters))
                del self._deferred[0]
            self._posted = False
            return function(connection)

        try:
            return await self._connection.run(run)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(str(error)) from error


@contextlib.contextmanager
def usable(path: Path, done: str) -> Iterator[None]:
    """Raise StorageError with a sentence where the database cannot be `done` ("read" ...)."""
    try:
        yield
    except (sqlite3.Error, Unavailable) as error:
        reason = error.__cause__ if isinstance(error, Unavailable) else error
        raise StorageError(f"The database {path} cannot be {done}: {reason}.") from error


def newest_schema() -> int:
    """The schema that this program writes."""
    return migrations()[-1][0]


class SqliteDatabase(Database):
    engine = "sqlite"
    write_executor: SqliteExecutor

    def __init__(self, path: Path, writer: Connection, reader: Connection) -> None:
        super().__init__(SqliteExecutor(writer), SqliteExecutor(reader))
        self.name = str(path)
        self._path = path
        self._writer = writer
        self._reader = reader

    @classmethod
    async def open(cls, path: Path) -> "SqliteDatabase":
        """Open, migrate and check that it can be written. Raises NewerDatabase or StorageError."""
        async with contextlib.AsyncExitStack() as opened:
            with usable(path, "opened"):
                await asyncio.to_thread(_make, path)
                writer = await _connect(path)
                opened.push_async_callback(writer.close)
            with usable(path, "read"):
                await _migrate(writer, path)
                reader = await _connect(path, "PRAGMA query_only=ON;")
                opened.push_async_callback(reader.close)
            with usable(path, "written"):
                await _rewrite_version(writer)
            opened.pop_all()
        return cls(path, writer, reader)

    async def close(self) -> None:
        """Close even if the log cannot be emptied."""
        await self.finish()
        await self._reader.close()
        try:
            await self.write_executor.empty_log()
        except sqlite3.Error:
            _log.exception("the write-ahead log was not emptied")
        finally:
            await self._writer.close()

    async def forget(self) -> bool:
        """Whoever reads an older state (a backup, a tool) keeps it alive in the write-ahead log; this
        does not wait for them.
        """
        async with self._lock:  # within a transaction SQLite refuses it
            try:
                return await self.write_executor.empty_log()
            except sqlite3.OperationalError as error:
                raise Unavailable from error

    async def size(self) -> int:
        return await asyncio.to_thread(_size, self._path)

    async def has_other_users(self) -> bool:
        return False

    def usable(self, done: str) -> AbstractContextManager[None]:
        return usable(self._path, done)

    @property
    def _in_transaction(self) -> bool:
        return self._writer.in_transaction

    async def _begin(self, group: list[Job]) -> str:
        return BEGIN

    async def _roll_back(self) -> None:
        if self._writer.in_transaction:
            await self._writer.execute("ROLLBACK")

    def _domain_error(self, error: BaseException) -> BaseException:
        if isinstance(error, sqlite3.OperationalError):
            unavailable = Unavailable()
            unavailable.__cause__ = error
            return unavailable
        return error


def _size(path: Path) -> int:
    """Of the file and what lies beside it."""
    found = 0
    for each in path.parent.glob(f"{path.name}*"):
        with contextlib.suppress(OSError):  # deleted meanwhile
            found += each.stat().st_size
    return found


@contextlib.asynccontextmanager
async def reading(path: Path) -> AsyncIterator[Executor]:
    """The database, read only, also while a server writes.

    Raises StorageError, also for a file of another version.
    """
    try:
        # read only: a missing file is not created
        reader = await Connection.open(f"file:{quote(str(path))}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise StorageError(f"The database {path} cannot be opened: {error}.") from error
    try:
        reader.row_factory = sqlite3.Row
        known = await asyncio.to_thread(migrations)
        if await _version(reader) != known[-1][0]:
            raise StorageError(
                f"The database {path} is of another version of TeleConnect: start this one's "
                "server once, or use the program it was written with."
            )
        yield SqliteExecutor(reader)
    except sqlite3.Error as error:
        raise StorageError(f"The database {path} cannot be read: {error}.") from error
    finally:
        await reader.close()


def _empty_log(connection: sqlite3.Connection) -> bool:
    connection.execute(f"PRAGMA busy_timeout={EMPTYING_MS}")
    try:
        # (1 if blocked by a reader, pages in the log, pages of it that were written back)
        busy, pages, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return not busy and pages <= 0


def _make(path: Path) -> None:
    """Create the file, if there is none, for its owner alone; its log gets the same permissions."""
    with contextlib.suppress(OSError):  # SQLite explains better what is wrong
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


async def _connect(path: Path, also: str = "") -> Connection:
    connection = await Connection.open(
        path, isolation_level=None, cached_statements=256, timeout=WAL_WAIT
    )
    connection.row_factory = sqlite3.Row
    try:
        await _set_up(
            connection,
            f"""
            PRAGMA busy_timeout={BUSY_MS};
            PRAGMA synchronous=FULL;
            PRAGMA foreign_keys=ON;
            PRAGMA secure_delete=ON;
            PRAGMA temp_store=MEMORY;
            {also}
            """,
        )
    except BaseException:
        await connection.close()
        raise
    return connection


async def _set_up(connection: Connection, script: str) -> None:
    """Switch to WAL, and run `script`; if another process is just switching, wait for it.

    SQLite does not use its busy handler here: two processes could wait for each other for ever.
    """

    def attempt(opened: sqlite3.Connection) -> None:
        opened.execute("PRAGMA journal_mode=WAL").fetchall()
        opened.executescript(script)

    for pause in (*WAL_PAUSES, None):
        try:
            await connection.run(attempt)
            return
        except sqlite3.OperationalError as error:
            if pause is None or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            await asyncio.sleep(pause)


async def _rewrite_version(connection: Connection) -> None:
    """Write something, so that a full disk, a read-only file or a lock shows at the start."""

    def rewrite(opened: sqlite3.Connection) -> None:
        (version,) = opened.execute("PRAGMA user_version").fetchone()
        opened.execute(f"PRAGMA user_version={version}")

    await connection.run(rewrite)


async def _version(connection: Connection) -> int:
    rows = list(await connection.execute_fetchall("PRAGMA user_version"))
    return int(rows[0][0])


def _fail_if_done(number: int) -> str:
    """SQL that fails if this migration is done: one that can be repeated would put the version back.

    The smallest integer has no absolute value.
    """
    return (
        f"SELECT CASE WHEN user_version >= {number} THEN abs(-9223372036854775807 - 1) END"
        " FROM pragma_user_version;"
    )


async def _migrate(connection: Connection, path: Path) -> None:
    version = await _version(connection)
    known = await asyncio.to_thread(migrations)
    if version > known[-1][0]:
        raise NewerDatabase(
            f"The database {path} was written by a newer version of TeleConnect "
            f"(schema {version}, this program knows {known[-1][0]}). "
            "Install that version again, or restore a backup."
        )
    for number, sql in known:
        if number > version:
            script = (
                f"BEGIN IMMEDIATE;\n{_fail_if_done(number)}\n{sql}\n"
                f"PRAGMA user_version={number};\nCOMMIT;"
            )
            try:
                await connection.executescript(script)
            except sqlite3.Error as error:
                if connection.in_transaction:
                    await connection.execute("ROLLBACK")
                if await _version(connection) >= number:
                    continue  # another of our processes that starts now was first
                raise StorageError(f"Migration {number} of {path} failed: {error}.") from error
