"""The documents tell the truth: settings, commands, addresses, errors."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.access import document
from signaling import errors
from signaling.wire.values import CLOSE_CODES
from web.config import SETTINGS, load, unknown_settings
from web.handlers import HANDLERS
from web.routes import PATHS

ROOT = Path(__file__).parents[1]
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in (".", "docs", "signaling/wire")
    for path in sorted((ROOT / folder).glob("*.md"))
}
FOLDERS = "media|scripts|signaling|storage|web|tests|docs|findings"
PATH = re.compile(
    rf"(?<![\w./-])((?:{FOLDERS})/[\w./-]*\w)|`([\w-]+\.(?:py|js|c|h|md|css))`", re.MULTILINE
)
"A path from the root, or a file's name alone as code."
COMMAND = re.compile(
    r"(?:^|[ (`])(?:(scripts/\w+)(?![\w/.])|\S*python -m ([\w.]+))((?: [^\s#)`|]+)*)", re.M
)
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


def missing_paths(name: str, text: str) -> Iterator[str]:
    """Files and folders that a document names and that are not there.

    A file without its folder stands beside the document or has a name that only one file has.
    """
    for path in sorted({whole or alone for whole, alone in PATH.findall(text)}):
        beside = (ROOT / name).parent / path
        if not (ROOT / path).exists() and not beside.exists() and ("/" in path or NAMES[path] != 1):
            yield f"{name}: {path}"


NAMES = Counter(path.name for folder in FOLDERS.split("|") for path in (ROOT / folder).rglob("*.*"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    assert not list(missing_paths(name, DOCUMENTS[name]))


@pytest.mark.parametrize(
    "text", ["`web/nowhere.py`", "in docs/nothing.md.", "`nowhere.py`", "(tests/no/such/folder)"]
)
def test_a_path_that_does_not_exist_is_found(text: str) -> None:
    assert len(list(missing_paths("docs/architecture.md", text))) == 1


def missing_names(text: str) -> Iterator[str]:
    """Names in the steps of recipes that are in none of the files that the step names."""
    for step in re.findall(r"^\d+\. .*", text, re.MULTILINE):
        paths = [ROOT / whole for whole, _ in PATH.findall(step)]
        texts = [path.read_text("utf-8") for path in paths if path.is_file()]
        for name in re.findall(r"`([A-Za-z_]\w+)`", step):
            if texts and not any(re.search(rf"\b{name}\b", each) for each in texts):
                yield f"{name}: {step[:60]}"


def test_the_recipes_name_what_is_in_their_files() -> None:
    assert not list(missing_names((ROOT / "CONTRIBUTING.md").read_text("utf-8")))
    assert list(missing_names("1. `web/routes.py`: its address in `NO_PATHS`."))


def wrong_commands(text: str) -> Iterator[str]:
    """Commands whose program does not exist, or does not know an option that is given."""
    for script, module, rest in COMMAND.findall(text):
        options = [word.partition("=")[0] for word in rest.split() if word.startswith("--")]
        if script:
            program = ROOT / script
        else:
            program = ROOT / f"{module.replace('.', '/')}.py"
            if not program.is_file():
                program = program.with_suffix("") / "__main__.py"
            if module == "pytest" or not module.startswith(("scripts.", "tests.", "web")):
                continue
        if program.is_dir():
            continue
        if not program.is_file():
            yield f"{script or module}"
            continue
        known = program.read_text("utf-8")
        if script == "scripts/bench":
            folder = ROOT / "scripts/benchmarks"
            words = rest.split()
            named = [folder / f"{word}.py" for word in words]
            named += [folder / word / "__init__.py" for word in words]
            files = [folder / "__main__.py", *(file for file in named if file.is_file())]
            known += "".join(file.read_text("utf-8") for file in files)
        yield from (f"{script or module} {option}" for option in options if option not in known)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_gives_exists(name: str) -> None:
    assert not list(wrong_commands(DOCUMENTS[name]))


@pytest.mark.parametrize(
    "text",
    ["scripts/nothing", "`scripts/test --slow`", "    .venv/bin/python -m scripts.nothing",
     "(python -m scripts.texts --loud)"],
)  # fmt: skip
def test_a_command_that_does_not_exist_is_found(text: str) -> None:
    assert len(list(wrong_commands(text))) == 1


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
