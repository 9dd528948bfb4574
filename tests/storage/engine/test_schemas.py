"""Both engines have the same tables, columns, keys and rules after migrations of the same number."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from storage.engine.database import Database
from storage.engine.postgresql.database import PostgresqlDatabase
from storage.engine.sqlite.database import SqliteDatabase
from storage.moving import IN_ORDER
from tests.engines.databases import database_url

pytestmark = pytest.mark.postgresql
TYPES = {"TEXT": "text", "INTEGER": "bigint", "BLOB": "bytea"}
POSTGRESQL_ALONE = {"schema_version"}


class Table(NamedTuple):
    columns: frozenset[tuple[str, str, bool]]
    "(name, type, whether it may be NULL)."
    primary: tuple[str, ...]
    unique: frozenset[tuple[str, ...]]
    references: frozenset[tuple[tuple[str, ...], str, str]]
    "(columns, the other table, what happens when the other row is deleted)."
    without_case: frozenset[str]


def of_sqlite(path: Path) -> dict[str, Table]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        names = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
        return {row["name"]: _of_sqlite(database, row["name"], row["sql"]) for row in names}


def _of_sqlite(database: sqlite3.Connection, name: str, sql: str) -> Table:
    columns = database.execute(f"PRAGMA table_info({name})").fetchall()
    keys: dict[int, list[sqlite3.Row]] = {}
    for row in database.execute(f"PRAGMA foreign_key_list({name})"):
        keys.setdefault(row["id"], []).append(row)
    unique = [
        tuple(each["name"] for each in database.execute(f"PRAGMA index_info('{index['name']}')"))
        for index in database.execute(f"PRAGMA index_list({name})").fetchall()
        if index["origin"] == "u"
    ]
    return Table(
        frozenset(
            (each["name"], TYPES[each["type"]], not each["notnull"] and not each["pk"])
            for each in columns
        ),
        tuple(each["name"] for each in sorted(columns, key=lambda c: c["pk"]) if each["pk"]),
        frozenset(unique),
        frozenset(
            (tuple(each["from"] for each in parts), parts[0]["table"], parts[0]["on_delete"])
            for parts in keys.values()
        ),
        frozenset(re.findall(r"(\w+) TEXT[^,\n]*NOCASE", sql)),
    )


ON_DELETE = {"c": "CASCADE", "a": "NO ACTION", "n": "SET NULL"}


async def of_postgresql(database: Database) -> dict[str, Table]:
    columns = await database.read.rows(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES' AS optional,"
        " collation_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    keys = await database.read.rows(
        "SELECT conrelid::regclass::text AS name, contype::text AS kind,"
        " confrelid::regclass::text AS other, confdeltype::text AS deleted,"
        " (SELECT array_agg(attname::text ORDER BY place) FROM unnest(conkey)"
        " WITH ORDINALITY AS part (number, place) JOIN pg_attribute"
        " ON attrelid = conrelid AND attnum = number) AS columns"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
    )
    keys += await database.read.rows(
        "SELECT tablename AS name, 'u' AS kind, regexp_match(indexdef, 'ascii_lower.(\\w+)') AS columns"
        " FROM pg_indexes WHERE indexdef LIKE 'CREATE UNIQUE INDEX%ascii_lower%'"
    )
    names = {row["table_name"] for row in columns} - POSTGRESQL_ALONE
    return {
        name: _of_postgresql(
            [row for row in columns if row["table_name"] == name],
            [row for row in keys if row["name"].strip('"') == name],
        )
        for name in names
    }


def _of_postgresql(columns: list[Mapping[str, Any]], keys: list[Mapping[str, Any]]) -> Table:
    for row in columns:
        assert row["data_type"] != "text" or row["collation_name"] in ("C", "nocase"), row
    primary = [tuple(row["columns"]) for row in keys if row["kind"] == "p"]
    return Table(
        frozenset(
            (row["column_name"], row["data_type"], row["optional"])
            for row in columns
            if row["column_name"] != "rowid"
        ),
        primary[0],
        frozenset(tuple(row["columns"]) for row in keys if row["kind"] == "u"),
        frozenset(
            (tuple(row["columns"]), row["other"], ON_DELETE[row["deleted"]])
            for row in keys
            if row["kind"] == "f"
        ),
        frozenset(row["column_name"] for row in columns if row["collation_name"] == "nocase"),
    )


async def test_both_engines_have_the_same_schema(tmp_path: Path) -> None:
    path = tmp_path / "here.sqlite3"
    await (await SqliteDatabase.open(path)).close()
    database = await PostgresqlDatabase.open(await database_url(tmp_path))
    found = await of_postgresql(database)
    await database.close()
    wanted = of_sqlite(path)
    assert found.keys() == wanted.keys()
    assert {name: found[name] for name in found if found[name] != wanted[name]} == {}, {
        name: wanted[name] for name in found if found[name] != wanted[name]
    }


async def test_the_order_of_rows_is_kept_where_records_ask_for_it(tmp_path: Path) -> None:
    database = await PostgresqlDatabase.open(await database_url(tmp_path))
    rows = await database.read.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'rowid'"
    )
    await database.close()
    assert {row["table_name"] for row in rows} == IN_ORDER
