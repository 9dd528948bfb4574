"""Making a backup set while the server runs. All of it blocks.

VACUUM INTO reads one state of the database and blocks no writer. Unlike a copy of the pages it
omits free ones, and with them whatever they held. 200 MB take about a second. The files of chats come
after it, so that all that it knows of are there.
"""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

from storage.backup import backup_set
from storage.backup.age import SUFFIX, Recipients
from storage.backup.backup_set import FORMAT, Manifest
from storage.backup.checking import check
from storage.backup.packed_files import ARCHIVE, pack, streamed
from storage.engine.master_key import DATABASE_NAME, KEY_NAME, encoded, key_id
from storage.errors import StorageError, WrongMasterKey
from storage.folder import durable
from storage.folder.purged_list import PURGED_LIST, PurgedList

STAGING = ".backing-up"
"Where a database waits to be encrypted: on the disk that holds it anyway."
BUSY_S = 30.0


def back_up(
    data_dir: Path, directory: Path, master_key: bytes, recipients: Sequence[str],
    with_key: bool, made_at: datetime,
) -> tuple[Path, Manifest]:  # fmt: skip
    """Write a set into `directory`. Raises StorageError; there is no new set then.

    With `recipients` (public keys) the set is encrypted and may hold the master key too.
    """
    encryption = Recipients(recipients) if recipients else None
    staging = data_dir / STAGING
    try:
        half = backup_set.begin(directory, made_at)
        try:
            manifest = _fill(half, data_dir, master_key, encryption, with_key, made_at)
            whole = backup_set.complete(half, manifest)
        except BaseException:  # a full disk must not stay full
            shutil.rmtree(half, ignore_errors=True)
            raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"{error.filename or directory}: {error.strerror}.") from error
    return whole, manifest


def _fill(
    half: Path, data_dir: Path, master_key: bytes, encryption: Recipients | None,
    with_key: bool, made_at: datetime,
) -> Manifest:  # fmt: skip
    plain = half
    if encryption:
        plain = data_dir / STAGING
        shutil.rmtree(plain, ignore_errors=True)
        plain.mkdir(mode=0o700)
    files = [plain / DATABASE_NAME]
    _copy(data_dir / DATABASE_NAME, files[0])
    facts = check(files[0])
    if facts.key_id not in (key_id(master_key), None):
        raise WrongMasterKey(facts.key_id or "", key_id(master_key))
    if with_key:
        files.append(plain / KEY_NAME)
        durable.write(files[-1], encoded(master_key))
    if encryption:
        sources, files = files, [half / f"{file.name}{SUFFIX}" for file in files]
        for source, target in zip(sources, files, strict=True):
            encryption.encrypt(source, target)
    files.append(_pack(half, data_dir, encryption))
    files.append(half / PURGED_LIST)  # after the files: it says why one of them is missing
    PurgedList(files[-1]).replace(PurgedList(data_dir / PURGED_LIST).read())
    described = backup_set.describe(files)
    needed = key_id(master_key)
    return Manifest(FORMAT, facts.schema, made_at, needed, facts.sessions, described).sealed(
        master_key
    )


def _pack(half: Path, data_dir: Path, encryption: Recipients | None) -> Path:
    """Write the archive of the files; returns it."""
    packed = half / (ARCHIVE + (SUFFIX if encryption else ""))
    if encryption is None:
        with durable.naming(packed), packed.open("xb") as target:
            pack(data_dir, target)
    else:
        streamed(partial(pack, data_dir), partial(encryption.encrypt_stream, encrypted=packed))
    return packed


def _copy(database: Path, copy: Path) -> None:
    try:
        address = f"{database.resolve().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise StorageError(f"The database {database} cannot be copied: {error}.") from error
