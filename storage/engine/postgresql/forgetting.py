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
TABLES = (
    *KEYS, "access_request", "account", "account_mail", "attachment", "authenticator_app", "call",
    "chat_message", "chat_volume", "command", "consultation", "delivery_attempt", "device_check",
    "former_scheduler", "identity", "interpreter_request", "invite", "known_browser", "notice",
    "passkey", "password_link", "recovery_code", "reply", "room_owner", "seat", "seen", "shared_session",
    "team_member", "upload", "used_token", "web_session",
)  # fmt: skip
"What is deleted with a session or an account, or expires."
MOST_BYTES = 64 * 1024 * 1024
"Of a table that is written anew, with its indexes: nobody can read it meanwhile, for about a second."
LOCK_MS = 1000
"How long one table waits for those who use it: others wait behind it."
VACUUM_S = 600.0
RESTS = 20
"Times as long as it took: a twentieth of the time is the most that cleaning takes."
_SIZES = "SELECT pg_relation_size($1::regclass), pg_total_relation_size($1::regclass)"
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
                    await _clean(connection, table)
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
        return all([await _clean(connection, table) for table in TABLES]) and not older


async def _clean(connection: asyncpg.Connection, table: str) -> bool:
    rows, whole = await connection.fetchrow(_SIZES, table)
    if not rows:  # nothing was ever in it
        return True
    full = "(FULL) " if table in KEYS or whole <= MOST_BYTES else ""
    try:
        await connection.execute(f"VACUUM {full}{table}", timeout=VACUUM_S)
    except asyncpg.LockNotAvailableError:
        return False
    return True
