"""A command that fails says so in one line, with status 1 or 2, and leaves nothing behind."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts.commands import Commands, Ended
from tests.scripts.stored import fill, look, notes

LONG = "9" * 20
NO_DATA = {
    ("scripts.set_password", "--email", "a@example.org", "--link"): r"There is no database in {}\.",
    (
        "scripts.rotate_master_key",
    ): r"The master key was not replaced. There is no database in {}\.",
    ("scripts.backup", "{}/sets"): r"No backup was made. There is no database in {}\.",
    ("scripts.audit", "verify"): r"There is no data in the folder {}\.",
    ("scripts.create_account", "--email", "a@example.org", "--name", "A"): (
        r"No password was given: type it, or use --password-stdin\."
    ),
    ("scripts.restore", "{}/sets/none"): r"Nothing was restored. {}/sets/none is no complete .*\.",
}
"Command -> its message where nothing was ever stored."


def refused(commands: Commands, data_dir: Path, *arguments: str) -> Ended:
    module, *rest = [each.format(data_dir) for each in arguments]
    return commands.run(module, *rest, TELECONNECT_DATA_DIR=str(data_dir))


@pytest.mark.parametrize("arguments", NO_DATA, ids=lambda arguments: arguments[0])
def test_where_nothing_is_stored_a_command_says_so_and_stores_nothing(
    commands: Commands, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    data_dir = tmp_path / "data"
    ended = refused(commands, data_dir, *arguments)
    assert ended.status == 1, ended.err
    [*_, sentence] = ended.err.splitlines()
    assert re.fullmatch(NO_DATA[arguments].format(*[data_dir] * 2), sentence), ended.err
    assert "Traceback" not in ended.err
    if "restore" not in arguments[0]:  # which works on a new folder too
        assert not data_dir.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *(("scripts.backup", "{}/sets", "--keep-days", days) for days in ("nan", "inf", "1e12", "-1")),
        *(
            ("scripts.audit", "verify", "--head", head)
            for head in (f"{LONG}:{'0' * 64}", "1:aa", "1", "x:", f"-1:{'0' * 64}")
        ),
        ("scripts.audit", "show", "--since", "yesterday"),
        ("scripts.create_account", "--email", "a@b.example", "--name", "A", "--language", "xx"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_argument_that_cannot_be_is_refused(
    commands: Commands, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    fill(tmp_path, 1)
    ended = refused(commands, tmp_path, *arguments)
    assert ended.status == 2
    [*_, sentence] = ended.err.splitlines()
    assert re.search(r"error: argument --[a-z-]+: (must be|expected one argument)", sentence), (
        sentence
    )
    assert look(tmp_path).notes == notes(1)


def test_whoever_reads_only_the_beginning_of_the_log_sees_no_traceback(
    commands: Commands, tmp_path: Path
) -> None:
    fill(tmp_path, 1)
    assert refused(commands, tmp_path, "scripts.backup", "{}/sets").status == 0
    shell = f"TELECONNECT_DATA_DIR={tmp_path} {sys.executable} -m scripts.audit show | true"
    ended = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
