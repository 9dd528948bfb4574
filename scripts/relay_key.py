"""Admit relay-only hosts: `python -m scripts.relay_key USER > relay.key`, on a host with pages.

Prints the key that they and the other hosts know each other by, and lets USER, as whom they are to connect to
PostgreSQL, read and write what they need there. Works while servers run, and as often as one likes.
"""

import argparse
import asyncio
import base64
import sys

from storage.errors import StorageError
from storage.store import reading
from web.config import ConfigError, load
from web.hosts.certificates import relay_key


async def admit(user: str) -> bytes:
    """The key. Raises StorageError."""
    config = load()
    if not config.database_url:
        raise StorageError("There are no other hosts without TELECONNECT_DATABASE_URL.")
    from storage import relay_user  # it imports the driver of PostgreSQL

    async with reading(config.data_dir, config.master_key, config.database_url) as records:
        key = await records.hosts.find_key()
    if key is None:
        raise StorageError("No host has been started yet: start one with pages first.")
    await relay_user.admit(config.database_url, user)
    return relay_key(key)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.relay_key",
        description="Prints the key for relay-only hosts, and admits the user as whom they use PostgreSQL.",
    )
    parser.add_argument("user", help="of PostgreSQL; made by createuser")
    chosen = parser.parse_args()
    try:
        key = asyncio.run(admit(chosen.user))
    except (StorageError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    print(base64.b64encode(key).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
