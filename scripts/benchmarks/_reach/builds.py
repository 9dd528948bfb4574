"""Builds of the product: another commit in a folder of its own, and servers of either."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAMS = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
FURNISH = """
import asyncio, json, sys
from pathlib import Path
from scripts.traffic.server import furnish
folder, languages = sys.argv[1], sys.argv[2:]
places = asyncio.run(furnish(
    Path(folder), len(languages), state="planned", languages=languages, seated=False,
))
print(json.dumps([place.invite_token for place in places]))
"""
"Run in the folder of a build, whose own code writes its database."


@dataclass(frozen=True)
class Build:
    name: str
    folder: Path

    def furnished(self, data_dir: Path, languages: Sequence[str]) -> list[str]:
        """Tokens of personal links, one for each of the languages."""
        made = subprocess.run(
            [sys.executable, "-c", FURNISH, str(data_dir), *languages],
            cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        tokens: list[str] = json.loads(made.stdout)
        return tokens

    @contextlib.contextmanager
    def serving(
        self, data_dir: Path, port: int, prefix: Sequence[str] = (), **settings: str
    ) -> Iterator[None]:
        """A server of this build by a command that `prefix` begins."""
        with data_dir.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "web"],
                cwd=self.folder,
                env={
                    **PROGRAMS,
                    "PORT": str(port),
                    "TELECONNECT_HOST": "127.0.0.1",
                    "TELECONNECT_DATA_DIR": str(data_dir),
                    "TELECONNECT_RELAY_WORKERS": "0",
                    **settings,
                },
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if "http" not in line:
                raise RuntimeError(f"The server of {self.name} did not start: {line}")
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def unpacked(commit: str, folder: Path) -> Build:
    """The build of a commit, run with this one's packages. Raises CalledProcessError."""
    folder.mkdir()
    packed = folder.with_suffix(".tar")
    subprocess.run(["git", "archive", "-o", str(packed), commit], cwd=ROOT, check=True)
    subprocess.run(["tar", "-xf", str(packed), "-C", str(folder)], check=True)
    packed.unlink()
    (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    return Build("before", folder)
