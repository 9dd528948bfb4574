"""What root makes in the folder of the server's user is theirs, and what is not is named."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage import data_folder
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.folder.ownership import hand_over
from tests.scripts.commands import Commands
from tests.scripts.stored import fill
from tests.storage.test_data_folder import NOBODY, as_somebody_else

CLOSED = "/etc/shadow"
"A file of root's that nobody else can use."


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of another user than root, at a path that is accessible to them."""
    with TemporaryDirectory() as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, NOBODY)
        yield Path(name)


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    with Commands(tmp_path / "data") as running:
        yield running


def foreign(folder: Path) -> list[Path]:
    """What does not belong to the folder's owner."""
    return [path for path in folder.rglob("*") if path.lstat().st_uid != folder.stat().st_uid]


@pytest.mark.slow
@pytest.mark.sqlite
def test_what_commands_make_belongs_to_the_owner_of_the_folder(
    commands: Commands, theirs: Path, tmp_path: Path
) -> None:
    data_dir, sets, later = theirs / "data", theirs / "sets", theirs / "later"
    for folder in (data_dir, sets, later):
        folder.mkdir()
        os.chown(folder, theirs.stat().st_uid, theirs.stat().st_gid)
    fill(data_dir, 2)
    environment = {"TELECONNECT_DATA_DIR": str(data_dir)}
    for each in (
        ("scripts.backup", sets),
        ("scripts.rotate_master_key",),
        ("scripts.backup", later),
        ("scripts.set_password", "--email", "nurse@example.org", "--link"),
    ):
        ended = commands.run(*each, **environment)
        assert ended.status == 0, ended.err
        assert foreign(theirs) == [], each
    (newest,) = later.iterdir()
    ended = commands.run("scripts.restore", newest, "--replace", "--open", "close", **environment)
    assert ended.status == 0, ended.err
    assert foreign(theirs) == []


def test_a_file_that_has_a_name_elsewhere_too_keeps_its_owner(theirs: Path) -> None:
    with TemporaryDirectory() as elsewhere:
        file = Path(elsewhere) / "kept"
        file.write_text("root's own")
        os.link(file, theirs / "kept")
        (theirs / "folder").mkdir()
        (theirs / "folder" / "alone").touch()
        (theirs / "link").symlink_to(file)
        before = file.stat().st_uid
        hand_over(theirs)
        assert file.stat().st_uid == before
        assert [path for path in foreign(theirs) if path.name != "kept"] == []


@pytest.mark.parametrize(
    "name", ["serving.lock", "master.key", "purged.log", "teleconnect.sqlite3"]
)
def test_a_file_of_another_user_is_named_with_what_to_do(theirs: Path, name: str) -> None:
    (theirs / name).symlink_to(CLOSED)
    with (
        as_somebody_else(),
        pytest.raises(StorageError) as refused,
        DataFolderLock.serve(theirs),
    ):
        data_folder.prepare(theirs)
    sentence = str(refused.value)
    assert f"{theirs / name} belongs to root" in sentence
    assert f"As root: chown -R {theirs.owner()} {theirs}" in sentence


def test_whoever_runs_a_command_as_another_user_is_told_as_whom() -> None:
    with (
        as_somebody_else(),
        pytest.raises(StorageError, match=r"/ belongs to root, .* run it as root"),
    ):
        DataFolderLock.share(Path("/"))
