"""What deleted rows leave behind in PostgreSQL's files, and how it goes.

A deleted row stays in its page until VACUUM, and its bytes until others are written over them. So the
tables of sessions and people are written anew (VACUUM FULL), indexes included; one that is too large
for that is only cleaned, except that of the wrapped keys, without which all that is sealed is noise.
No statistics are kept of columns that name anybody, see `migrating.py`. The write-ahead log is the
server's: `docs/postgresql.md` says how long it remembers.
"""

import asyncio

import asyncpg

from storage.engine.postgresql.failures import as_ours

KEYS = ("vault_key", "sealed_secret")
"Wrapped keys: written anew however many there are, some hundred bytes each."
ROOTS = (*KEYS, "access_request", "account", "consultation", "used_token")
"What is deleted or expires; with it goes whatever refers to it, and that is cleaned too."
MOST_BYTES = 64 * 1024 * 1024
"Of a table that is written anew, with its indexes: nobody can read it meanwhile, for about a second."
LOCK_MS = 1000
"How long one table waits for those who use it: others wait behind it."
VACUUM_S = 600.0
RESTS = 20
"Times as long as it took: a twentieth of the time is the most that cleaning takes."
_TABLES = """
    WITH RECURSIVE found AS (
        SELECT oid FROM pg_class
        WHERE relname = ANY ($1::text[]) AND relnamespace = current_schema()::regnamespace
        UNION SELECT conrelid FROM pg_constraint JOIN found ON confrelid = found.oid
        WHERE contype = 'f'
    )
    SELECT oid::regclass::text AS name, pg_total_relation_size(oid) AS bytes FROM found
    WHERE pg_relation_size(oid) > 0 ORDER BY 1
"""
"Those in which there was ever anything."
_OLDER = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND age(backend_xmin) > age($1::text::xid) LIMIT 1
"""


class Cleaning:
    """Cleans the tables of one database, and rests in between: with many rows it takes a while."""

    def __init__(self) -> None:
        self._rested_at = 0.0
        "By the loop's clock."

    async def run(self, connection: asyncpg.Connection) -> bool:
        """False if not all was cleaned: somebody still reads it, uses a table, or it is too soon.

        Raises Unavailable.
        """
        clock = asyncio.get_running_loop().time
        begun = clock()
        if begun < self._rested_at:
            with as_ours():
                for table in KEYS:
                    await _clean(connection, table, 0)
            return False
        cleaned = await forget(connection)
        self._rested_at = clock() + RESTS * (clock() - begun)
        return cleaned


async def forget(connection: asyncpg.Connection) -> bool:
    """Clean all tables; False if somebody still reads what was deleted, or uses one all the time.

    Raises Unavailable.
    """
    with as_ours():
        now = await connection.fetchval("SELECT pg_current_xact_id()::xid::text")
        older = await connection.fetchval(_OLDER, now) is not None
        await connection.execute(f"SET lock_timeout = {LOCK_MS}")
        tables = await connection.fetch(_TABLES, ROOTS)
        return all([await _clean(connection, *each) for each in tables]) and not older


async def _clean(connection: asyncpg.Connection, table: str, size: int) -> bool:
    full = "(FULL) " if table in KEYS or size <= MOST_BYTES else ""
    try:
        await connection.execute(f"VACUUM {full}{table}", timeout=VACUUM_S)
    except asyncpg.LockNotAvailableError:
        return False
    return True
