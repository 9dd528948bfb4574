"""The data folder is accessible to its owner alone, however it was before."""

import asyncio
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage import data_folder
from storage.backup.backing_up import STAGING
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from tests.scripts.stored import fill
from tests.system.test_kill import process

NOBODY = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_folder(parent: Path) -> Path:
    """A data folder as another version or a careless operator may have left it."""
    data_dir = parent / "data"
    data_dir.mkdir()
    fill(data_dir, 1)
    (data_dir / "outbox").mkdir()
    (data_dir / "outbox" / "notice-1.eml").write_text("Dear Amina")
    (data_dir / "teleconnect.sqlite3-wal").write_bytes(b"")
    for path in data_dir.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    data_dir.chmod(0o755)
    return data_dir


def test_permissions_of_others_are_removed_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data_dir = open_folder(tmp_path)
    with caplog.at_level(logging.WARNING):
        data_folder.prepare(data_dir)
    paths = [data_dir, *data_dir.rglob("*")]
    assert len(paths) >= 6
    assert [path for path in paths if mode(path) & 0o077] == []
    assert mode(data_dir) == 0o700
    assert mode(data_dir / "master.key") == 0o600
    assert "Others than the owner could use master.key" in caplog.text
    caplog.clear()
    data_folder.prepare(data_dir)
    assert caplog.text == ""


def test_permissions_behind_links_are_removed_too(tmp_path: Path) -> None:
    data_dir = open_folder(tmp_path)
    key = tmp_path / "kept elsewhere"
    (data_dir / "master.key").rename(key)
    (data_dir / "master.key").symlink_to(key)
    (data_dir / "leads nowhere").symlink_to(tmp_path / "absent")
    (tmp_path / "link").symlink_to(data_dir)
    data_folder.prepare(tmp_path / "link")
    assert mode(data_dir) == 0o700
    assert mode(key) == 0o600
    assert mode(data_dir / "teleconnect.sqlite3") == 0o600


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Run as another user than root."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(own)


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of that user, at a path that is accessible to them."""
    with TemporaryDirectory() as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, -1)
        yield Path(name)


def test_a_readable_key_that_cannot_be_protected_is_refused(theirs: Path) -> None:
    (theirs / "master.key").symlink_to("/etc/passwd")
    with as_somebody_else(), pytest.raises(StorageError, match="can be read by others, and that"):
        data_folder.mend_permissions(theirs)


def test_another_file_that_cannot_be_protected_is_only_logged(
    theirs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (theirs / "notes").symlink_to("/etc/passwd")
    with as_somebody_else():
        data_folder.mend_permissions(theirs)
    assert "can use notes, and that could not be mended" in caplog.text


def test_leftovers_of_a_killed_backup_are_removed_unless_one_is_running(tmp_path: Path) -> None:
    staging = tmp_path / STAGING
    staging.mkdir()
    with DataFolderLock.back_up(tmp_path):
        data_folder.prepare(tmp_path)
        assert staging.exists()
    with DataFolderLock.serve(tmp_path):
        data_folder.prepare(tmp_path)
    assert not staging.exists()


@pytest.mark.slow
@pytest.mark.sqlite
async def test_a_server_creates_nothing_that_others_can_use(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o755)
    async with process(data_dir, first=True, afresh=True):
        paths = await asyncio.to_thread(lambda: [data_dir, *data_dir.rglob("*")])
        assert any(path.name.endswith("-wal") for path in paths)
        assert [path for path in paths if mode(path) & 0o077] == []
