"""Old engines out of package registries, each unpacked in a folder of its own.

Chromium's shells come from packages of npm, which its own client fetches; Firefox and the two
libraries that today's system no longer has come from an older Debian, by an apt whose lists, status
and cache are in that folder too: the machine's own apt is neither asked nor changed.
"""

import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

UNPACK = """
const fs = require("fs"), zlib = require("zlib");
const [from, to] = process.argv.slice(1);
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)), { mode: 0o755 });
"""
DEBIAN = "bullseye"
FIREFOX_PACKAGES = ("firefox-esr=115.14.0esr-1~deb11u1", "libffi7", "libdbus-glib-1-2")


@dataclass(frozen=True)
class Source:
    """Where an engine comes from."""

    kind: Literal["chromium", "firefox"]
    package: str
    "Name and version in npm; of Firefox the Debian it is from."


@dataclass(frozen=True)
class Engine:
    """A program that can be started."""

    name: str
    kind: Literal["chromium", "firefox"]
    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)


SOURCES = {
    "76": Source("chromium", "chrome-aws-lambda@1.17.1"),
    "87": Source("chromium", "chrome-aws-lambda@5.4.0"),
    "92": Source("chromium", "chrome-aws-lambda@10.1.0"),
    "106": Source("chromium", "@sparticuz/chromium@106.0.2"),
    "119": Source("chromium", "@sparticuz/chromium@119.0.2"),
    "firefox-115": Source("firefox", DEBIAN),
}
"By the name in the table, oldest first."


def fetched(name: str, folder: Path) -> Engine:
    """The engine, fetched into the folder unless it is there. Raises CalledProcessError."""
    source = SOURCES[name]
    place = folder.absolute() / name
    place.mkdir(parents=True, exist_ok=True)
    if source.kind == "chromium":
        return Engine(name, "chromium", _chromium(source.package, place))
    libraries = place / "root/usr/lib/x86_64-linux-gnu"
    return Engine(name, "firefox", _firefox(place), {"LD_LIBRARY_PATH": str(libraries)})


def _chromium(package: str, place: Path) -> Path:
    program = place / "chromium"
    if program.exists():
        return program
    _run("npm", "pack", "--silent", package, folder=place)
    (archive,) = place.glob("*.tgz")
    packed = place / "chromium.br"
    with tarfile.open(archive) as files:
        found = next(
            one
            for one in files
            if one.name.startswith("package/bin/chromium") and one.name.endswith(".br")
        )
        content = files.extractfile(found)
        assert content is not None
        packed.write_bytes(content.read())
    unfinished = place / "unfinished"
    _run("node", "-e", UNPACK, str(packed), str(unfinished), folder=place)
    unfinished.rename(program)
    packed.unlink()
    archive.unlink()
    return program


def _firefox(place: Path) -> Path:
    program = place / "root/usr/lib/firefox-esr/firefox-esr"
    if program.exists():
        return program
    apt = ("-c", str(_write_apt(place)))
    _run("apt-get", *apt, "-qq", "update", folder=place)
    _run("apt-get", *apt, "-qq", "download", *FIREFOX_PACKAGES, folder=place)
    for package in place.glob("*.deb"):
        _run("dpkg-deb", "-x", str(package), str(place / "root"), folder=place)
        package.unlink()
    return program


def _write_apt(place: Path) -> Path:
    """A configuration by which apt knows that Debian alone, at the machine's own mirror."""
    for needed in ("lists/partial", "cache/archives/partial"):
        (place / needed).mkdir(parents=True, exist_ok=True)
    (place / "status").touch()
    (place / "sources.list").write_text(
        f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {_mirror()} {DEBIAN} main\n"
    )
    configuration = place / "apt.conf"
    configuration.write_text(
        f'Dir::State::lists "{place}/lists";\n'
        f'Dir::State::status "{place}/status";\n'
        f'Dir::Etc::sourcelist "{place}/sources.list";\n'
        'Dir::Etc::sourceparts "-";\n'
        f'Dir::Cache "{place}/cache";\n'
        'APT::Sandbox::User "root";\n'
    )
    return configuration


def _mirror() -> str:
    """Where this machine has its main Debian packages from."""
    targets = _run(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE) $(COMPONENT) $(ORIGIN)",
        "Created-By: Packages", folder=Path("/"),
    )  # fmt: skip
    for line in targets.splitlines():
        address, _, rest = line.partition(" ")
        if rest.endswith(" main Debian") and "-" not in rest.partition(" ")[0]:
            return address
    raise RuntimeError("apt knows no mirror of Debian; Firefox 115 is fetched from one")


def _run(*command: str, folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout
