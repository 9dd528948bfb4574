"""Replace the master key: `python -m scripts.rotate_master_key`, while the server is stopped."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from signaling.errors import TeleConnectError
from storage.backup.restored_folder import require_database
from storage.data_folder import OWNER_ONLY, prepare
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.key_rotation import Rotation, rotate
from web.config import Config, ConfigError, load


def replace_key(config: Config, new_key_file: Path | None) -> Rotation:
    """Raises StorageError, or Unavailable if the disk is full."""
    require_database(config.data_dir, config.database_url)
    with DataFolderLock.take(config.data_dir):
        prepare(config.data_dir)
        return asyncio.run(
            rotate(config.data_dir, config.master_key, new_key_file, config.database_url)
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.rotate_master_key",
        description="Makes a new master key and wraps all other keys with it. Stop the server"
        " first. If it is interrupted, run it once more.",
    )
    parser.add_argument(
        "--new-key-file",
        type=Path,
        metavar="FILE",
        help="where the new key is, or is to be written; needed where the settings give the key"
        " (default: the data folder)",
    )
    chosen = parser.parse_args()
    os.umask(OWNER_ONLY)
    try:
        done = replace_key(load(), chosen.new_key_file)
    except (StorageError, ConfigError) as error:
        print(f"The master key was not replaced. {error}", file=sys.stderr)
        return 1
    except TeleConnectError as error:
        print(f"The master key was not replaced. {error.sentence}", file=sys.stderr)
        return 1
    where = f" Set it before you start the server: {chosen.new_key_file}." * bool(
        chosen.new_key_file
    )
    print(
        f"The key {done.new_id} is the master key; keys wrapped anew: {done.keys}.{where}"
        " Backups made until now need the key they were made with."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
