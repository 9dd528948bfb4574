"""The commands for operators where everything is stored in PostgreSQL."""

import asyncio
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.store import Store
from tests.engines import databases
from tests.engines.databases import database_url, open_store
from tests.engines.postgresql import programs
from tests.engines.sessions import NURSE, add_session

pytestmark = pytest.mark.postgresql
ROOT = Path(__file__).parents[2]
GONE, OPEN = "gone-session-000", "open-session-000"


async def command(folder: Path, *arguments: str, stdin: str = "") -> tuple[int, str]:
    """(exit status, what was printed) of one of our commands on the folder's database."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", *arguments],
        cwd=ROOT, input=stdin, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={
            **os.environ,
            "TELECONNECT_DATA_DIR": str(folder),
            "TELECONNECT_DATABASE_URL": await database_url(folder),
        },
    )  # fmt: skip
    return done.returncode, done.stdout


async def fill(folder: Path) -> None:
    now = datetime.now(UTC)
    store = await open_store(folder)
    await store.write(lambda records: records.accounts.add(NURSE))
    for session in (GONE, OPEN):
        await store.write(lambda records, session=session: add_session(records, session, now))
    await store.close()


async def test_accounts_are_made_and_given_another_password(tmp_path: Path) -> None:
    made = await command(
        tmp_path, "scripts.create_account", "--email", "boss@example.org", "--name", "Boss",
        "--role", "administrator", "--password-stdin", stdin="a long way to Tipperary\n",
    )  # fmt: skip
    assert made == (0, "boss@example.org can sign in.\n")
    again = await command(
        tmp_path, "scripts.create_account", "--email", "BOSS@example.org", "--name", "Boss",
        "--password-stdin", stdin="a long way to Tipperary\n",
    )  # fmt: skip
    assert again == (1, "There is an account with this email already.\n")
    changed = await command(
        tmp_path, "scripts.set_password", "--email", "boss@example.org", "--password-stdin",
        stdin="another long way to Tipperary\n",
    )  # fmt: skip
    assert changed[0] == 0, changed
    status, said = await command(tmp_path, "scripts.audit", "verify")
    assert (status, "unaltered" in said or "holds" in said or "lines" in said) == (0, True), said


async def test_backups_are_those_of_postgresql(tmp_path: Path) -> None:
    await fill(tmp_path)
    status, said = await command(tmp_path, "scripts.backup", str(tmp_path / "backups"))
    assert status == 1
    assert "back that up with pg_dump" in said
    assert not (tmp_path / "backups").exists()


async def test_the_master_key_is_replaced(tmp_path: Path) -> None:
    await fill(tmp_path)
    before = (tmp_path / "master.key").read_bytes()
    store = await open_store(tmp_path)
    (wrapped,) = await databases.run(
        store, "SELECT wrapped FROM vault_key WHERE consultation_id = ?", OPEN
    )
    await store.close()
    status, said = await command(tmp_path, "scripts.rotate_master_key")
    assert (status, "is the master key" in said) == (0, True), said
    assert (tmp_path / "master.key").read_bytes() != before
    assert wrapped["wrapped"] not in await databases.everything_stored(tmp_path)
    store = await open_store(tmp_path)
    lines = await store.read.chat.of_consultation(OPEN)
    await store.close()
    assert [line.text for line in lines] == ["Good morning", "I take five", ""]


def tool(name: str, *arguments: object) -> None:
    subprocess.run([programs() / name, *map(str, arguments)], check=True, capture_output=True)


async def test_what_pg_dump_has_kept_is_restored_and_brought_to_the_present(
    tmp_path: Path,
) -> None:
    data, dump, restored = tmp_path / "data", tmp_path / "dump", tmp_path / "restored"
    await fill(data)
    await asyncio.to_thread(
        tool, "pg_dump", "--format=custom", f"--file={dump}", await database_url(data)
    )
    store = await open_store(data)
    await store.write(lambda records: records.consultations.purge(GONE))
    await store.close()
    # on another machine: the master key, and what was deleted since
    restored.mkdir()
    for name in ("master.key", "purged.log"):
        shutil.copyfile(data / name, restored / name)
    url = await database_url(restored)
    await asyncio.to_thread(
        tool, "pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={url}", dump
    )
    status, said = await command(restored, "scripts.restore")
    assert (status, "Say what becomes of them: --open close" in said) == (1, True), said
    status, said = await command(restored, "scripts.restore", "--open", "close")
    assert status == 0, said
    assert "Sessions: 1; of them closed now: 1, open or planned: 0;" in said
    after = await Store.open(restored, None, database_url=url)
    assert await after.read.consultations.ids() == [OPEN]
    assert await databases.run(after, "SELECT * FROM web_session") == []
    (notice,) = await after.read.notices.of_consultation(OPEN)
    await after.close()
    assert notice.state != "pending"
