"""Make a backup: `python -m scripts.backup DIRECTORY`, also while the server runs."""

import argparse
import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from signaling.audit import SCRIPT
from signaling.errors import TeleConnectError
from storage.backup.backing_up import back_up
from storage.backup.backup_set import Manifest, note_backup, remove_old
from storage.backup.restored_folder import refuse_half, require_database
from storage.data_folder import OWNER_ONLY
from storage.engine.master_key import load_master_key
from storage.engine.sqlite.database import newest_schema
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.store import Store
from web.config import Config, ConfigError, load

MOST_DAYS = 100_000


async def note(config: Config, name: str, manifest: Manifest) -> None:
    """Add a line to the audit log, unless the server that runs is of an older version."""
    if manifest.schema != newest_schema():
        return
    store = await Store.open(config.data_dir, config.master_key, database_url=config.database_url)
    try:
        thing = f"{name} sessions={manifest.sessions}"
        await store.write(
            lambda records: records.audit.append(manifest.made_at, SCRIPT, "backup", thing)
        )
    finally:
        await store.close()


@dataclass(frozen=True)
class Made:
    """A whole set, and what went wrong after it was."""

    whole: Path
    manifest: Manifest
    removed: int
    "Number of older sets."
    failures: list[str]


def make(config: Config, chosen: argparse.Namespace) -> Made:
    """Raises StorageError: then there is no new set."""
    if config.database_url:
        raise StorageError(
            "What is stored is in PostgreSQL: back that up with pg_dump, and keep the master key and"
            " purged.log of the data folder beside it (docs/postgresql.md)."
        )
    require_database(config.data_dir)
    now, removed, failures = datetime.now(UTC), 0, []
    with DataFolderLock.back_up(config.data_dir):
        refuse_half(config.data_dir)
        key = load_master_key(config.master_key, config.data_dir)
        whole, manifest = back_up(
            config.data_dir, chosen.directory, key, chosen.recipient, chosen.with_key, now
        )
        try:
            note_backup(config.data_dir, now)
            asyncio.run(note(config, whole.name, manifest))
        except (OSError, StorageError, TeleConnectError) as error:
            failures.append(f"it is not recorded in the data folder: {_reason(error)}")
    try:
        removed = remove_old(chosen.directory, whole, now, chosen.keep, chosen.keep_days)
    except OSError as error:
        failures.append(f"older ones cannot be removed: {_reason(error)}")
    return Made(whole, manifest, removed, failures)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    return error.sentence if isinstance(error, TeleConnectError) else str(error)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.backup",
        description="Writes a new backup set into a folder, also while the server runs.",
    )
    parser.add_argument("directory", type=Path, metavar="DIRECTORY")
    parser.add_argument(
        "--recipient",
        action="append",
        default=[],
        metavar="KEY",
        help="encrypt to this public key (age1... or ssh-ed25519 ...); may be repeated",
    )
    parser.add_argument(
        "--with-key", action="store_true", help="put the master key in too; only with --recipient"
    )
    parser.add_argument(
        "--keep", type=int, metavar="N", help="remove all but the N newest sets afterwards"
    )
    parser.add_argument(
        "--keep-days", type=_days, metavar="DAYS", help="remove sets older than that afterwards"
    )
    chosen = parser.parse_args()
    if chosen.with_key and not chosen.recipient:
        parser.error("--with-key needs --recipient: with its key in clear a backup is open")
    if chosen.keep is not None and chosen.keep < 1:
        parser.error("--keep must be 1 or more")
    return chosen


def _days(text: str) -> float:
    """Raises ArgumentTypeError."""
    try:
        days = float(text)
        if not 0 <= days <= MOST_DAYS:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, 0 to {MOST_DAYS}") from None
    return days


def main() -> int:
    chosen = arguments()
    os.umask(OWNER_ONLY)
    try:
        made = make(load(), chosen)
    except (StorageError, ConfigError) as error:
        print(f"No backup was made. {error}", file=sys.stderr)
        return 1
    except TeleConnectError as error:
        print(f"No backup was made. {error.sentence}", file=sys.stderr)
        return 1
    size = sum(file.size for file in made.manifest.files.values())
    told = (
        f"{made.whole} holds {size} bytes and needs the master key {made.manifest.key_id}; "
        f"sessions: {made.manifest.sessions}"
    )
    if made.failures:
        print(f"{told}, but {' And '.join(made.failures)}", file=sys.stderr)
        return 1
    print(f"{told}; older backups removed: {made.removed}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
