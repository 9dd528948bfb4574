"""Restore a backup: `python -m scripts.restore SET --open close`, while the server is stopped."""

import argparse
import asyncio
import os
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from signaling.audit import SCRIPT
from signaling.errors import TeleConnectError
from signaling.flows.retention.restoring import Settled, begun, settle
from storage import data_folder
from storage.backup import restored_folder
from storage.backup.restoring import Prepared, prepare
from storage.engine.master_key import DATABASE_NAME
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.store import Records, Store, reading
from web.config import Config, ConfigError, load


@dataclass(frozen=True)
class Restored:
    """What a restore brought."""

    before: int
    "Sessions in the backup."
    settled: Settled
    sessions: int
    brings_key: bool = False


async def of_set(prepared: Prepared, answer: str | None, name: str) -> Restored:
    """Raises StorageError."""
    store = await Store.open(prepared.folder, prepared.master_key)
    restored = await bring_to_present(store, answer, name)
    return replace(restored, before=prepared.manifest.sessions, brings_key=prepared.brings_key)


async def of_database(config: Config, answer: str | None) -> Restored:
    """The same for what pg_restore has put into PostgreSQL. Raises StorageError."""
    async with reading(config.data_dir, config.master_key, config.database_url) as records:
        before = len(await records.consultations.ids())
    store = await Store.open(
        config.data_dir, config.master_key, config.files, database_url=config.database_url
    )
    return replace(await bring_to_present(store, answer, "postgresql"), before=before)


async def bring_to_present(store: Store, answer: str | None, name: str) -> Restored:
    """Update a restored store, and close it. Raises StorageError without an answer it needs."""
    now = datetime.now(UTC)
    try:
        had_begun = await begun(store.read, now)
        if had_begun and answer is None:
            raise StorageError(
                f"Sessions that were open when the backup was made: {len(had_begun)}. Say what becomes "
                "of them: --open close closes them now, --open keep lets them go on."
            )

        async def work(records: Records) -> Settled:
            settled = await settle(records, now, close=answer == "close")
            counts = f"closed={settled.closed} open={settled.open} silenced={settled.silenced}"
            await records.audit.append(now, SCRIPT, "restore", f"{name} {counts}")
            return settled

        settled = await store.write(work)
        await store.sign_everybody_out()
        await store.forget()
        sessions = len(await store.read.consultations.ids())
        return Restored(sessions, settled, sessions)
    finally:
        await store.close()


def restore(config: Config, chosen: argparse.Namespace) -> Restored:
    """Raises StorageError, ConfigError or OSError; the data folder is then as it was."""
    data_dir = config.data_dir
    with DataFolderLock.take(data_dir):
        data_folder.prepare(data_dir)
        if config.database_url:
            return asyncio.run(of_database(config, chosen.open))
        if (data_dir / DATABASE_NAME).exists() and not chosen.replace:
            raise StorageError(
                f"There is a database in {data_dir} already: say --replace to lose it, or set "
                "TELECONNECT_DATA_DIR to another folder."
            )
        try:
            prepared = prepare(
                data_dir, chosen.set, config.master_key, chosen.identity, chosen.purged
            )
            restored = asyncio.run(of_set(prepared, chosen.open, chosen.set.name))
        except BaseException:
            shutil.rmtree(data_dir / restored_folder.RESTORING, ignore_errors=True)
            raise
        restored_folder.decide(data_dir)
        restored_folder.finish(data_dir)
        return restored


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.restore",
        description="Puts a backup set into the data folder. Stop the server first. Nothing comes"
        " back that was deleted since, nobody is written to again, and everybody is signed out.",
    )
    parser.add_argument(
        "set",
        type=Path,
        metavar="SET",
        nargs="?",
        help="folder of the set; none where pg_restore has put it into PostgreSQL",
    )
    parser.add_argument(
        "--identity", type=Path, metavar="FILE", help="private key that opens an encrypted set"
    )
    parser.add_argument(
        "--open",
        choices=("close", "keep"),
        help="what becomes of sessions that were open when the backup was made; those whose hour"
        " is still to come stay planned",
    )
    parser.add_argument(
        "--replace", action="store_true", help="lose the database that is in the data folder"
    )
    parser.add_argument(
        "--purged",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a further list of what was deleted; those in the data folder and in all sets beside"
        " this one are taken by themselves",
    )
    chosen = parser.parse_args()
    if chosen.set is not None:
        chosen.set = chosen.set.absolute()  # also "." has a name
    for file in chosen.purged:
        if not file.is_file():
            parser.error(f"there is no file {file}")
    return chosen


def main() -> int:
    chosen = arguments()
    os.umask(data_folder.OWNER_ONLY)
    try:
        config = load()
        if bool(config.database_url) == (chosen.set is not None):
            raise ConfigError(
                "A set is restored into the data folder, and what pg_restore has put into"
                " TELECONNECT_DATABASE_URL without one: give a set or that setting."
            )
        done = restore(config, chosen)
    except (StorageError, ConfigError) as error:
        print(f"Nothing was restored. {error}", file=sys.stderr)
        return 1
    except TeleConnectError as error:
        print(f"Nothing was restored. {error.sentence}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Nothing was restored. {error.filename}: {error.strerror}.", file=sys.stderr)
        return 1
    gone = done.before - done.sessions
    print(
        f"{chosen.set.name if chosen.set else 'The database'} is restored. "
        f"Sessions: {done.sessions}; of them closed now: {done.settled.closed}, open or planned: "
        f"{done.settled.open}; deleted since the backup: {gone}. "
        f"Waiting notices that are not sent: {done.settled.silenced}. Everybody signs in anew."
        + " The master key came with it."
        * done.brings_key
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
