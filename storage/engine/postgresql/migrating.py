"""The schema in PostgreSQL. Its migrations have the numbers of SQLite's, from the first that both have.

After migrations of the same number both have the same tables and columns, see
`tests/storage/engine/test_schemas.py`.
"""

import asyncio

import asyncpg

from storage.engine.database import migrations
from storage.errors import NewerDatabase, StorageError

FOLDER = "postgresql"
MIGRATING = 0x7E1EC0_0001
"Key of the advisory lock that a process holds while it migrates: of several that start, one does."
MIGRATION_S = 600.0
"Seconds that one may take."
NO_STATISTICS = """
DO $$ DECLARE each RECORD; BEGIN
    FOR each IN
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type IN ('text', 'bytea')
        AND column_name NOT IN ('action', 'channel', 'kind', 'language', 'occasion', 'role', 'state')
    LOOP
        EXECUTE format(
            'ALTER TABLE %I ALTER %I SET STATISTICS 0', each.table_name, each.column_name);
    END LOOP;
END $$
"""
"""The planner's statistics are samples of values. Of columns that name people, sessions or devices, or are
sealed, there are none: they would outlive what is deleted."""
_VERSION = "SELECT number FROM schema_version"


def newest_schema() -> int:
    """The schema that this program writes."""
    return migrations(FOLDER)[-1][0]


async def version_of(connection: asyncpg.Connection) -> int:
    """0: nothing of ours is there."""
    if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
        return 0
    return int(await connection.fetchval(_VERSION))


async def migrate(connection: asyncpg.Connection, name: str) -> None:
    """Run what has not been run, each migration whole or not at all. Raises StorageError."""
    known = await asyncio.to_thread(migrations, FOLDER)
    if await version_of(connection) == known[-1][0]:
        return
    # whoever migrates may need as long as that, and longer than a statement or a lock usually may
    await connection.execute(f"SET lock_timeout = '{MIGRATION_S:.0f}s'")
    await connection.execute("SELECT pg_advisory_lock($1::bigint)", MIGRATING, timeout=MIGRATION_S)
    await connection.execute("RESET lock_timeout")
    try:
        version = await version_of(connection)
        if version > known[-1][0]:
            raise NewerDatabase(
                f"The database {name} was written by a newer version of TeleConnect "
                f"(schema {version}, this program knows {known[-1][0]}). "
                "Install that version again, or restore a backup."
            )
        for number, sql in known:
            if number > version:
                await _run(connection, number, sql, name)
        await connection.execute(NO_STATISTICS)
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1::bigint)", MIGRATING)


async def _run(connection: asyncpg.Connection, number: int, sql: str, name: str) -> None:
    try:
        async with connection.transaction():
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL)"
            )
            await connection.execute(sql, timeout=MIGRATION_S)
            await connection.execute("DELETE FROM schema_version")
            await connection.execute("INSERT INTO schema_version VALUES ($1)", number)
    except asyncpg.InsufficientPrivilegeError:
        raise
    except asyncpg.PostgresError as error:
        raise StorageError(f"Migration {number} of {name} failed: {error}.") from error
