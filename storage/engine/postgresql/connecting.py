"""Connections to PostgreSQL: how they are opened, and what a server must be to be used."""

import secrets
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from storage.errors import StorageError

OLDEST = 15
"The version that Debian 12 has; nothing older is tested."
CONNECT_S = 5.0
"Seconds for a connection to be opened."
COMMAND_S = 8.0
"Seconds for a statement; longer only if the server hangs or cannot be reached any more."
LOCK_S = 5
"Seconds that a statement waits for a lock of another process."
IDLE_S = 4
"""Seconds after which PostgreSQL ends a transaction whose process says nothing: one that was stopped
must not keep the locks that the others wait for."""
STATEMENTS = 500
"Prepared statements kept by a connection."
APPLICATION = f"teleconnect-{secrets.token_hex(4)}"
"This process among those who use the database."
SETTINGS = {
    "application_name": APPLICATION,
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "lock_timeout": f"{LOCK_S}s",
    "idle_in_transaction_session_timeout": f"{IDLE_S}s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "jit": "off",  # compiling takes longer than our statements
}


class Connection(asyncpg.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        """Nothing is left to be reset by those who read: it would be a round trip each time."""
        return ""


def name_of(url: str) -> str:
    """What a sentence calls the database; the password is left out."""
    parts = urlsplit(url)
    host = parts.hostname or "this machine"
    return f"{parts.path.lstrip('/') or 'postgresql'} at {host}"


async def prepare(connection: asyncpg.Connection) -> None:
    """Sums of BIGINT are NUMERIC in PostgreSQL, and whole numbers for us; nothing else is NUMERIC."""
    await connection.set_type_codec(
        "numeric", schema="pg_catalog", encoder=str, decoder=int, format="text"
    )


def options(*, writes: bool) -> dict[str, Any]:
    """How every connection is opened."""
    settings = SETTINGS if writes else SETTINGS | {"default_transaction_read_only": "on"}
    return {
        "connection_class": Connection,
        "timeout": CONNECT_S,
        "command_timeout": COMMAND_S,
        "statement_cache_size": STATEMENTS,
        "max_cached_statement_lifetime": 0,
        "server_settings": settings,
    }


async def writer(url: str) -> asyncpg.Connection:
    """A connection that may write, and whose commits are on disk when they are answered."""
    connection = await asyncpg.connect(url, **options(writes=True))
    try:
        await prepare(connection)
        if await connection.fetchval("SHOW synchronous_commit") == "off":
            await connection.execute("SET synchronous_commit = on")
    except BaseException:
        connection.terminate()
        raise
    return connection


async def reader_pool(url: str, most: int) -> asyncpg.Pool:
    """Connections that only read, at most so many; they are opened when they are needed."""
    return await asyncpg.create_pool(
        url, min_size=1, max_size=most, init=prepare, **options(writes=False)
    )


async def check(connection: asyncpg.Connection, name: str) -> None:
    """Raises StorageError for a server or a database that cannot be used."""
    version = connection.get_server_version()
    if version.major < OLDEST:
        raise StorageError(
            f"The database {name} is in PostgreSQL {version.major}, and TeleConnect needs "
            f"{OLDEST} or newer."
        )
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise StorageError(
            f"The database {name} has the encoding {encoding}, and TeleConnect needs UTF8. Make it "
            "anew: createdb --encoding=UTF8 --template=template0 --owner=USER NAME."
        )
    standby = await connection.fetchval("SELECT pg_is_in_recovery()")
    if standby or await connection.fetchval("SHOW transaction_read_only") == "on":
        raise StorageError(
            f"The database {name} can only be read: it is a standby, or set to be read only. Set "
            "TELECONNECT_DATABASE_URL to the primary."
        )
