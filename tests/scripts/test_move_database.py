"""Everything stored is moved to the other engine and back, all of it or nothing."""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from signaling.account import Team
from signaling.ports.files import BLOCK_BYTES
from storage.engine.postgresql.database import PostgresqlDatabase
from storage.engine.sqlite.database import SqliteDatabase
from storage.errors import StorageError
from storage.files.folder_parts import FILES
from storage.moving import Moved, move
from storage.store import Records, Store
from tests.engines.databases import database_url
from tests.engines.sessions import NOW, NURSE, add_session

pytestmark = pytest.mark.postgresql
ROOT = Path(__file__).parents[2]
MANY = 10_000


async def fill(folder: Path, sessions: int) -> None:
    """A SQLite store with so many sessions, each with all that belongs to one."""
    store = await Store.open(folder, None)
    await store.write(lambda records: records.accounts.add(NURSE))

    async def work(records: Records, numbers: range) -> None:
        for number in numbers:
            await add_session(records, f"session-{number:08}", NOW + timedelta(minutes=number))

    for first in range(0, sessions, 200):
        numbers = range(first, min(first + 200, sessions))
        await store.write(lambda records, numbers=numbers: work(records, numbers))
    await store.close()


async def moved(folder: Path, url: str, to: str) -> dict[str, Moved]:
    file = await SqliteDatabase.open(folder / "teleconnect.sqlite3")
    server = await PostgresqlDatabase.open(url)
    source, target = (file, server) if to == "postgresql" else (server, file)
    try:
        return await move(file, source, target, folder / FILES)
    finally:
        await file.close()
        await server.close()


def command(folder: Path, url: str, to: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.move_database", to],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "TELECONNECT_DATA_DIR": str(folder), "TELECONNECT_DATABASE_URL": url},
    )  # fmt: skip


async def there_and_back(folder: Path, url: str, sessions: int) -> dict[str, Moved]:
    await fill(folder, sessions)
    there = await moved(folder, url, "postgresql")
    (folder / "teleconnect.sqlite3").rename(folder / "before")
    assert await moved(folder, url, "sqlite") == there
    return there


SIZES = {"session-00000001": 10, "session-00000003": 3 * BLOCK_BYTES, "session-00000004": 2_000_000}
"Bytes of the photo of some sessions."


async def send_photos(folder: Path) -> None:
    store = await Store.open(folder, None)
    for session, size in SIZES.items():
        async with store.files.writer(session, f"{session}-photo", "large") as writer:
            await writer.write(session.encode() * (size // 16) + b"x" * (size % 16))
            await writer.finish()
    await store.close()


async def photos(store: Store) -> dict[str, int]:
    """Session -> bytes of its photo."""
    found = {}
    for session, size in SIZES.items():
        blocks = store.files.read(session, f"{session}-photo", "large", size)
        content = b"".join([block async for block in blocks])
        assert content == session.encode() * (size // 16) + b"x" * (size % 16)
        found[session] = len(content)
    return found


async def test_what_was_moved_there_and_back_is_the_same(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await fill(tmp_path, 20)
    await send_photos(tmp_path)
    (tmp_path / FILES / "session-of-nobody").mkdir()
    there = await moved(tmp_path, url, "postgresql")
    (tmp_path / "teleconnect.sqlite3").rename(tmp_path / "before")
    (tmp_path / FILES).rename(tmp_path / "files before")
    assert await moved(tmp_path, url, "sqlite") == there
    assert there["photos and PDFs"].rows == 3
    assert there["consultation"].rows == 20
    assert there["chat_message"].rows == 60
    in_use = {name for name, each in there.items() if each.rows}
    assert in_use >= {
        "account",
        "attachment",
        "audit",
        "call",
        "invite",
        "notice",
        "seat",
        "upload",
    }
    for store in (
        await Store.open(tmp_path, None),
        await Store.open(tmp_path, None, database_url=url),
    ):
        lines = await store.read.chat.of_consultation("session-00000003")
        assert [line.text for line in lines] == ["Good morning", "I take five", ""]
        assert await photos(store) == SIZES
        finding = await store.read.audit.check()
        assert finding.holds and finding.head.number == there["audit"].rows
        await store.close()


@pytest.mark.soak
async def test_ten_thousand_sessions_are_the_same_there_and_back(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    begun = time.monotonic()
    there = await there_and_back(tmp_path, url, MANY)
    print(f"{sum(each.rows for each in there.values())} rows in {time.monotonic() - begun:.0f} s")
    for name, each in sorted(there.items()):
        if each.rows:
            print(f"{name:26}{each.rows:9}  {each.digest[:16]}")
    assert there["consultation"].rows == MANY


async def test_a_target_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await fill(tmp_path, 1)
    other = await Store.open(tmp_path, None, database_url=url)
    await other.close()  # which has stored the id of the master key
    with pytest.raises(StorageError, match="is not empty: its table master_key has rows"):
        await moved(tmp_path, url, "postgresql")


async def test_addresses_and_names_that_icu_takes_for_alike_are_moved(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    store = await Store.open(tmp_path, None)
    for number, name in enumerate(("strasse", "stra\u00dfe", "str\u00e4sse", "STR\u00c4SSE")):
        account = replace(NURSE, id=f"nurse-{number}", email=f"{name}@example.org")
        await store.write(lambda records, account=account: records.accounts.add(account))
        team = Team(f"team-{number}", name)
        await store.write(lambda records, team=team: records.teams.put(team))
    await store.close()
    found = await moved(tmp_path, url, "postgresql")
    assert found["account"].rows == found["team"].rows == 4


async def test_rows_that_become_others_on_the_way_are_found(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await fill(tmp_path, 2)
    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE FUNCTION worse() RETURNS TRIGGER LANGUAGE plpgsql AS"
        " $$BEGIN NEW.media := 'other'; RETURN NEW; END$$;"
        "CREATE TRIGGER worse BEFORE INSERT ON call FOR EACH ROW EXECUTE FUNCTION worse()"
    )
    with pytest.raises(StorageError, match="The table call is another in"):
        await moved(tmp_path, url, "postgresql")
    assert await connection.fetchval("SELECT COUNT(*) FROM account") == 0, "all or nothing"
    await connection.close()


async def test_a_move_that_was_killed_begins_again(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await fill(tmp_path, 300)
    connection = await asyncpg.connect(url)
    await connection.execute("BEGIN; LOCK TABLE invite IN SHARE MODE")  # it gets no further
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.move_database", "postgresql", cwd=ROOT,
        env={**os.environ, "TELECONNECT_DATA_DIR": str(tmp_path), "TELECONNECT_DATABASE_URL": url},
    )  # fmt: skip
    other = await asyncpg.connect(url)
    while not await other.fetchval("SELECT COUNT(*) FROM pg_locks WHERE NOT granted"):
        assert process.returncode is None
    process.kill()
    await process.wait()
    await connection.execute("ROLLBACK")
    while await other.fetchval(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE 'teleconnect-%' AND state <> 'idle'"
    ):
        pass
    assert await other.fetchval("SELECT COUNT(*) FROM account") == 0
    done = await asyncio.to_thread(command, tmp_path, url, "postgresql")
    assert done.returncode == 0, done.stderr
    assert "were copied and are the same" in done.stdout
    assert "Delete teleconnect.sqlite3 and files" in done.stdout
    assert await other.fetchval("SELECT COUNT(*) FROM consultation") == 300
    for each in (connection, other):
        await each.close()


async def test_nothing_moves_while_a_server_runs(tmp_path: Path) -> None:
    url = await database_url(tmp_path)
    await fill(tmp_path, 1)
    server = await asyncpg.connect(url, server_settings={"application_name": "teleconnect-other"})
    done = await asyncio.to_thread(command, tmp_path, url, "postgresql")
    assert (done.returncode, "Another process uses the database" in done.stderr) == (1, True)
    await server.close()
