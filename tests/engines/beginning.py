"""Data folders that begin with a database in which every migration has run."""

import asyncio
import tempfile
from pathlib import Path

from storage.backup.restored_folder import RESTORED
from storage.engine.master_key import DATABASE_NAME, KEY_NAME, make_key
from storage.engine.sqlite.database import SqliteDatabase
from storage.folder.lock import make_folder

_migrated: list[bytes] = []
"An empty database in which every migration has run, once there is one."


async def begin(data_dir: Path) -> None:
    """Put an empty database and a key into a folder without data.

    Migrating costs more than the rest of a start. It has tests of its own (`tests/storage`), and
    servers that tests run as processes begin with a folder in which there is nothing.
    """
    if not _migrated:
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder, DATABASE_NAME)
            await (await SqliteDatabase.open(template)).close()
            _migrated.append(await asyncio.to_thread(template.read_bytes))
    await asyncio.to_thread(_begin, data_dir, _migrated[0])


def _begin(data_dir: Path, migrated: bytes) -> None:
    database = data_dir / DATABASE_NAME
    if not any(each.exists() for each in (database, data_dir / KEY_NAME, data_dir / RESTORED)):
        make_folder(data_dir)
        make_key(data_dir / KEY_NAME)
        database.touch(0o600)
        database.write_bytes(migrated)
