"""The SQLite file: one writer, one reader, numbered migrations.

All writing goes through `Database.write`. Writers that arrive while a transaction is being
committed share the next one (group commit): each runs inside a savepoint of its own, and all of
them are answered only after the common COMMIT, so what is acknowledged is on disk
(WAL, synchronous=FULL).
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import quote

from signaling.errors import Unavailable
from storage.engine.connection import Connection
from storage.errors import NewerDatabase, StorageError

T = TypeVar("T")
Row = sqlite3.Row
Parameters = Sequence[Any] | dict[str, Any]

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
MAX_GROUP = 64
"Most writers that share one commit: bounds how many one failing disk write takes down."


class Executor:
    """Runs statements on one connection.

    Statements that open and end transactions are deferred until the next statement and run with it:
    the way to the connection's thread and back costs several times what SQLite needs for a small
    statement.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._deferred: list[str] = []
        self._after: list[Callable[[], None]] = []

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        return await self.run(
            lambda connection: connection.execute(sql, cast(Any, parameters)).fetchall()
        )

    async def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    async def many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Run one statement once for each set of parameters."""
        sets = list(parameters)
        await self.run(lambda connection: connection.executemany(sql, cast(Any, sets)).close())

    def defer(self, *statements: str) -> None:
        """Run these before the next statement, or in `run_deferred`."""
        self._deferred += statements

    def cancel_deferred(self, statement: str) -> bool:
        """Drop the statement deferred last if it is this one; False if it is not, or has run."""
        if self._deferred and self._deferred[-1] == statement:
            self._deferred.pop()
            return True
        return False

    async def run_deferred(self) -> None:
        """Run what is deferred now."""
        if self._deferred:
            await self.run(lambda connection: None)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once what is being written is durable; never, if it is undone.

        An action that already waits for this commit is called once.
        """
        if action not in self._after:
            self._after.append(action)

    @property
    def actions(self) -> int:
        """How many actions wait for the commit."""
        return len(self._after)

    def drop_actions(self, after: int) -> None:
        """Keep only the first `after`: what the others report was undone."""
        del self._after[after:]

    def committed(self) -> None:
        """Everything is durable: call what waits for that before any writer goes on."""
        for action in self._after:
            asyncio.get_running_loop().call_soon(action)
        self._after.clear()

    def drop_deferred(self) -> None:
        """Drop every deferred statement."""
        self._deferred.clear()

    async def empty_log(self) -> bool:
        """Empty the write-ahead log; False if a reader still needs it."""
        return await self.run(_empty_log)

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run several statements, and what belongs between them, in one visit to the thread."""

        def run(connection: sqlite3.Connection) -> T:
            # a statement that fails stays deferred: nothing must run outside its transaction
            while self._deferred:
                connection.execute(self._deferred[0])
                del self._deferred[0]
            return function(connection)

        return await self._connection.run(run)


IN_ONE_STATEMENT = 500
"Values per statement: SQLite allows more, but other readers wait while a statement runs."


def batched(values: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """The distinct values, in groups that fit into one statement."""
    left = iter(set(values))
    while group := tuple(islice(left, IN_ONE_STATEMENT)):
        yield group


def marks(values: Sequence[Any]) -> str:
    """The placeholders for `values` in a statement."""
    return ", ".join("?" * len(values))


Work = Callable[[Executor], Awaitable[Any]]


@contextlib.contextmanager
def usable(path: Path, done: str) -> Iterator[None]:
    """Raise StorageError with a sentence where the database cannot be `done` ("read" ...)."""
    try:
        yield
    except (sqlite3.Error, Unavailable) as error:
        reason = error.__cause__ if isinstance(error, Unavailable) else error
        raise StorageError(f"The database {path} cannot be {done}: {reason}.") from error


def _migrations() -> list[tuple[int, str]]:
    """(number, SQL) of every migration, ascending."""
    folder = files("storage") / "migrations"
    found = [
        (int(entry.name.removesuffix(".sql")), entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    ]
    return sorted(found)


def newest_schema() -> int:
    """The schema that this program writes."""
    return _migrations()[-1][0]


class Database:
    """Open with `await Database.open(path)`, close with `close()`."""

    def __init__(self, writer: Connection, reader: Connection) -> None:
        self._writer = writer
        self.write_executor = Executor(writer)
        self.read = Executor(reader)
        self._reader = reader
        self._queue: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        "Held while a transaction is open on the writer."

    @classmethod
    async def open(cls, path: Path) -> "Database":
        """Open, migrate and check that it can be written. Raises NewerDatabase or StorageError."""
        async with contextlib.AsyncExitStack() as opened:
            with usable(path, "opened"):
                await asyncio.to_thread(_make, path)
                writer = await _connect(path)
                opened.push_async_callback(writer.close)
            with usable(path, "read"):
                await _migrate(writer, path)
                reader = await _connect(path)
                opened.push_async_callback(reader.close)
                await reader.execute("PRAGMA query_only=ON")
            with usable(path, "written"):
                await _rewrite_version(writer)
            opened.pop_all()
        return cls(writer, reader)

    async def close(self) -> None:
        """Finish what is queued, then close, even if the log cannot be emptied."""
        if self._task:
            await self._task
        await self._reader.close()
        try:
            await self.write_executor.empty_log()
        except sqlite3.Error:
            _log.exception("the write-ahead log was not emptied")
        finally:
            await self._writer.close()

    async def write(self, work: Callable[[Executor], Awaitable[T]]) -> T:
        """Run `work` in a transaction and return its result after the commit.

        If `work` raises, its statements are undone and the error is raised here; other writers of
        the group are not affected. Raises Unavailable when the disk is full or fails.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append((work, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="database writer")
        # shielded: a canceled caller does not undo what the group is committing
        return await asyncio.shield(future)

    async def forget(self) -> bool:
        """Overwrite what deleted rows left behind; False if that was not possible now.

        Whoever reads an older state (a backup, a tool) keeps it alive in the write-ahead log; this
        does not wait for them. Raises Unavailable.
        """
        async with self._lock:  # within a transaction SQLite refuses it
            try:
                return await self.write_executor.empty_log()
            except sqlite3.OperationalError as error:
                raise Unavailable from error

    async def _drain(self) -> None:
        while self._queue:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_GROUP))]
            async with self._lock:
                await self._commit(group)

    async def _commit(self, group: list[tuple[Work, "asyncio.Future[Any]"]]) -> None:
        results: list[tuple[asyncio.Future[Any], Any]] = []
        failures: list[tuple[asyncio.Future[Any], BaseException]] = []
        executor = self.write_executor
        alone = len(group) == 1
        try:
            executor.defer("BEGIN IMMEDIATE")
            if not alone:
                await executor.run_deferred()
            for work, future in group:
                waiting = executor.actions
                if not alone:
                    executor.defer("SAVEPOINT work")
                try:
                    results.append((future, await work(executor)))
                except Exception as error:
                    executor.drop_actions(waiting)
                    failures.append((future, error))
                    if alone or not self._writer.in_transaction:
                        raise
                    if not executor.cancel_deferred("SAVEPOINT work"):
                        executor.defer("ROLLBACK TO work", "RELEASE work")
                else:
                    if not alone and not executor.cancel_deferred("SAVEPOINT work"):
                        executor.defer("RELEASE work")
            if not executor.cancel_deferred("BEGIN IMMEDIATE"):
                executor.defer("COMMIT")
                await executor.run_deferred()
            executor.committed()
        except Exception as error:
            executor.drop_deferred()
            executor.drop_actions(0)
            if self._writer.in_transaction:
                await self._writer.execute("ROLLBACK")
            failed = {future for future, _ in failures}
            failures += [(future, error) for _, future in group if future not in failed]
            results = []
        for future, failure in failures:
            if not future.done():
                future.set_exception(_domain_error(failure))
                future.exception()  # retrieved: a canceled caller is no cause for a warning
        for future, result in results:
            if not future.done():
                future.set_result(result)


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
        known = await asyncio.to_thread(_migrations)
        if await _version(reader) != known[-1][0]:
            raise StorageError(
                f"The database {path} is of another version of TeleConnect: start this one's "
                "server once, or use the program it was written with."
            )
        yield Executor(reader)
    except sqlite3.Error as error:
        raise StorageError(f"The database {path} cannot be read: {error}.") from error
    finally:
        await reader.close()


def _domain_error(error: BaseException) -> BaseException:
    if isinstance(error, sqlite3.OperationalError):
        unavailable = Unavailable()
        unavailable.__cause__ = error
        return unavailable
    return error


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


async def _connect(path: Path) -> Connection:
    connection = await Connection.open(
        path, isolation_level=None, cached_statements=256, timeout=WAL_WAIT
    )
    connection.row_factory = sqlite3.Row
    try:
        await _switch_to_wal(connection)
        await connection.executescript(
            f"""
            PRAGMA busy_timeout={BUSY_MS};
            PRAGMA synchronous=FULL;
            PRAGMA foreign_keys=ON;
            PRAGMA secure_delete=ON;
            PRAGMA temp_store=MEMORY;
            """
        )
    except BaseException:
        await connection.close()
        raise
    return connection


async def _switch_to_wal(connection: Connection) -> None:
    """Switch to WAL; if another process is just doing the same, wait for it.

    SQLite does not use its busy handler here: two processes could wait for each other for ever.
    """
    for pause in (*WAL_PAUSES, None):
        try:
            await connection.execute_fetchall("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if pause is None or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            await asyncio.sleep(pause)


async def _rewrite_version(connection: Connection) -> None:
    """Write something, so that a full disk, a read-only file or a lock shows at the start."""
    await connection.execute(f"PRAGMA user_version={await _version(connection)}")


async def _version(connection: Connection) -> int:
    rows = list(await connection.execute_fetchall("PRAGMA user_version"))
    return int(rows[0][0])


async def _migrate(connection: Connection, path: Path) -> None:
    version = await _version(connection)
    known = await asyncio.to_thread(_migrations)
    if version > known[-1][0]:
        raise NewerDatabase(
            f"The database {path} was written by a newer version of TeleConnect "
            f"(schema {version}, this program knows {known[-1][0]}). "
            "Install that version again, or restore a backup."
        )
    for number, sql in known:
        if number > version:
            script = f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version={number};\nCOMMIT;"
            try:
                await connection.executescript(script)
            except sqlite3.Error as error:
                if connection.in_transaction:
                    await connection.execute("ROLLBACK")
                if await _version(connection) >= number:
                    continue  # another of our processes that starts now was first
                raise StorageError(f"Migration {number} of {path} failed: {error}.") from error
