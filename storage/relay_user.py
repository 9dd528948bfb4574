"""What a relay-only host has of the database: the rows of relay-only hosts in the table `host`, and nothing else.

It connects as a user of its own, for whoever may write all tables can sign in as anybody. Rows of other hosts
are not its to see or change: what they say is where requests and chats are passed on to.
"""

import asyncio
import logging

import asyncpg

from storage.engine.postgresql import connecting, migrating
from storage.engine.postgresql.database import usable
from storage.errors import StorageError
from storage.hosts_line import HostsLine

_GRANTS = (
    'GRANT SELECT ON schema_version TO "{user}"',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON host TO "{user}"',
    "ALTER TABLE host ENABLE ROW LEVEL SECURITY",  # not for the owner of the table: the other hosts
    "DROP POLICY IF EXISTS relays ON host",
    "CREATE POLICY relays ON host USING (role = 'relay') WITH CHECK (role = 'relay')",
)
_log = logging.getLogger(__name__)


class RelayLine(HostsLine):
    """A relay-only host owns no room, and leaves it to the others to end hosts."""

    async def remove(self, host_id: str) -> None:
        await self._hosts.drop(host_id)

    async def end(self, host_id: str, renewals: int, by: str) -> bool:
        return False

    async def lapse(self, host_id: str, by: str) -> bool:
        await self._hosts.drop(host_id)
        return True


async def admit(url: str, user: str) -> None:
    """Let relay-only hosts connect as this user, by a connection of the database's owner. Raises StorageError."""
    name = connecting.name_of(url)
    with usable(name, "opened"):
        connection = await connecting.writer(url)
    try:
        if user == await connection.fetchval("SELECT current_user"):
            raise StorageError(
                f"{user} is the user of the other hosts: a relay-only host needs one of its own."
            )
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", user):
            raise StorageError(
                f"PostgreSQL has no user {user}. Make one: sudo -u postgres createuser --pwprompt {user}."
            )
        with usable(name, "written"):
            async with connection.transaction():
                for each in _GRANTS:
                    await connection.execute(each.format(user=user.replace('"', '""')))
    finally:
        connection.terminate()


async def check(url: str) -> None:
    """Whether a relay-only host can use the database. Raises StorageError."""
    name = connecting.name_of(url)
    with usable(name, "opened"):
        connection = await connecting.writer(url)
    try:
        with usable(name, "read"):
            await connecting.check(connection, name)
            newest = await asyncio.to_thread(migrating.newest_schema)
            if await migrating.version_of(connection) != newest:
                raise StorageError(
                    f"The database {name} is of another version of TeleConnect: start this version's "
                    "host with pages first."
                )
            if await _reads_more(connection):
                _log.warning(
                    "this relay-only host connects to the database as a user who may read all of it: "
                    "docs/several-hosts.md says how to give it one of its own"
                )
    finally:
        connection.terminate()


async def _reads_more(connection: asyncpg.Connection) -> bool:
    found: bool = await connection.fetchval("SELECT has_table_privilege('consultation', 'SELECT')")
    return found
