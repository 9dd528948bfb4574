"""The eight clients: where each comes from, and the command that runs it.

npm's packages are installed into a folder by the lock file beside them; Pion is built there from
Debian's sources; aiortc is the one of this project's own lock file; GStreamer and the browsers are
the system's.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "clients"
ROOT = Path(__file__).parents[3]
SYSTEM_PYTHON = "/usr/bin/python3"
GO_SOURCES = Path("/usr/share/gocode")


@dataclass(frozen=True)
class Foreign:
    """One client."""

    name: str
    packages: tuple[str, ...] = ()
    "Debian packages that it needs."
    simulcast: bool = False
    asks: bool = True
    "Whether it asks for lost video again (RFC 4585)."
    answers: bool = True
    "Whether it repeats what it is asked for."


CLIENTS = (
    Foreign("werift"),
    Foreign("node-datachannel", asks=False),
    Foreign("wrtc"),
    Foreign(
        "gstreamer",
        (
            "python3-gi",
            "gir1.2-gst-plugins-bad-1.0",
            "gstreamer1.0-nice",
            "gstreamer1.0-plugins-good",
            "gstreamer1.0-plugins-bad",
        ),
    ),
    Foreign("aiortc"),
    Foreign("pion", ("golang-go", "golang-github-pion-webrtc.v3-dev")),
    Foreign("chromium", ("chromium",), simulcast=True),
    Foreign("firefox", ("firefox-esr",), simulcast=True),
)


class Missing(RuntimeError):
    """A client cannot be had here; the sentence says why."""


def installed(package: str) -> str:
    """The version of a Debian package on this machine. Raises Missing."""
    found = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package],
        capture_output=True, text=True,
    )  # fmt: skip
    status, _, version = found.stdout.partition(" ")
    if status != "installed":
        raise Missing(f"apt-get install {package}")
    return version


def prepared(one: Foreign, folder: Path) -> list[str]:
    """Its command, everything that it needs being in the folder. Raises Missing, CalledProcessError."""
    for package in one.packages:
        installed(package)
    module = "scripts.benchmarks._foreign.clients"
    match one.name:
        case "aiortc":
            return [sys.executable, "-m", f"{module}.aiortc_client"]
        case "gstreamer":
            return [SYSTEM_PYTHON, "-m", f"{module}.gstreamer"]
        case "chromium" | "firefox":
            program = shutil.which("firefox-esr" if one.name == "firefox" else "chromium")
            if program is None:
                raise Missing(f"no {one.name} on PATH")
            return [sys.executable, "-m", f"{module}.browser", one.name, program]
        case "pion":
            return [str(_pion(folder / "pion"))]
        case _:
            return ["node", str(_npm(folder / "npm") / f"{one.name}.js")]


def _npm(place: Path) -> Path:
    """The folder with the clients for Node and their packages."""
    place.mkdir(parents=True, exist_ok=True)
    lock = place / "package-lock.json"
    fresh = not (place / "node_modules").exists()
    if fresh or lock.read_bytes() != (SOURCES / "package-lock.json").read_bytes():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, place / name)
        command = ("npm", "ci", "--silent", "--no-audit", "--no-fund")
        subprocess.run(command, cwd=place, check=True)
    for source in SOURCES.glob("*.js"):
        shutil.copy(source, place / source.name)
    return place


def _pion(place: Path) -> Path:
    """The client for Pion, built offline."""
    source = place / "src/client"
    source.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES / "pion.go", source / "main.go")
    # without a module of its own its imports of "/v3" would not be found in a GOPATH
    (source / "go.mod").write_text("module client\n")
    whole = place.absolute()
    variables = [f"GOPATH={whole}:{GO_SOURCES}", f"GOCACHE={whole}/cache", "GO111MODULE=off"]
    program = whole / "client"
    build = ["env", *variables, "go", "build", "-o", str(program), "."]
    subprocess.run(build, cwd=source, check=True)
    return program
