"""Move everything stored to the other engine: `python -m scripts.move_database postgresql`."""

import argparse
import asyncio
import contextlib
import os
import sys

from signaling.errors import TeleConnectError
from storage.data_folder import OWNER_ONLY, prepare
from storage.engine.master_key import DATABASE_NAME
from storage.errors import StorageError
from storage.files.folder_parts import FILES
from storage.folder.lock import DataFolderLock
from storage.moving import Moved, move
from storage.opening import open_database
from web.config import Config, ConfigError, load


async def moved(config: Config, to: str) -> dict[str, Moved]:
    """Raises StorageError, or Unavailable if a disk is full or an engine goes away."""
    async with contextlib.AsyncExitStack() as opened:
        data_dir = config.data_dir
        file = await open_database(data_dir)
        opened.push_async_callback(file.close)
        server = await open_database(data_dir, config.database_url)
        opened.push_async_callback(server.close)
        if await server.has_other_users():
            raise StorageError(f"Another process uses the database {server.name}: stop it first.")
        source, target = (file, server) if to == "postgresql" else (server, file)
        return await move(file, source, target, None if config.files else data_dir / FILES)


def run(config: Config, to: str) -> dict[str, Moved]:
    """Raises StorageError, ConfigError or TeleConnectError; nothing has moved then."""
    if not config.database_url:
        raise ConfigError("TELECONNECT_DATABASE_URL must say which PostgreSQL is meant.")
    if to == "postgresql" and not (config.data_dir / DATABASE_NAME).exists():
        raise StorageError(f"There is no database in {config.data_dir}.")
    with DataFolderLock.take(config.data_dir):
        prepare(config.data_dir)
        return asyncio.run(moved(config, to))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.move_database",
        description="Copies everything stored from SQLite in the data folder into the empty"
        " PostgreSQL of TELECONNECT_DATABASE_URL, or from there back. Stop the servers first. It is"
        " all or nothing: if it is interrupted, run it once more.",
    )
    parser.add_argument("to", choices=("postgresql", "sqlite"), help="where everything shall be")
    chosen = parser.parse_args()
    os.umask(OWNER_ONLY)
    try:
        config = load()
        done = run(config, chosen.to)
    except (StorageError, ConfigError) as error:
        print(f"Nothing was moved. {error}", file=sys.stderr)
        return 1
    except TeleConnectError as error:
        print(f"Nothing was moved. {error.sentence}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Nothing was moved. {error.filename}: {error.strerror}.", file=sys.stderr)
        return 1
    for name, each in sorted(done.items()):
        if each.rows:
            print(f"{name:26}{each.rows:9}  {each.digest}")
    if chosen.to == "postgresql":
        after = (
            f"From now on start with TELECONNECT_DATABASE_URL. Delete {DATABASE_NAME} and {FILES}"
            " from the data folder: what is deleted from now on would stay in it."
        )
    else:
        after = (
            "From now on start without TELECONNECT_DATABASE_URL. Drop the database there: what is"
            " deleted from now on would stay in it."
        )
    rows = sum(each.rows for each in done.values())
    print(f"All rows were copied and are the same: {rows}, tables: {len(done)}. {after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
