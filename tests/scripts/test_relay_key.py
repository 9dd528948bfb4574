"""`python -m scripts.relay_key` prints what relay-only hosts are known by, and admits their user."""

import base64
import secrets
from pathlib import Path

import asyncpg
import pytest

from storage import relay_user
from tests.engines import postgresql
from tests.engines.databases import database_url, open_store, run
from tests.scripts.test_postgresql import command
from web.hosts.certificates import relay_key

pytestmark = pytest.mark.postgresql


async def test_it_prints_the_same_key_each_time_and_admits_the_user(tmp_path: Path) -> None:
    store, user, url = (
        await open_store(tmp_path),
        f"u{secrets.token_hex(4)}",
        await database_url(tmp_path),
    )
    assert await command(tmp_path, "scripts.relay_key", user) == (
        1, "No host has been started yet: start one with pages first.\n",
    )  # fmt: skip
    key = await store.write(lambda records: records.hosts.key())
    assert await command(tmp_path, "scripts.relay_key", user) == (
        1, f"PostgreSQL has no user {user}. Make one: sudo -u postgres createuser --pwprompt {user}.\n",
    )  # fmt: skip
    await run(store, f"CREATE ROLE {user} LOGIN")
    printed = base64.b64encode(relay_key(key)).decode() + "\n"
    assert relay_key(key) != key
    for _ in range(2):
        assert await command(tmp_path, "scripts.relay_key", user) == (0, printed)
    await relay_user.check(url.replace(f"//{postgresql.USER}@", f"//{user}@"))
    await store.close()
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP OWNED BY {user}; DROP ROLE {user}")
    await connection.close()
