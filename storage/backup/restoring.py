"""Reading a backup set into the data folder.

Everything is prepared in a folder of its own, opened and migrated there, and only then put in place
(`storage/backup/restored_folder.py`).
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from storage.backup import backup_set, restored_folder
from storage.backup.age import SUFFIX, Identity
from storage.backup.backup_set import Manifest
from storage.backup.checking import check
from storage.backup.packed_files import ARCHIVE, streamed, unpack
from storage.engine.master_key import DATABASE_NAME, KEY_NAME, decode, encoded, key_id, read_key
from storage.engine.sqlite.database import newest_schema
from storage.errors import NewerDatabase, StorageError, WrongMasterKey
from storage.files.folder_parts import FILES
from storage.folder import durable
from storage.folder.purged_list import PURGED_LIST, PurgedList


@dataclass(frozen=True)
class Prepared:
    """A set that is ready in a folder inside the data folder."""

    folder: Path
    manifest: Manifest
    master_key: str
    "Base64; the key that the database needs."
    brings_key: bool
    "Whether the set holds the key, which belongs into the data folder."


def prepare(
    data_dir: Path, folder: Path, configured: str | None, identity: Path | None,
    more_purged: Iterable[Path],
) -> Prepared:  # fmt: skip
    """Check a set and prepare it; nothing that is served changes. Raises StorageError, OSError."""
    manifest = backup_set.read(folder)
    staging = restored_folder.begin(data_dir)
    opened = Identity(identity) if identity else None
    for name in manifest.files:
        if not name.startswith(ARCHIVE):
            _unpack(folder / name, staging, opened)
    facts = check(staging / DATABASE_NAME)
    if facts.schema > newest_schema():
        raise NewerDatabase(
            f"{folder} was written by a newer version of TeleConnect (schema {facts.schema}, this "
            f"program knows {newest_schema()}). Install that version first."
        )
    key = _key(data_dir, staging, configured, manifest)
    if not hmac.compare_digest(manifest.sealed(key).seal, manifest.seal):
        raise StorageError(
            f"{folder} is damaged: its manifest was not written with its master key."
        )
    _unpack_files(folder, manifest, staging, opened)
    lists = [data_dir / PURGED_LIST, staging / PURGED_LIST, *more_purged]
    lists += [each / PURGED_LIST for each in backup_set.sets_in(folder.resolve().parent)]
    PurgedList(staging / PURGED_LIST).replace(_union(lists))
    return Prepared(staging, manifest, encoded(key).decode().strip(), (staging / KEY_NAME).exists())


def _unpack(source: Path, staging: Path, identity: Identity | None) -> None:
    if source.suffix != SUFFIX:
        durable.copy(source, staging / source.name)
    elif identity is None:
        raise StorageError(f"{source} is encrypted: say with --identity where its key is.")
    else:
        identity.decrypt(source, staging / source.stem)


def _unpack_files(
    folder: Path, manifest: Manifest, staging: Path, identity: Identity | None
) -> None:
    """Prepare the folder of files; an empty one for a set of before there were any."""
    if ARCHIVE in manifest.files:
        with (folder / ARCHIVE).open("rb") as source:
            unpack(source, staging)
    elif ARCHIVE + SUFFIX in manifest.files and identity is not None:
        encrypted = folder / (ARCHIVE + SUFFIX)
        streamed(partial(identity.decrypt_stream, encrypted), partial(unpack, folder=staging))
    else:
        (staging / FILES).mkdir(mode=0o700)


def _key(data_dir: Path, staging: Path, configured: str | None, manifest: Manifest) -> bytes:
    """The key that the set needs: the server's own, or the set's. Raises MasterKeyError."""
    own = decode(configured, "the settings") if configured else read_key(data_dir / KEY_NAME)
    packed = read_key(staging / KEY_NAME)
    if own is not None and key_id(own) == manifest.key_id:
        (staging / KEY_NAME).unlink(missing_ok=True)
        return own
    if packed is not None and key_id(packed) == manifest.key_id and not configured:
        return packed
    given = "missing" if own is None else key_id(own)
    raise WrongMasterKey(manifest.key_id, given)


def _union(lists: Iterable[Path]) -> dict[str, date]:
    found: dict[str, date] = {}
    for file in lists:
        for each, day in PurgedList(file).read().items():
            found[each] = max(day, found.get(each, day))
    return found
