"""What the user of relay-only hosts can do in the database: keep their rows, and nothing else."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from signaling.identifier import new_id
from storage import relay_user
from storage.errors import StorageError
from storage.records.hosts import Figures, Host
from storage.store import Store
from tests.engines import postgresql
from tests.engines.databases import database_url, open_store, run

pytestmark = pytest.mark.postgresql
NOW = datetime(2026, 3, 1, tzinfo=UTC)
WEB = Host(new_id(), "east", "http://10.0.0.5:8080", "1", NOW)
RELAY = Host(new_id(), "relay1", "https://10.0.0.8:8080", "1", NOW, role="relay")


@dataclass
class Admitted:
    store: Store
    owner: str
    "URL of the other hosts."
    url: str
    "Of relay-only hosts."


@pytest.fixture
async def admitted(tmp_path: Path) -> AsyncIterator[Admitted]:
    store, owner, user = (
        await open_store(tmp_path),
        await database_url(tmp_path),
        f"u{secrets.token_hex(4)}",
    )
    await run(store, f"CREATE ROLE {user} LOGIN")
    await store.write(lambda records: records.hosts.add(WEB))
    for _ in range(2):  # as often as one likes
        await relay_user.admit(owner, user)
    yield Admitted(store, owner, owner.replace(f"//{postgresql.USER}@", f"//{user}@"))
    await store.close()
    connection = await asyncpg.connect(owner)
    await connection.execute(f"DROP OWNED BY {user}; DROP ROLE {user}")
    await connection.close()


async def test_a_relay_only_host_is_one_of_the_hosts_with_that_alone(admitted: Admitted) -> None:
    await relay_user.check(admitted.url)
    line = relay_user.RelayLine(admitted.url)
    await line.connect()
    await line.add(RELAY)
    assert await line.renew(RELAY.id, Figures(1, 3, 200), draining=False)
    assert [host.id for host in await line.all()] == [RELAY.id]
    hosts = await admitted.store.read.hosts.all()
    assert {host.id for host in hosts} == {WEB.id, RELAY.id}
    await line.tell("drain nobody")
    await line.remove(RELAY.id)
    assert [host.id for host in await admitted.store.read.hosts.all()] == [WEB.id]
    line.close()


async def test_whoever_takes_it_over_reads_nothing_and_has_nothing_passed_on(
    admitted: Admitted,
) -> None:
    connection = await asyncpg.connect(admitted.url)
    tables = await run(
        admitted.store, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    for table in {row["tablename"] for row in tables} - {"host", "schema_version"}:
        for statement in (f"SELECT 1 FROM {table}", f"DELETE FROM {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    assert await connection.execute("UPDATE host SET url = 'http://10.6.6.6'") == "UPDATE 0"
    assert await connection.execute("DELETE FROM host") == "DELETE 0"
    await connection.close()
    line = relay_user.RelayLine(admitted.url)
    await line.connect()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await line.add(replace(WEB, id=new_id(), url="http://10.6.6.6"))
    line.close()
    assert await admitted.store.read.hosts.all() == [WEB]


async def test_a_user_who_may_read_everything_is_warned_of(
    admitted: Admitted, caplog: pytest.LogCaptureFixture
) -> None:
    await relay_user.check(admitted.url)
    assert not caplog.records
    await relay_user.check(admitted.owner)
    assert "may read all of it" in caplog.text


async def test_the_owner_and_an_unknown_user_are_refused(admitted: Admitted) -> None:
    with pytest.raises(StorageError, match="needs one of its own"):
        await relay_user.admit(admitted.owner, postgresql.USER)
    with pytest.raises(StorageError, match="createuser --pwprompt nobody-known"):
        await relay_user.admit(admitted.owner, "nobody-known")


async def test_a_database_of_another_version_is_refused(admitted: Admitted) -> None:
    await run(admitted.store, "UPDATE schema_version SET number = number - 1")
    with pytest.raises(StorageError, match="start this version's host with pages first"):
        await relay_user.check(admitted.url)
