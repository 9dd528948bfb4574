"""Tests that fail beside others run again, alone; only those that fail then have failed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.results import failed, main, summary

pytestmark = pytest.mark.slow

MODULE = """
import os, pathlib, pytest

@pytest.fixture
def left_open():
    yield
    assert not BESIDE

BESIDE = "BESIDE" in os.environ
def test_late(): assert not BESIDE
def test_wrong(): assert False, "two lines" + chr(10) + "of it"
def test_right(): pass
def test_untidy(left_open): pass
@pytest.mark.skip
def test_skipped(): pass
"""


def run(folder: Path, name: str, *tests: str, **environment: str) -> Path:
    """Run these tests with pytest, as `scripts/test` does."""
    (folder / "test_some.py").write_text(MODULE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    files = [f"--junit-xml={folder / name}.xml", "-o", f"cache_dir={folder / name}.cache"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-o", "junit_family=xunit2", *files, *tests],
        cwd=folder, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    return folder / name


def test_what_passes_alone_passed_and_is_named(tmp_path: Path) -> None:
    first = run(tmp_path, "run1", "test_some.py", BESIDE="1")
    names = failed([first])
    assert [name.partition("::")[2] for name in names] == ["test_late", "test_wrong", "test_untidy"]
    assert summary([first])[:2] == (1, 3)
    run(tmp_path, "again-run1", *names)
    passed, bad, lines = summary([first])
    assert (passed, bad) == (3, 1)
    heads = [line.removeprefix("test_some::") for line in lines if not line.startswith(" ")]
    assert heads == [
        "test_late: passed when it ran again, alone",
        "test_wrong",
        "test_untidy: passed when it ran again, alone",
    ]
    assert [line for line in lines if "two lines" in line]


def test_a_run_that_came_to_nothing_counts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main("failed", str(tmp_path / "none"))
    main("summary", str(tmp_path / "reasons"), str(tmp_path / "none"))
    assert capsys.readouterr().out == "0 0\n"
    assert (tmp_path / "reasons").read_text() == ""
