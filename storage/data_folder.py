"""The data folder before anything in it is opened: permissions, and what was left half done.

The caller holds the folder's lock, so nobody else works on what is repaired here.
"""

import logging
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from storage.backup.backing_up import STAGING
from storage.backup.restored_folder import finish
from storage.engine.master_key import DATABASE_NAME, KEY_NAME
from storage.errors import FolderInUse, StorageError
from storage.files.folder_parts import FILES
from storage.folder.lock import DataFolderLock, make_folder
from storage.folder.ownership import require_own
from storage.folder.purged_list import PURGED_LIST, PurgedList

OUTBOX = "outbox"
OWNER_ONLY = 0o077
"As a umask: what is created is for its owner alone."
SECRETS = (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", KEY_NAME)
"Whoever can read one of these reads what they must not."
OWN = (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", PURGED_LIST, FILES, OUTBOX)
"What a server reads and writes; its key it only reads."

_log = logging.getLogger(__name__)


def prepare(data_dir: Path) -> None:
    """Repair permissions and complete what was interrupted. Raises StorageError."""
    make_folder(data_dir)
    require_own(data_dir, OWN)
    require_own(data_dir, (KEY_NAME,), os.R_OK)
    try:
        mend_permissions(data_dir)
        finish(data_dir)
        for half in data_dir.glob(f".{KEY_NAME}*"):
            half.unlink(missing_ok=True)
        PurgedList(data_dir / PURGED_LIST).prune()
        with suppress(FolderInUse), DataFolderLock.back_up(data_dir):
            shutil.rmtree(data_dir / STAGING, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"The data folder {data_dir} cannot be used: {error.filename}: {error.strerror}."
        ) from error


def mend_permissions(data_dir: Path) -> None:
    """Remove every permission of group and others in the folder.

    Files of another user cannot be changed: an error for readable secrets, else a warning. Raises
    StorageError.
    """
    for path in _everything(data_dir):
        try:
            facts = path.stat()
        except FileNotFoundError:  # a dangling link, or deleted meanwhile
            continue
        if not facts.st_mode & OWNER_ONLY:
            continue
        if _mend(path, facts):
            _log.warning("Others than the owner could use %s; they cannot any more.", path.name)
        elif path.name in SECRETS and facts.st_mode & (stat.S_IRGRP | stat.S_IROTH):
            raise StorageError(
                f"{path} can be read by others, and that cannot be mended by this user: make the "
                "server's user its owner, or take the permission away."
            )
        else:
            _log.warning(
                "Others than the owner can use %s, and that could not be mended.", path.name
            )


def _mend(path: Path, facts: os.stat_result) -> bool:
    if os.geteuid() not in (0, facts.st_uid):
        return False
    try:
        path.chmod(stat.S_IMODE(facts.st_mode) & ~OWNER_ONLY)
    except OSError:  # read-only, or a file system without owners
        return False
    return True


def _everything(data_dir: Path) -> Iterator[Path]:
    """The folder and everything in it; only links in the folder itself are followed."""
    yield data_dir
    for path in data_dir.iterdir():
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from path.rglob("*")
