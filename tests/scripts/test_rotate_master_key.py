"""Replacing the master key: everything opens with the new one, and nothing with the old."""

import base64
import shutil
import sqlite3
from pathlib import Path

import pytest

from storage.engine.master_key import key_id
from storage.errors import MasterKeyError, WrongMasterKey
from storage.folder.lock import DataFolderLock
from tests.scripts.commands import Commands
from tests.scripts.stored import fill, look, notes
from web.config import ConfigError, load

ROTATE = "scripts.rotate_master_key"
SESSIONS = 20
GIVEN = base64.b64encode(bytes(range(32))).decode()


def rotated(commands: Commands, data_dir: Path, *arguments: object, **environment: str) -> str:
    ended = commands.run(ROTATE, *arguments, TELECONNECT_DATA_DIR=str(data_dir), **environment)
    assert ended.status == 0, ended.err
    return ended.out


def wrapped_keys(data_dir: Path) -> list[bytes]:
    with sqlite3.connect(data_dir / "teleconnect.sqlite3") as connection:
        rows = connection.execute("SELECT wrapped FROM vault_key").fetchall()
        rows += connection.execute("SELECT wrapped FROM sealed_secret").fetchall()
    connection.close()
    return [wrapped for (wrapped,) in rows]


def test_everything_opens_with_the_new_key_and_nothing_with_the_old(
    commands: Commands, tmp_path: Path
) -> None:
    fill(tmp_path, SESSIONS)
    old = (tmp_path / "master.key").read_text()
    old_wrapped = wrapped_keys(tmp_path)
    assert len(old_wrapped) > SESSIONS
    said = rotated(commands, tmp_path)
    audit_key = 1  # made by the line that tells of it
    assert f"keys wrapped anew: {len(old_wrapped) + audit_key}." in said
    assert old.strip() not in said
    seen = look(tmp_path)
    assert seen.notes == notes(SESSIONS)
    assert seen.audit == ["rotate_master_key"]
    assert seen.number_known, "whose reply comes from a number is found by a digest of it"
    with pytest.raises(WrongMasterKey, match=key_id(base64.b64decode(old))):
        look(tmp_path, old)
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(wrapped in everything for wrapped in old_wrapped)
    assert not list(tmp_path.glob("*master.key?*"))


def test_a_sessions_key_that_is_damaged_does_not_keep_the_others_from_it(
    commands: Commands, tmp_path: Path
) -> None:
    fill(tmp_path, SESSIONS)
    with sqlite3.connect(tmp_path / "teleconnect.sqlite3") as connection:
        connection.execute(
            "UPDATE vault_key SET wrapped = zeroblob(60) WHERE consultation_id = 'session-0003'"
        )
    connection.close()
    rotated(commands, tmp_path)
    assert look(tmp_path).notes == notes(SESSIONS) | {"session-0003": ""}


def test_a_key_of_the_settings_is_replaced_by_one_in_a_file(
    commands: Commands, tmp_path: Path
) -> None:
    data_dir, file = tmp_path / "data", tmp_path / "next.key"
    data_dir.mkdir()
    fill(data_dir, 2, key=GIVEN)
    refused = commands.run(ROTATE, TELECONNECT_DATA_DIR=str(data_dir), TELECONNECT_MASTER_KEY=GIVEN)
    assert refused.status == 1
    assert "say with --new-key-file where" in refused.err
    for _ in range(2):  # a second run finds it done
        rotated(commands, data_dir, "--new-key-file", file, TELECONNECT_MASTER_KEY=GIVEN)
    assert file.stat().st_mode & 0o077 == 0
    new = load({"TELECONNECT_MASTER_KEY_FILE": str(file)}).master_key
    assert new is not None
    with pytest.raises(WrongMasterKey, match=f"{key_id(base64.b64decode(new))} is needed"):
        look(data_dir, GIVEN)
    assert look(data_dir, new).notes == notes(2)
    again = commands.run(
        ROTATE, "--new-key-file", file,
        TELECONNECT_DATA_DIR=str(data_dir), TELECONNECT_MASTER_KEY_FILE=str(file),
    )  # fmt: skip
    assert "is the one that is in use" in again.err


def test_a_wrong_key_is_replaced_by_nothing(commands: Commands, tmp_path: Path) -> None:
    fill(tmp_path, 1)
    shutil.copyfile(tmp_path / "teleconnect.sqlite3", tmp_path / "before")
    ended = commands.run(
        ROTATE, "--new-key-file", tmp_path / "next.key",
        TELECONNECT_DATA_DIR=str(tmp_path), TELECONNECT_MASTER_KEY=GIVEN,
    )  # fmt: skip
    assert ended.status == 1
    assert "is needed, this one is" in ended.err
    assert look(tmp_path).notes == notes(1)


def test_nobody_replaces_the_key_under_a_server(commands: Commands, tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with DataFolderLock.serve(tmp_path):
        ended = commands.run(ROTATE, TELECONNECT_DATA_DIR=str(tmp_path))
    assert ended.status == 1
    assert "is using the data folder" in ended.err
    assert look(tmp_path).audit == []


def test_without_a_database_no_key_is_made(commands: Commands, tmp_path: Path) -> None:
    ended = commands.run(ROTATE, TELECONNECT_DATA_DIR=str(tmp_path))
    assert "There is no database" in ended.err
    assert not list(tmp_path.glob("*key*"))


def killed_again_and_again(commands: Commands, data_dir: Path, kills: int) -> None:
    """Whenever a kill comes, the folder opens, and another run completes."""
    fill(data_dir, SESSIONS)
    for _ in commands.kills(kills, ROTATE, TELECONNECT_DATA_DIR=str(data_dir)):
        assert look(data_dir).notes == notes(SESSIONS)
        before = (data_dir / "master.key").read_bytes()
        rotated(commands, data_dir)
        assert (data_dir / "master.key").read_bytes() != before
        assert look(data_dir).notes == notes(SESSIONS)


def test_a_kill_leaves_the_old_key_or_the_new(commands: Commands, tmp_path: Path) -> None:
    killed_again_and_again(commands, tmp_path, 2)


@pytest.mark.soak
def test_a_hundred_kills_leave_the_old_key_or_the_new(commands: Commands, tmp_path: Path) -> None:
    killed_again_and_again(commands, tmp_path, 100)


def test_the_key_comes_from_the_first_place_that_has_one(tmp_path: Path) -> None:
    keys = [base64.b64encode(bytes([number]) * 32).decode() for number in range(3)]
    file = tmp_path / "some.key"
    file.write_text(f"{keys[1]}\n")
    (tmp_path / "master_key").write_text(keys[2])
    everything = {
        "TELECONNECT_MASTER_KEY": keys[0],
        "TELECONNECT_MASTER_KEY_FILE": str(file),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    names = [*everything]
    found = [load({name: everything[name] for name in names[at:]}).master_key for at in range(4)]
    assert found == [*keys, None]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (None, "There is no file {}"),
        (b"", "in {} is not 32 bytes"),
        (b"\xff", "The master key in {} is not 32 bytes in base64"),
    ],
)
def test_a_key_file_of_the_settings_that_holds_no_key_is_named(
    tmp_path: Path, body: bytes | None, sentence: str
) -> None:
    file = tmp_path / "some.key"
    if body is not None:
        file.write_bytes(body)
    with pytest.raises(ConfigError, match=sentence.format(file)):
        load({"TELECONNECT_MASTER_KEY_FILE": str(file)})


def test_a_file_that_holds_no_key_is_refused(commands: Commands, tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (tmp_path / "next.key").write_text("no key")
    ended = commands.run(
        ROTATE, "--new-key-file", tmp_path / "next.key", TELECONNECT_DATA_DIR=str(tmp_path)
    )
    assert "is not 32 bytes in base64" in ended.err
    with pytest.raises(MasterKeyError):
        look(tmp_path, "no key")
    assert look(tmp_path).notes == notes(1)
