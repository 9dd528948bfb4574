"""Every Python package is locked, with the digests of its files."""

import re
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = ("x86_64", "aarch64")
LOCKS = {
    "requirements.lock": ("install", "build"),
    "requirements-test.lock": ("install", "build", "test", "development"),
    "requirements-tools.lock": ("tools",),
    "requirements-object-server.lock": ("object-server",),
}


@dataclass
class Locked:
    name: str
    version: Version
    marker: Marker | None
    digests: list[str] = field(default_factory=list)


def read(lock: str) -> list[Locked]:
    """Every package of a lock file. Fails for a line that names no package."""
    found: list[Locked] = []
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if digest := re.fullmatch(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?", line):
            found[-1].digests.append(digest[1])
            continue
        named = re.fullmatch(r"([a-z0-9.-]+)==([\w.]+)(?: ; (.+?))? \\", line)
        assert named, f"{lock}: {line!r} is no package and no digest"
        name, version, marker = named.groups()
        found.append(Locked(name, Version(version), Marker(marker) if marker else None))
    return found


def wanted(*sections: str) -> list[Requirement]:
    """Requirements of setup.cfg: `install` or the name of an extra."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    lists = {"install": setup["options"]["install_requires"], **setup["options.extras_require"]}
    lines = (line for section in sections for line in lists[section].splitlines())
    return [Requirement(line) for line in lines if line.strip()]


def environments() -> Iterator[dict[str, str]]:
    for python in PYTHONS:
        for machine in MACHINES:
            yield {
                **{name: str(value) for name, value in default_environment().items()},
                "python_version": python,
                "python_full_version": f"{python}.1",
                "platform_machine": machine,
                "extra": "",
            }


def for_environment(lock: str, environment: dict[str, str]) -> dict[str, Locked]:
    """Name -> the package installed there. Fails if one package has two versions."""
    found: dict[str, Locked] = {}
    for locked in read(lock):
        if locked.marker is None or locked.marker.evaluate(environment):
            assert locked.name not in found, f"{lock}: {locked.name} twice"
            found[locked.name] = locked
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked_within_its_range(lock: str) -> None:
    for environment in environments():
        locked = for_environment(lock, environment)
        for requirement in wanted(*LOCKS[lock]):
            found = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(found.version), (requirement, found.version)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_nothing_that_a_locked_package_needs_is_missing(lock: str) -> None:
    environment = {name: str(value) for name, value in default_environment().items()}
    locked = for_environment(lock, {**environment, "extra": ""})
    waiting = [(each.name, extra) for each in wanted(*LOCKS[lock]) for extra in ("", *each.extras)]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        try:
            needed = map(Requirement, requires(name) or [])
        except PackageNotFoundError:  # a tool that only the build needs, in another's environment
            continue
        for need in needed:
            if need.marker and not need.marker.evaluate({**environment, "extra": extra}):
                continue
            assert canonicalize_name(need.name) in locked, f"{name} needs {need}"
            for each in ((need.name, part) for part in ("", *need.extras)):
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_digests_and_no_file_names_a_registry(lock: str) -> None:
    assert all(locked.digests for locked in read(lock))
    assert "://" not in (ROOT / lock).read_text("utf-8")


def test_what_serves_is_tested_in_the_same_versions() -> None:
    for environment in environments():
        serving = for_environment("requirements.lock", environment)
        tested = for_environment("requirements-test.lock", environment)
        for name, locked in serving.items():
            assert tested[name].version == locked.version
            assert tested[name].digests == locked.digests


def test_no_registry_is_named_for_javascript_either() -> None:
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock and '"integrity"' in lock
