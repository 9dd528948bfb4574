"""A wheel built from this tree has every file that serving needs, and serves where it is installed."""

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import ZipFile

import aiohttp
import pytest

from web.bundles.compiler import compiler

ROOT = Path(__file__).parents[2]
PACKAGES = ("media", "scripts", "signaling", "storage", "web")
ENVIRONMENT = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
NOT_SHIPPED = re.compile(r"(^|/)(__pycache__|build)/|\.(pyc|so|o)$|\.egg-info/")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, without network, by the setuptools of the lock."""
    folder = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.so")
        )
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", "--wheel-dir", folder / "dist", folder],
        check=True, env=ENVIRONMENT,
    )  # fmt: skip
    (built,) = (folder / "dist").glob("teleconnect-*.whl")
    return built


def shipped(path: str) -> bool:
    """Whether a file of the packages has to be in the wheel; scripts without a suffix do not."""
    return not NOT_SHIPPED.search(path) and "." in Path(path).name


def test_it_has_every_file_of_the_packages(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    wanted = {path for path in listed if shipped(path) and (ROOT / path).exists()}
    assert len(wanted) > 400
    with ZipFile(wheel) as archive:
        found = set(archive.namelist())
    assert {path for path in wanted - found if not path.endswith((".c", ".h"))} == set()


@pytest.fixture
def site(wheel: Path, tmp_path: Path) -> Path:
    """Where the wheel is installed."""
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--no-compile", "--target", site, wheel],
        check=True, env=ENVIRONMENT,
    )  # fmt: skip
    return site


@contextlib.asynccontextmanager
async def served(site: Path, folder: Path, **settings: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the server that is installed there, with its data in a folder."""
    environment = {
        **ENVIRONMENT,
        "PORT": "0",
        "PYTHONPATH": str(site),  # before the packages of this tree, which are installed as well
        "TELECONNECT_DATA_DIR": str(folder / "data"),
        "TELECONNECT_RELAY_WORKERS": "0",
        **settings,
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web", cwd=folder, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert running.stdout is not None
    try:
        async with asyncio.timeout(120):
            printed = (await running.stdout.readline()).decode()
        found = re.search(r"serves at (http://localhost:\d+)", printed)
        assert found is not None, printed
        async with aiohttp.ClientSession(found[1]) as http:
            yield http
    finally:
        running.terminate()
        async with asyncio.timeout(120):
            await running.wait()


async def page_and_style(http: aiohttp.ClientSession) -> tuple[str, str]:
    """The page of the sign-in in French, and its style sheet."""
    async with http.get("/signin", headers={"Accept-Language": "fr"}) as answer:
        page = await answer.text()
    style = re.search(r"/static/\w+/css/base\.css", page)
    assert style is not None
    async with http.get(style[0]) as answer:
        assert answer.status == 200
        return page, await answer.text()


async def test_it_serves_where_it_is_installed(site: Path, tmp_path: Path) -> None:
    french = site / "signaling/locales/fr.po"  # as only this copy has it
    french.write_text(french.read_text("utf-8").replace("Se connecter", "Entrez ici"), "utf-8")
    async with served(site, tmp_path) as http:
        page, style = await page_and_style(http)
        assert "Entrez ici" in page
        assert "{" in style


ESBUILD = """#!/bin/sh
echo "$1" >> {log}
exec {program} "$@"
"""


@pytest.fixture
def esbuild(tmp_path: Path) -> tuple[Path, Path]:
    """An `esbuild` that logs what it is called with first, and its log."""
    program, log = tmp_path / "bin" / "esbuild", tmp_path / "log"
    program.parent.mkdir()
    program.write_text(ESBUILD.format(log=log, program=compiler()))
    program.chmod(0o755)
    return program, log


async def test_a_start_takes_the_bundles_that_an_earlier_one_made(
    site: Path, tmp_path: Path, esbuild: tuple[Path, Path]
) -> None:
    program, log = esbuild
    path = f"{program.parent}:{os.environ['PATH']}"
    async with served(site, tmp_path, PATH=path) as http:
        _page, style = await page_and_style(http)
    made = log.read_text().split()
    assert len(made) > 1
    assert "\n" not in style.strip(), "it is made smaller"
    async with served(site, tmp_path, PATH=path) as http:
        assert (await page_and_style(http))[1] == style
    assert log.read_text().split() == [*made, "--version"]
