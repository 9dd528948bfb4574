"""Moving everything stored from one engine to the other: SQLite to PostgreSQL, and back.

All of it is one transaction of the target, so that whoever opens the target finds everything or
nothing, and a move that was interrupted begins again. The target's rows are read again before the
commit: counts and digests of both sides must be equal.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from storage.engine.database import Database
from storage.engine.executor import Executor, Row, marks
from storage.errors import StorageError
from storage.moving_files import into_folder, into_rows

FILES = "photos and PDFs"
"Among the tables of what was moved: their parts."
PAGE = 1000
"Rows that are read and written at a time."
IN_ORDER = {"account_mail", "interpreter_request", "invite", "notice", "reply"}
"Tables of which records ask in which order their rows were added."
NOT_MOVED = {"duty", "file_block", "file_part", "host", "room_owner"}
"Who serves now; and files, which are moved by themselves."
TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
)
_COLUMNS = "SELECT name, pk FROM pragma_table_info(?) ORDER BY cid"
_REFERENCES = 'SELECT DISTINCT "table" AS other FROM pragma_foreign_key_list(?)'


@dataclass(frozen=True)
class Table:
    """One that both engines have."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    "Of its rows' order."
    references: frozenset[str]

    @property
    def listed(self) -> str:
        return ", ".join(f'"{each}"' for each in self.columns)


@dataclass(frozen=True)
class Moved:
    """How many rows of a table there are, and what they are."""

    rows: int
    digest: str
    "SHA-256 of all values, in the rows' order."


async def move(
    sqlite: Database, source: Database, target: Database, files: Path | None = None
) -> dict[str, Moved]:
    """Copy everything; `sqlite` is one of the two. Returns what was copied, by table.

    `files` is the folder of photos and PDFs beside SQLite; None: they are in an object store. Raises
    StorageError if the target holds anything or has not become the same, Unavailable, OSError.
    """
    tables = [
        each
        for each in in_order_of_references(await _tables(sqlite.read))
        if each.name not in NOT_MOVED
    ]
    for table in tables:
        if await target.read.row(f"SELECT 1 AS found FROM {table.name} LIMIT 1"):
            raise StorageError(
                f"{target.name} is not empty: its table {table.name} has rows. Nothing was moved;"
                " give an empty one."
            )

    async def work(executor: Executor) -> dict[str, Moved]:
        copied = {table.name: await _copy(source.read, executor, table) for table in tables}
        await _copy_events(source.read, executor)
        for table in tables:
            found = await _read(executor, table)
            if found != copied[table.name]:
                raise StorageError(
                    f"The table {table.name} is another in {target.name}. Rows: {found.rows} for"
                    f" {copied[table.name].rows}; digest: {found.digest[:16]} for"
                    f" {copied[table.name].digest[:16]}. Nothing was moved."
                )
        if files is not None:
            into = (
                into_folder(source.read, files) if target is sqlite else into_rows(files, executor)
            )
            copied[FILES] = Moved(await into, "")
        return copied

    return await target.write(work)


async def _tables(executor: Executor) -> list[Table]:
    """By SQLite's own account of itself."""
    found = []
    for (name,) in await executor.rows(TABLES):
        columns = await executor.rows(_COLUMNS, (name,))
        primary = sorted((row["pk"], row["name"]) for row in columns if row["pk"])
        references = await executor.rows(_REFERENCES, (name,))
        found.append(
            Table(
                name,
                tuple(row["name"] for row in columns),
                ("rowid",) if name in IN_ORDER else tuple(column for _, column in primary),
                frozenset(row["other"] for row in references) - {name},
            )
        )
    return found


def in_order_of_references(tables: list[Table]) -> list[Table]:
    """Each after those that it refers to."""
    ordered: list[Table] = []
    left = list(tables)
    while left:
        known = {each.name for each in ordered}
        ready = [each for each in left if each.references <= known]
        ordered += ready
        left = [each for each in left if each not in ready]
    return ordered


async def _pages(executor: Executor, table: Table) -> AsyncIterator[list[Row]]:
    """All rows in order, some at a time: the columns, then those of the key."""
    key = ", ".join(f'"{each}"' for each in table.key)
    select = f"SELECT {table.listed}, {key} FROM {table.name}"
    rows = await executor.rows(f"{select} ORDER BY {key} LIMIT {PAGE}")
    while rows:
        yield rows
        last = tuple(rows[-1])[len(table.columns) :]
        rows = await executor.rows(
            f"{select} WHERE ({key}) > ({marks(table.key)}) ORDER BY {key} LIMIT {PAGE}", last
        )


async def _copy(source: Executor, target: Executor, table: Table) -> Moved:
    insert = f"INSERT INTO {table.name} ({table.listed}) VALUES ({marks(table.columns)})"
    count, digest, width = 0, sha256(), len(table.columns)
    async for rows in _pages(source, table):
        values = [tuple(row)[:width] for row in rows]
        digest.update(msgspec.msgpack.encode(values))
        await target.many(insert, values)
        count += len(values)
    return Moved(count, digest.hexdigest())


async def _copy_events(source: Executor, target: Executor) -> None:
    """When something last happened in a session: the lines of its chat, as they came, have set it."""
    moments = await source.rows("SELECT last_event_at, id FROM consultation")
    await target.many(
        "UPDATE consultation SET last_event_at = ? WHERE id = ?", [tuple(row) for row in moments]
    )


async def _read(executor: Executor, table: Table) -> Moved:
    count, digest, width = 0, sha256(), len(table.columns)
    async for rows in _pages(executor, table):
        digest.update(msgspec.msgpack.encode([tuple(row)[:width] for row in rows]))
        count += len(rows)
    return Moved(count, digest.hexdigest())
