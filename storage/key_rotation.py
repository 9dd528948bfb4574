"""Rotation of the master key: every key that it wraps is wrapped by a new one, in one transaction.

The new key is on disk before the database needs it, and the database holds the id of the one it
needs. So wherever this is interrupted, the data folder opens with the old key or with the new one,
and running the command again completes it.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from signaling.audit import SCRIPT
from signaling.errors import Unavailable
from storage.engine.database import Database
from storage.engine.executor import Executor, Row
from storage.engine.master_key import (
    DATABASE_NAME,
    NEXT_KEY_NAME,
    key_id,
    load_master_key,
    make_key,
    take_next,
)
from storage.engine.vault import VAULT_KEYS, WRAPPED, Vault, Wrapped, Wrapping
from storage.errors import MasterKeyError, StorageError, WrongMasterKey
from storage.opening import open_database
from storage.records.audit import Audit

_log = logging.getLogger(__name__)

BATCH = 500
"Keys that are wrapped again at a time."


@dataclass(frozen=True)
class Rotation:
    """What a rotation did."""

    old_id: str
    new_id: str
    keys: int
    "How many were wrapped again; 0 if that had been done before."


async def rotate(
    data_dir: Path, configured: str | None, new_key_file: Path | None, database_url: str = ""
) -> Rotation:
    """Replace the master key. The caller holds the data folder's lock. Raises StorageError.

    The new key is read from `new_key_file`, or made there. Without such a file the key in the data
    folder is replaced; that is impossible for a key that comes from the settings.
    """
    if configured and new_key_file is None:
        raise StorageError(
            "The master key comes from the settings, where this command cannot replace it: say "
            "with --new-key-file where the new one shall be written, and set that one afterwards."
        )
    if not database_url and not (data_dir / DATABASE_NAME).exists():
        raise StorageError(f"There is no database in {data_dir}.")
    old = await asyncio.to_thread(load_master_key, configured, data_dir)
    new_file = new_key_file or data_dir / NEXT_KEY_NAME
    new = await asyncio.to_thread(make_key, new_file)
    database = await open_database(data_dir, database_url)
    try:
        if await database.has_other_users():
            raise StorageError(f"Another process uses the database {database.name}: stop it first.")
        keys = await _rotate(database, old, new)
        with suppress(Unavailable):  # a server does it again
            await database.forget()
    finally:
        await database.close()  # which removes the old wrappings from SQLite's log
    if new_key_file is None:
        await asyncio.to_thread(take_next, data_dir, key_id(new))
    return Rotation(key_id(old), key_id(new), keys)


async def _rotate(database: Database, old: bytes, new: bytes) -> int:
    try:
        vault = await Vault.open(database, old)
    except WrongMasterKey as error:
        if error.needed == key_id(new):
            return 0
        raise
    if old == new:
        raise MasterKeyError("The new master key is the one that is in use.")
    return await database.write(
        lambda executor: _rewrap(executor, vault, Wrapping(old), Wrapping(new))
    )


async def _rewrap(executor: Executor, vault: Vault, old: Wrapping, new: Wrapping) -> int:
    # first: the key of the audit log is still wrapped by the old master key
    await Audit(executor, vault).append(datetime.now(UTC), SCRIPT, "rotate_master_key", new.key_id)
    keys = sum([await _rewrap_table(executor, table, old, new) for table in WRAPPED])
    await executor.rows("UPDATE master_key SET key_id = ?", (new.key_id,))
    return keys


async def _rewrap_table(executor: Executor, table: Wrapped, old: Wrapping, new: Wrapping) -> int:
    name, done = table.id_column, 0
    last = ""
    while rows := await executor.rows(
        f"SELECT {name} AS name, wrapped FROM {table.table} WHERE {name} > ?"
        f" ORDER BY {name} LIMIT {BATCH}",
        (last,),
    ):
        wrapped = [
            (new.wrap(table, row["name"], key), row["name"])
            for row in rows
            if (key := _unwrapped(table, row, old)) is not None
        ]
        await executor.many(f"UPDATE {table.table} SET wrapped = ? WHERE {name} = ?", wrapped)
        last = rows[-1]["name"]
        done += len(wrapped)
    return done


def _unwrapped(table: Wrapped, row: Row, old: Wrapping) -> bytes | None:
    """The key; None for a session's that is damaged, and stays so. Raises MasterKeyError."""
    try:
        return old.unwrap(table, row["name"], row["wrapped"])
    except MasterKeyError:
        if table != VAULT_KEYS:
            raise
        _log.error("A stored key is damaged", extra={"consultation_id": row["name"]})
        return None
