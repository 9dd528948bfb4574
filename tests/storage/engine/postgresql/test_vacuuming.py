"""What was purged is in none of the database's files any more."""

import secrets
from pathlib import Path

import asyncpg
import pytest

from storage.engine.postgresql import vacuuming
from storage.store import Store
from tests.engines import databases
from tests.engines.databases import database_url, everything_stored, open_store
from tests.engines.postgresql import cluster
from tests.engines.sessions import NOW, NURSE, add_session

pytestmark = pytest.mark.postgresql


@pytest.fixture(autouse=True)
def _without_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vacuuming, "RESTS", 0)


async def fill(store: Store, session: str, seat: bytes = b"") -> None:
    await store.write(lambda records: add_session(records, session, NOW, seat))


async def test_after_a_purge_nothing_of_a_session_is_in_the_files(tmp_path: Path) -> None:
    purged, kept = "purged-session-0", "kept-session-00"
    seat = secrets.token_bytes(32)
    store = await open_store(tmp_path)
    await store.write(lambda records: records.accounts.add(NURSE))
    await fill(store, purged, seat)
    await fill(store, kept)
    (key,) = await databases.run(
        store, "SELECT wrapped FROM vault_key WHERE consultation_id = ?", purged
    )
    (line,) = await databases.run(
        store, "SELECT text FROM chat_message WHERE id = ?", f"{purged}-line1"
    )
    secret = [purged.encode(), seat, key["wrapped"], line["text"]]
    connection = await asyncpg.connect(await database_url(tmp_path))
    await connection.execute("ANALYZE")  # as the server does by itself
    before = await everything_stored(tmp_path)
    assert [each for each in secret if each not in before] == []
    await store.write(lambda records: records.consultations.purge(purged))
    await connection.execute("ANALYZE")
    assert key["wrapped"] in await everything_stored(tmp_path), "deleted, and still there"
    assert await store.forget()
    after = await everything_stored(tmp_path)
    assert [each for each in secret if each in after] == []
    assert kept.encode() in after
    assert len(await store.read.chat.of_consultation(kept)) == 3
    await connection.close()
    await store.close()


async def test_cleaning_rests_between_but_keys_are_gone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vacuuming, "RESTS", 1e9)
    store = await open_store(tmp_path)
    await store.write(lambda records: records.accounts.add(NURSE))
    await fill(store, "gone-session-000")
    assert await store.forget()
    (key,) = await databases.run(store, "SELECT wrapped FROM vault_key")
    await store.write(lambda records: records.consultations.purge("gone-session-000"))
    assert not await store.forget()
    stored = await everything_stored(tmp_path)
    await store.close()
    assert (key["wrapped"] in stored, b"gone-session-000" in stored) == (False, True)


async def test_who_still_reads_what_was_deleted_is_waited_for(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await store.write(lambda records: records.accounts.add(NURSE))
    await fill(store, "gone-session-000")
    backup = await asyncpg.connect(await database_url(tmp_path))
    reading = backup.transaction(isolation="repeatable_read")
    await reading.start()
    await backup.fetch("SELECT * FROM clock")
    await store.write(lambda records: records.consultations.purge("gone-session-000"))
    assert not await store.forget()
    await reading.rollback()
    assert await store.forget()
    assert b"gone-session-000" not in await everything_stored(tmp_path)
    await backup.close()
    await store.close()


async def test_a_table_that_is_in_use_all_the_time_is_cleaned_later(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await store.write(lambda records: records.accounts.add(NURSE))
    await fill(store, "gone-session-000")
    user = await asyncpg.connect(await database_url(tmp_path))
    using = user.transaction()
    await using.start()
    await user.execute("LOCK TABLE vault_key IN ACCESS SHARE MODE")
    assert not await store.forget()
    await using.rollback()
    assert await store.forget()
    await user.close()
    await store.close()


async def test_no_statistics_are_kept_of_columns_that_name_anybody(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    kept = await databases.run(
        store,
        "SELECT attname::text AS name FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid WHERE relkind = 'r' AND attnum > 0"
        " AND relnamespace = 'public'::regnamespace"
        " AND atttypid IN ('text'::regtype, 'bytea'::regtype) AND attstattarget IS DISTINCT FROM 0",
    )
    await store.close()
    assert {row["name"] for row in kept} == {
        "action", "channel", "kind", "language", "occasion", "role", "state",
    }, "statistics are kept of columns whose values name nobody"  # fmt: skip


@pytest.mark.slow
async def test_the_log_forgets_with_its_segment_where_segments_are_not_used_again(
    tmp_path: Path,
) -> None:
    """As docs/postgresql.md says: the server's log has the wrapped key until a checkpoint later."""
    settings = {"wal_recycle": "off", "min_wal_size": "32MB", "fsync": "on"}
    with cluster(**settings) as own:
        url = own.url("postgres")
        store = await Store.open(tmp_path, None, database_url=url)
        await store.write(lambda records: records.accounts.add(NURSE))
        await fill(store, "gone-session-000")
        (key,) = await databases.run(store, "SELECT wrapped FROM vault_key")
        await store.write(lambda records: records.consultations.purge("gone-session-000"))
        assert await store.forget()
        operator = await asyncpg.connect(url)
        await operator.execute("CHECKPOINT")
        before = holding(own.data, key["wrapped"])
        await operator.execute("SELECT pg_switch_wal()")
        await operator.execute("CHECKPOINT")
        after = holding(own.data, key["wrapped"])
        await operator.close()
        await store.close()
    assert before == {"pg_wal"}
    assert after == set()


def holding(data: Path, needle: bytes) -> set[str]:
    """The folders of a server's files in which these bytes are."""
    return {
        file.relative_to(data).parts[0]
        for file in data.rglob("*")
        if file.is_file() and needle in file.read_bytes()
    }
