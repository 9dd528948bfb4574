"""Running esbuild, which turns modules and style sheets into what older engines read."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[2]
_PATIENCE = 60
"Seconds; it takes less than one."


class NotCompiled(Exception):
    """Why there are no bundles, as a part of a sentence for the operator."""


class CompilerMissing(NotCompiled):
    pass


@dataclass(frozen=True)
class Compiled:
    files: Mapping[str, bytes]
    "By their paths below the output folder."
    imports: Mapping[str, tuple[str, ...]]
    "File -> the files that it imports at once."
    sources: Mapping[str, frozenset[str]]
    "File -> what it was made of."


@cache
def _installed() -> str | None:
    return next(
        (str(each) for each in sorted(_ROOT.glob("node_modules/@esbuild/*/bin/esbuild"))), None
    )


def installed_in() -> Path | None:
    """The `node_modules` of this checkout, if esbuild is there."""
    return _ROOT / "node_modules" if _installed() else None


@cache
def version() -> bytes:
    """What changes with esbuild. Raises NotCompiled if there is none."""
    if program := _installed():
        return (Path(program).parents[1] / "package.json").read_bytes()
    return _run([compiler(), "--version"], _ROOT).stdout.encode()


@cache
def compiler() -> str:
    """Path of esbuild: of `npm ci` in this checkout, or on PATH. Raises CompilerMissing."""
    if installed := _installed():
        return installed
    if found := shutil.which("esbuild"):
        return found
    raise CompilerMissing("esbuild is not installed")


def compile_files(
    sources: Mapping[str, bytes], entries: Iterable[str], options: Iterable[str]
) -> Compiled:
    """Run esbuild on these sources, by their paths below one folder. Raises NotCompiled.

    A warning of esbuild is an error: it warns of what cannot be written for an engine.
    """
    program = compiler()
    with TemporaryDirectory(prefix="front-end-") as name:
        folder = Path(name)
        for path, content in sources.items():
            place = folder / "from" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        command = [
            program, *entries, *options, "--outdir=../to", "--outbase=.", "--metafile=../meta.json",
            "--charset=utf8", "--log-level=warning", "--log-limit=20", "--color=false",
        ]  # fmt: skip
        ran = _run(command, folder / "from")
        if ran.returncode or ran.stderr.strip():
            raise NotCompiled(f"esbuild refuses: {ran.stderr.strip()}")
        made = json.loads((folder / "meta.json").read_bytes())["outputs"]
        names = {path: path.removeprefix("../to/") for path in made}
        return Compiled(
            {short: (folder / "to" / short).read_bytes() for short in names.values()},
            {
                names[path]: tuple(
                    names[each["path"]]
                    for each in output["imports"]
                    if each["kind"] == "import-statement"
                )
                for path, output in made.items()
            },
            {names[path]: frozenset(output["inputs"]) for path, output in made.items()},
        )


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Raises NotCompiled if it cannot be run, or does not end."""
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotCompiled(f"esbuild does not run: {error}") from error
