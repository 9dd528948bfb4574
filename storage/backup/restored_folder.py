"""Replacing the files of the data folder by restored ones.

| Folder | holds |
|---|---|
| `.restoring` | what a restore prepares; nothing has changed yet |
| `.restored` | the same, complete: this rename is the commit point |
| `.replaced` | the files of before, until they are deleted |

`finish` continues a restore that was interrupted anywhere, and does nothing if none was begun. So a
kill at any moment leaves the old database or the new one, and neither with the log of the other.
"""

import os
import shutil
from pathlib import Path

from storage.engine.master_key import DATABASE_NAME
from storage.errors import StorageError
from storage.files.folder_parts import FILES
from storage.folder import durable

RESTORING = ".restoring"
RESTORED = ".restored"
REPLACED = ".replaced"
DATABASE_FILES = (f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", DATABASE_NAME)


def refuse_half(data_dir: Path) -> None:
    """Raises StorageError if an interrupted restore has to be finished first."""
    if (data_dir / RESTORED).exists():
        raise StorageError(
            f"A restore of {data_dir} was interrupted. Start the server, which finishes it."
        )


def require_database(data_dir: Path, database_url: str = "") -> None:
    """Raises StorageError if there is none, not even a restored one that is not in place yet.

    To be called before the folder is locked, which would create it. One at `database_url` is asked
    when it is opened.
    """
    if not database_url and not any(
        (data_dir / name).exists() for name in (DATABASE_NAME, RESTORED)
    ):
        raise StorageError(f"There is no database in {data_dir}.")


def begin(data_dir: Path) -> Path:
    """An empty folder for the files to restore. Raises OSError."""
    staging = data_dir / RESTORING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    return staging


def decide(data_dir: Path) -> None:
    """Commit: from here on the restored files are the folder's. Raises OSError, StorageError."""
    staging = data_dir / RESTORING
    if any((staging / name).exists() for name in DATABASE_FILES[:-1]):
        raise StorageError("The restored database is still in use.")
    for path in staging.iterdir():
        durable.sync(path)
    durable.sync(staging)
    os.rename(staging, data_dir / RESTORED)
    durable.sync(data_dir)


def finish(data_dir: Path) -> None:
    """Complete a restore that was committed, and remove one that was not. Raises OSError."""
    restored, replaced = data_dir / RESTORED, data_dir / REPLACED
    if restored.exists():
        if (restored / DATABASE_NAME).exists():
            replaced.mkdir(mode=0o700, exist_ok=True)
            for name in DATABASE_FILES:
                if (data_dir / name).exists():
                    os.replace(data_dir / name, replaced / name)
            durable.sync(data_dir)
        if (restored / FILES).exists() and (data_dir / FILES).exists():
            os.replace(data_dir / FILES, replaced / FILES)
            durable.sync(data_dir)
        # the database last: while it is here, the one in the folder is the old one
        for path in sorted(restored.iterdir(), key=lambda path: path.name == DATABASE_NAME):
            os.replace(path, data_dir / path.name)
        durable.sync(data_dir)
        restored.rmdir()
        durable.sync(data_dir)
    for left in (data_dir / RESTORING, replaced):
        if left.exists():
            shutil.rmtree(left)
