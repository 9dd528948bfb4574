"""The bundles of the real front end: few files, the same at every start, and none without its page."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from web.bundles.bundling import CURRENT, OLDER, Bundles, bundle
from web.bundles.compiler import NotCompiled
from web.bundles.modules import FIRST_PAGES, Modules
from web.static_files import read_sources

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


@cache
def bundles(targets: tuple[str, ...]) -> Bundles:
    return bundle(read_sources(), targets)


@pytest.mark.parametrize("targets", [CURRENT, OLDER])
def test_a_page_by_link_loads_two_scripts(targets: tuple[str, ...]) -> None:
    made = bundles(targets)
    for page in FIRST_PAGES:
        assert made.beside[page] == ("js/shared/core.js", page)
    assert made.beside["js/pages/lobby.js"] == (
        "js/shared/core.js", "js/shared/desk.js", "js/pages/lobby.js",
    )  # fmt: skip


@pytest.mark.parametrize("targets", [CURRENT, OLDER])
def test_what_is_asked_for_by_name_is_there_and_nothing_tells_of_the_sources(
    targets: tuple[str, ...],
) -> None:
    made = bundles(targets)
    assert {*Modules.of(scripts()).entries} <= made.files.keys()
    assert {"js/boot.js", "js/too-old.js"} <= made.files.keys()
    for name, content in made.files.items():
        assert name.endswith((".js", ".css")), name
        assert b"sourceMappingURL" not in content, name
        assert b"list-core" not in content, name
        assert {*made.beside[name]} <= made.files.keys() if name in made.beside else True


def scripts() -> dict[str, bytes]:
    return {name: text for name, text in read_sources().items() if name.endswith(".js")}


def test_the_same_sources_make_the_same_files() -> None:
    assert bundle(read_sources(), CURRENT) == bundles(CURRENT)


def test_source_maps_lead_to_the_lines_that_were_written() -> None:
    made = bundle(read_sources(), CURRENT, source_maps=True)
    assert b"sourceMappingURL=session.js.map" in made.files["js/pages/session.js"]
    assert b'"../../../from/js/pages/session.js"' in made.files["js/pages/session.js.map"]


def test_debians_compiler_serves_older_engines_as_well(tmp_path: Path) -> None:
    """Where there is no npm: what it writes is looked at as the locked one's is by `scripts/check`."""
    without_the_locked_one(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/esbuild").symlink_to("/usr/bin/esbuild")
    made = subprocess.run(
        [sys.executable, "-m", "web.bundles"], cwd=tmp_path, capture_output=True, check=True,
        env={**os.environ, "PATH": str(tmp_path / "bin"), "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    looked = subprocess.run(
        ["node", "tests/javascript/floor.js"], cwd=ROOT, input=made.stdout, capture_output=True
    )
    assert looked.returncode == 0, looked.stdout.decode() + looked.stderr.decode()


def test_what_is_no_program_is_refused_with_its_place() -> None:
    sources = read_sources() | {"js/pages/landing.js": b"const const = 1;\n"}
    with pytest.raises(NotCompiled, match=r"js/pages/landing\.js:1:"):
        bundle(sources, CURRENT)


def test_what_cannot_be_written_for_older_engines_is_refused() -> None:
    sources = read_sources()
    sources["js/pages/landing.js"] += b"export const huge = 2n ** 64n;\n"
    with pytest.raises(NotCompiled, match=r"BigInt|Big integer"):
        bundle(sources, OLDER)


def without_the_locked_one(folder: Path) -> None:
    """The server's sources in a folder without what npm installs."""
    unneeded = shutil.ignore_patterns("fonts", "guide", "__pycache__")
    shutil.copytree(ROOT / "web", folder / "web", ignore=unneeded)


def test_without_the_compiler_the_sources_are_served_and_the_log_says_so(tmp_path: Path) -> None:
    without_the_locked_one(tmp_path)
    program = (
        "import logging; logging.basicConfig();"
        "from web.static_files import StaticFiles; files = StaticFiles.load();"
        "assert files.older is files.current;"
        "assert 'js/room/chat/chat.js' in files.current.files;"
        "print(*files.current.scripts(['js/pages/session.js']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip().endswith("/js/pages/session.js")
    assert "esbuild is not installed" in ran.stderr
