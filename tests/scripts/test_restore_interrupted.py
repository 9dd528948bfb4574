"""A killed restore leaves the old state or the new one; no partial state is ever read."""

import asyncio
import shutil
from pathlib import Path

import pytest

from storage.backup import restored_folder
from storage.errors import StorageError
from storage.files.folder_parts import FILES
from storage.store import Records, Store
from tests.scripts.commands import Commands
from tests.scripts.restores import BACKUP, RESTORE, backed_up, purge
from tests.scripts.stored import fill, look, notes


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def test_a_restore_that_was_decided_is_finished_by_the_next_start(
    commands: Commands, data_dir: Path
) -> None:
    """No other process can read the partial state."""
    fill(data_dir, 1)
    whole = backed_up(commands, data_dir)
    fill_more(data_dir)
    staging = restored_folder.begin(data_dir)
    shutil.copyfile(whole / "teleconnect.sqlite3", staging / "teleconnect.sqlite3")
    (data_dir / "teleconnect.sqlite3-wal").write_bytes(b"of the old database")
    restored_folder.decide(data_dir)
    with pytest.raises(StorageError, match="A restore of"):
        restored_folder.refuse_half(data_dir)
    assert "was interrupted" in commands.run(
        BACKUP, data_dir.parent / "sets", TELECONNECT_DATA_DIR=str(data_dir)
    ).err  # fmt: skip
    assert look(data_dir).notes == notes(1)
    assert not list(data_dir.glob(".re*"))


def fill_more(data_dir: Path) -> None:
    async def work(records: Records) -> None:
        await records.settings.put("later", "than the backup")

    async def run() -> None:
        store = await Store.open(data_dir, None)
        try:
            await store.write(work)
        finally:
            await store.close()

    asyncio.run(run())


def killed_again_and_again(commands: Commands, data_dir: Path, kills: int) -> None:
    """Whenever a kill comes, the next start finds the old state or the new one, complete."""
    fill(data_dir, 3)
    files = data_dir / FILES / "session-0001"
    files.mkdir(parents=True)
    (files / "before-the-backup.large").write_bytes(b"sealed")
    whole = backed_up(commands, data_dir)
    (files / "before-the-backup.large").rename(files / "after-the-backup.large")
    asyncio.run(purge(data_dir, "session-0000"))
    old = data_dir.parent / "old"
    shutil.copytree(data_dir, old)
    both = set()
    arguments = (whole, "--replace", "--open", "keep")
    for _ in commands.kills(kills, RESTORE, *arguments, TELECONNECT_DATA_DIR=str(data_dir)):
        seen = look(data_dir)
        assert sorted(seen.notes) == ["session-0001", "session-0002"]
        both.add("restore" in seen.audit)
        assert seen.audit in ([], ["backup"], ["restore"])
        since = "before" if "restore" in seen.audit else "after"
        assert [each.name for each in files.iterdir()] == [f"{since}-the-backup.large"]
        assert not list(data_dir.glob(".re*"))
        shutil.rmtree(data_dir)
        shutil.copytree(old, data_dir)
    assert both


def test_a_kill_leaves_the_old_state_or_the_new(commands: Commands, data_dir: Path) -> None:
    killed_again_and_again(commands, data_dir, 2)


@pytest.mark.soak
def test_a_hundred_kills_leave_the_old_state_or_the_new(commands: Commands, data_dir: Path) -> None:
    killed_again_and_again(commands, data_dir, 100)
