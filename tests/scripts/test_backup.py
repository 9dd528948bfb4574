"""Backups while the server runs are consistent, complete or absent, and without leftovers."""

import asyncio
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest

from storage.backup.backing_up import back_up
from storage.backup.backup_set import last_backup, read, set_name, sets_in
from storage.backup.checking import check
from storage.engine.master_key import load_master_key
from storage.folder.lock import DataFolderLock
from storage.folder.purged_list import PurgedList, digest
from storage.store import Records, Store
from tests.clock import MovableClock
from tests.people import Person, Refused, consultation_of
from tests.scripts.commands import Commands
from tests.scripts.stored import fill, look, notes
from tests.serving import serving
from web.keys import CLOCK

BACKUP = "scripts.backup"
SESSIONS = 20


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def backed_up(commands: Commands, data_dir: Path, directory: Path, *arguments: object) -> Path:
    ended = commands.run(BACKUP, directory, *arguments, TELECONNECT_DATA_DIR=str(data_dir))
    assert ended.status == 0, ended.err
    return Path(ended.out.split(" holds ")[0])


def plain_rows(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM consultation").fetchone()[0])


def test_a_set_is_complete_and_for_its_owner_alone(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, SESSIONS)
    whole = backed_up(commands, data_dir, tmp_path / "sets")
    assert re.fullmatch(r"teleconnect-\d{8}T\d{6}Z", whole.name)
    manifest = read(whole)
    assert manifest.sessions == SESSIONS
    assert sorted(path.name for path in whole.iterdir()) == [
        "files.tar", "manifest.json", "purged.log", "teleconnect.sqlite3",
    ]  # fmt: skip
    for path in (whole, whole.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in whole.iterdir())
    assert check(whole / "teleconnect.sqlite3").key_id == manifest.key_id
    assert look(data_dir).audit == ["backup"]


def test_sets_of_one_second_are_sets_of_their_own_in_their_order(
    data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, 1)
    key, made_at = load_master_key(None, data_dir), datetime(2026, 12, 7, 23, 59, 59, tzinfo=UTC)
    made = [back_up(data_dir, tmp_path / "sets", key, [], False, made_at)[0] for _ in range(3)]
    assert sets_in(tmp_path / "sets") == made
    assert [read(whole).made_at for whole in made] == [made_at] * 3
    assert made[0].name == set_name(made_at)


def test_what_a_backup_says_is_right_for_any_number(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, 1)
    ended = commands.run(BACKUP, tmp_path / "sets", TELECONNECT_DATA_DIR=str(data_dir))
    assert ended.out.endswith("; sessions: 1; older backups removed: 0.\n")


async def test_what_was_acknowledged_is_in_a_backup_of_a_busy_server(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    async with serving(data_dir) as server, Person(server) as nurse, Person(server) as phone:
        await server.account()
        await nurse.sign_in()
        amina = await phone.enter(invite_id=await phone.join(await nurse.invite()))
        consultation_id = await consultation_of(amina)
        before = [(await amina.say(f"line {number}"))["position"] for number in range(20)]

        async def talk(ended: asyncio.Event) -> None:
            with suppress(Refused):  # who says that much is told to wait
                while not ended.is_set():
                    await amina.say("and on")

        ended = asyncio.Event()
        talking = asyncio.create_task(talk(ended))
        whole = await asyncio.to_thread(backed_up, commands, data_dir, tmp_path / "sets")
        ended.set()
        await talking
    facts = await asyncio.to_thread(check, whole / "teleconnect.sqlite3")
    assert facts.sessions == 1

    def positions() -> list[int]:
        with closing(sqlite3.connect(whole / "teleconnect.sqlite3")) as connection:
            rows = connection.execute(
                "SELECT position FROM chat_message WHERE consultation_id = ? ORDER BY position",
                (consultation_id,),
            ).fetchall()
        return [position for (position,) in rows]

    found = await asyncio.to_thread(positions)
    assert set(before) <= set(found)
    assert found == list(range(1, len(found) + 1))


async def test_a_backup_holds_nothing_of_a_session_that_was_deleted(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    await asyncio.to_thread(fill, data_dir, SESSIONS)
    store = await Store.open(data_dir, None)
    try:
        row = await store._database.read.row("SELECT wrapped FROM vault_key LIMIT 1")
        assert row is not None
        gone = [f"session-{number:04}" for number in range(SESSIONS - 1)]

        async def purge(records: Records) -> None:
            for each in gone:
                await records.consultations.purge(each)

        await store.write(purge)
        whole = await asyncio.to_thread(backed_up, commands, data_dir, tmp_path / "sets")
    finally:
        await store.close()

    def judge() -> None:
        body = (whole / "teleconnect.sqlite3").read_bytes()
        assert row["wrapped"] not in body
        assert b"session-0000" not in body
        assert b"session-0019" in body
        with closing(sqlite3.connect(whole / "teleconnect.sqlite3")) as connection:
            assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
        assert set(PurgedList(whole / "purged.log").read()) == {digest(each) for each in gone}

    await asyncio.to_thread(judge)


def test_an_encrypted_set_opens_for_its_recipient_alone(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, SESSIONS)
    identity = pyrage.x25519.Identity.generate()
    whole = backed_up(
        commands, data_dir, tmp_path / "sets", "--recipient", identity.to_public(), "--with-key"
    )
    files = {path.name: path.read_bytes() for path in whole.iterdir()}
    assert set(files) == {
        "files.tar.age", "manifest.json", "master.key.age", "purged.log", "teleconnect.sqlite3.age",
    }  # fmt: skip
    key = (data_dir / "master.key").read_bytes()
    for body in files.values():
        assert b"SQLite format 3" not in body
        assert key.strip() not in body
    assert pyrage.decrypt(files["master.key.age"], [identity]) == key
    plain = pyrage.decrypt(files["teleconnect.sqlite3.age"], [identity])
    (tmp_path / "plain").write_bytes(plain)
    assert plain_rows(tmp_path / "plain") == SESSIONS
    assert not (data_dir / ".backing-up").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--with-key"], "--with-key needs --recipient"),
        (["--keep", "0"], "--keep must be 1 or more"),
        (["--recipient", "age1nobody"], "'age1nobody' is no public key"),
        (["--recipient", "ssh-dss AAAA"], "'ssh-dss AAAA' is no public key"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    commands: Commands, data_dir: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    fill(data_dir, 1)
    ended = commands.run(BACKUP, tmp_path / "sets", *arguments, TELECONNECT_DATA_DIR=str(data_dir))
    assert ended.status != 0
    assert sentence in ended.err
    assert not list(tmp_path.glob("sets/*"))


def planted(directory: Path, age: timedelta, prefix: str = "") -> Path:
    path = directory / f"{prefix}{set_name(datetime.now(UTC) - age)}"
    path.mkdir(parents=True)
    (path / "teleconnect.sqlite3").write_bytes(b"x")
    return path


def test_older_sets_and_what_was_left_half_done_are_removed(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, 1)
    sets = tmp_path / "sets"
    half = planted(sets, timedelta(hours=1), prefix=".")
    days = [planted(sets, timedelta(days=number)) for number in (1, 2, 3, 40)]
    (sets / "notes.txt").write_text("not ours")
    first = backed_up(commands, data_dir, sets, "--keep-days", 30)
    assert sorted(sets.iterdir()) == sorted([*days[:3], first, sets / "notes.txt"])
    assert not half.exists()
    (data_dir / "last_backup").unlink()
    first.rename(planted(sets, timedelta(minutes=1)) / "moved")
    second = backed_up(commands, data_dir, sets, "--keep", 2)
    left = sorted(path for path in sets.iterdir() if path.is_dir())
    assert len(left) == 2
    assert left[-1] == second


def test_a_damaged_database_is_not_kept_in_place_of_a_whole_one(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, SESSIONS)
    older = planted(tmp_path / "sets", timedelta(days=1))
    with closing(sqlite3.connect(data_dir / "teleconnect.sqlite3")) as connection:
        connection.execute("DELETE FROM account")  # foreign keys are not enforced here
        connection.commit()
    ended = commands.run(BACKUP, tmp_path / "sets", "--keep", 1, TELECONNECT_DATA_DIR=str(data_dir))
    assert ended.status == 1
    assert "is damaged" in ended.err
    assert list((tmp_path / "sets").iterdir()) == [older]


def test_two_backups_at_once_are_refused(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, 1)
    with DataFolderLock.back_up(data_dir):
        ended = commands.run(BACKUP, tmp_path / "sets", TELECONNECT_DATA_DIR=str(data_dir))
    assert ended.status == 1
    assert "Another backup is using" in ended.err


async def test_a_monitor_is_told_the_age_of_the_newest_backup(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    clock = MovableClock(datetime.now(UTC))
    async with serving(data_dir, clock) as server, Person(server) as monitor:
        assert '"backup_age_s": null' in (await monitor.get("/readyz")).text
        await asyncio.to_thread(backed_up, commands, data_dir, tmp_path / "sets")
        made_at = await asyncio.to_thread(last_backup, data_dir)
        assert made_at is not None
        clock.move(made_at + timedelta(hours=30) - server.app[CLOCK].now())
        assert '"backup_age_s": 108000.0' in (await monitor.get("/readyz")).text


@pytest.mark.parametrize("text", ["", "yesterday", "\xff"])
async def test_a_note_that_cannot_be_read_is_no_backup(data_dir: Path, text: str) -> None:
    (data_dir / "last_backup").write_text(text, "latin-1")
    assert await asyncio.to_thread(last_backup, data_dir) is None


def complete_sets(directory: Path) -> list[Path]:
    return [path for path in directory.glob("*") if not path.name.startswith(".")]


def killed_again_and_again(
    commands: Commands, data_dir: Path, sets: Path, kills: int, *arguments: object
) -> None:
    """Whenever a kill comes, there is a complete set or none."""
    fill(data_dir, SESSIONS)
    for _ in commands.kills(kills, BACKUP, sets, *arguments, TELECONNECT_DATA_DIR=str(data_dir)):
        for path in complete_sets(sets):
            assert read(path).sessions == SESSIONS
            shutil.rmtree(path)  # the next one may have the same name
    assert look(data_dir).notes == notes(SESSIONS)
    whole = backed_up(commands, data_dir, sets, *arguments)
    assert list(sets.iterdir()) == [whole]
    assert not (data_dir / ".backing-up").exists()


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_kill_leaves_a_whole_set_or_none(
    commands: Commands, data_dir: Path, tmp_path: Path, encrypted: bool
) -> None:
    killed_again_and_again(commands, data_dir, tmp_path / "sets", 1, *recipient(encrypted))


@pytest.mark.soak
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_hundred_kills_leave_a_whole_set_or_none(
    commands: Commands, data_dir: Path, tmp_path: Path, encrypted: bool
) -> None:
    killed_again_and_again(commands, data_dir, tmp_path / "sets", 100, *recipient(encrypted))


def recipient(encrypted: bool) -> list[str]:
    identity = pyrage.x25519.Identity.generate()
    return ["--recipient", str(identity.to_public())] if encrypted else []


MEASURED = """
from pathlib import Path
from scripts.backup import main
assert main() == 0
lines = Path("/proc/self/status").read_text().splitlines()
print(*[line for line in lines if line.startswith("VmHWM")])
"""
"A backup that prints its peak memory at its end."


@pytest.mark.soak
def test_memory_does_not_grow_with_the_database(
    commands: Commands, data_dir: Path, tmp_path: Path
) -> None:
    fill(data_dir, 1)
    with closing(sqlite3.connect(data_dir / "teleconnect.sqlite3")) as connection:
        for number in range(200):
            connection.execute(
                "INSERT INTO setting VALUES (?, ?)", (f"ballast {number}", "x" * 1_000_000)
            )
        connection.commit()
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "sets"), *map(str, recipient(True))],
        env={**os.environ, "TELECONNECT_DATA_DIR": str(data_dir)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    peak_kib = int(ended.stdout.split()[-2])
    assert peak_kib < 150_000
