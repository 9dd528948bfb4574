"""The documents tell the truth: settings, commands, addresses, errors."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.access import document
from signaling import errors
from signaling.wire.messages import CLOSE_CODES
from web.config import SETTINGS, load, unknown_settings
from web.handlers import HANDLERS
from web.routes import PATHS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PROTOCOL = (ROOT / "signaling/wire/PROTOCOL.md").read_text("utf-8")
SCRIPTS = sorted(
    path.name
    for path in (ROOT / "scripts").iterdir()
    if path.is_file() and path.suffix == "" and os.access(path, os.X_OK)
)
MODULES = sorted(
    f"scripts.{path.stem}"
    for path in (ROOT / "scripts").glob("*.py")
    if "__main__" in path.read_text("utf-8")
)


def table(document: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    rows = document.split(heading, 1)[1].split("\n| ", 1)[1].split("\n\n", 1)[0]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]
    return cells[2:]


def test_the_readme_lists_every_setting_as_the_program_does() -> None:
    expected = [
        [
            f"`{setting.name}`",
            f"`{setting.default}`" if setting.default else "",
            setting.meaning + (" Secret." if setting.secret else ""),
        ]
        for setting in SETTINGS
    ]
    assert table(README, "## Settings") == expected


def test_the_defaults_are_a_working_configuration() -> None:
    given = {setting.name: setting.default for setting in SETTINGS}
    assert load(given) == load({})
    assert unknown_settings({**given, "TELECONNECT_SMPT_URL": ""}) == ["TELECONNECT_SMPT_URL"]


def test_only_the_configuration_reads_the_environment() -> None:
    for package in ("signaling", "storage", "web", "media"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text("utf-8")
            if path.name != "config.py":
                assert "os.environ" not in text, path
                assert "getenv" not in text, path


def test_every_setting_that_the_readme_names_exists() -> None:
    known = {setting.name for setting in SETTINGS}
    assert set(re.findall(r"TELECONNECT_[A-Z_]*[A-Z]", README)) <= known


def every_error(kind: type[errors.TeleConnectError]) -> set[str]:
    """Codes of the tree in signaling/errors.py; what is raised for webhooks reaches no socket."""
    children = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return {kind.code}.union(*(every_error(child) for child in children))


def test_the_protocol_lists_every_error_code() -> None:
    listed = {row[0].strip("`") for row in table(PROTOCOL, "## Refusals")}
    assert listed == every_error(errors.TeleConnectError)


def test_the_protocol_lists_every_close_code() -> None:
    listed = {row[1].strip("`"): int(row[0]) for row in table(PROTOCOL, "## The end")}
    assert listed == CLOSE_CODES


def test_the_table_of_access_is_the_one_that_is_asked() -> None:
    assert (ROOT / "docs/access.md").read_text("utf-8") == document()


def test_every_handler_has_an_address() -> None:
    assert {name for _, name in HANDLERS} <= set(PATHS)


def test_the_readme_names_every_script() -> None:
    for script in SCRIPTS:
        assert f"`scripts/{script}`" in README
    for module in MODULES:
        assert f"python -m {module}" in README


@pytest.mark.slow
@pytest.mark.parametrize("command", [["-m", "web"], *(["-m", module] for module in MODULES)])
def test_every_command_answers_help(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.lower().startswith("usage")
    if command == ["-m", "web"]:
        assert all(setting.name in ended.stdout for setting in SETTINGS)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_answers_help_without_doing_anything_else(script: str) -> None:
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        [ROOT / "scripts" / script, "--help"], capture_output=True, text=True, timeout=240,
        env=environment,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "usage" in ended.stdout.lower()
