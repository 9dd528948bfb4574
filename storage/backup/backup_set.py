"""A backup set: one folder with database, files, what was purged until then, and a manifest.

    teleconnect-20261128T054300Z/
        manifest.json             what follows, with sizes and digests
        teleconnect.sqlite3       or teleconnect.sqlite3.age
        files.tar                 or files.tar.age; see storage/backup/packed_files.py
        purged.log                see storage/folder/purged_list.py
        master.key.age            only where it was asked for

A set gets its name when it is complete; until then its folder's name begins with a dot, and the
next backup removes it.
"""

import hashlib
import hmac
import os
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from storage.engine.master_key import KEY_BYTES, derived
from storage.errors import StorageError
from storage.folder import durable
from storage.folder.ownership import hand_over

MANIFEST = "manifest.json"
FORMAT = 2
"1: without files."
_NAME = re.compile(r"teleconnect-\d{8}T\d{6}Z")
_NAME_FORMAT = "teleconnect-%Y%m%dT%H%M%SZ"


class SetFile(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """Describes a set."""

    format: int
    schema: int
    made_at: datetime
    key_id: str
    "Of the master key that the set needs."
    sessions: int
    files: dict[str, SetFile]
    seal: str = ""
    "HMAC of the rest under the master key: only its holder could have written it."

    def sealed(self, master_key: bytes) -> "Manifest":
        bare = msgspec.structs.replace(self, seal="")
        body = msgspec.json.encode(bare, order="deterministic")
        key = derived(master_key, "backup manifest", KEY_BYTES)
        return msgspec.structs.replace(self, seal=hmac.digest(key, body, "sha256").hex())


def set_name(made_at: datetime) -> str:
    return made_at.strftime(_NAME_FORMAT)


def sets_in(directory: Path) -> list[Path]:
    """The complete sets of a folder, oldest first. Raises OSError."""
    return sorted(
        path for path in directory.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()
    )


def begin(directory: Path, made_at: datetime) -> Path:
    """An empty folder for a new set; incomplete earlier ones are removed. Raises OSError.

    A set that is made in the same second as the one before has the name of the next free second: their
    names are in the order in which they were made.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in directory.iterdir():
        if path.name.startswith(".") and _NAME.fullmatch(path.name[1:]):
            shutil.rmtree(path)
    while (directory / set_name(made_at)).exists():
        made_at += timedelta(seconds=1)
    half = directory / f".{set_name(made_at)}"
    half.mkdir(mode=0o700)
    hand_over(half, directory)  # whoever makes the next set removes this one, if it stays half
    return half


def complete(half: Path, manifest: Manifest) -> Path:
    """Write the manifest and give the set its name. Raises OSError."""
    for path in half.iterdir():
        durable.sync(path)
    body = msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"))
    durable.write(half / MANIFEST, body + b"\n")
    hand_over(half, half.parent)
    whole = half.with_name(half.name[1:])
    os.rename(half, whole)
    durable.sync(whole.parent)
    return whole


def describe(paths: Iterable[Path]) -> dict[str, SetFile]:
    """Sizes and digests, by name. Raises OSError."""
    return {path.name: SetFile(path.stat().st_size, _sha256(path)) for path in paths}


def read(folder: Path) -> Manifest:
    """The manifest of an undamaged set. Raises StorageError."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise StorageError(
            f"{folder} is no complete backup: {MANIFEST}: {error.strerror}."
        ) from error
    except msgspec.MsgspecError as error:
        raise StorageError(f"{folder} is damaged: {MANIFEST} cannot be understood.") from error
    if manifest.format > FORMAT:
        raise StorageError(f"{folder} was written by a newer version of TeleConnect.")
    for name, expected in manifest.files.items():
        try:
            found = describe([folder / name])[name]
        except OSError as error:
            raise StorageError(f"{folder} is not complete: {name}: {error.strerror}.") from error
        if found != expected or Path(name).name != name:
            raise StorageError(f"{folder} is damaged: {name} is not what was written.")
    return manifest


def remove_old(
    directory: Path, newest: Path, now: datetime, keep: int | None, keep_days: float | None
) -> int:
    """Remove sets beyond the `keep` newest, or older than `keep_days`; returns how many.

    Never removes `newest`, which was just made. Raises OSError.
    """
    sets = sets_in(directory)
    old = sets[: max(len(sets) - keep, 0)] if keep is not None else []
    if keep_days is not None:
        oldest = set_name(now - timedelta(days=keep_days))
        old += [path for path in sets if path.name < oldest and path not in old]
    gone = [path for path in old if path != newest]
    for path in gone:
        half = path.with_name(f".{path.name}")
        os.rename(path, half)  # so that no incomplete set keeps its name
        shutil.rmtree(half)
    return len(gone)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


LAST_BACKUP = "last_backup"


def note_backup(data_dir: Path, made_at: datetime) -> None:
    """Record for the server when the newest backup was made. Raises OSError."""
    durable.write(data_dir / LAST_BACKUP, made_at.isoformat().encode() + b"\n")


def last_backup(data_dir: Path) -> datetime | None:
    """When the newest backup was made; None: never, as far as known."""
    try:
        at = datetime.fromisoformat((data_dir / LAST_BACKUP).read_text("ascii").strip())
    except (OSError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
