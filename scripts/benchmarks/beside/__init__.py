"""Benchmarks of this build and of another commit's, in turn: medians, and the ratios of the pairs.

    scripts/bench beside 500fe084 chat sockets --rounds 3

Each build runs its own benchmarks in a folder of its own, with this one's packages; of each figure that
both of them have the medians count, and the median of the rounds' ratios. What the commit's benchmark
measures may differ: read its text. For the relay and for slow lines there are `scripts/bench relay
--against` and `scripts/bench reach --against`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks._figures import lines
from scripts.benchmarks._reach.builds import ROOT, Build, unpacked
from scripts.traffic.server import temporary_folder


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("commit", help="the build to compare with")
    parser.add_argument("name", nargs="+", help="benchmarks without options of their own")
    parser.add_argument("--rounds", type=int, default=3, help="of both builds (3)")


def run_with(chosen: argparse.Namespace) -> dict[str, Any]:
    """Run the chosen benchmarks of both builds, the first of a round taking turns."""
    rounds: dict[str, list[dict[str, float]]] = {"before": [], "now": []}
    with temporary_folder() as folder:
        try:
            before = unpacked(chosen.commit, folder / "before")
        except subprocess.CalledProcessError:
            raise ValueError(f"there is no commit {chosen.commit}") from None
        builds = [before, Build("now", ROOT)]
        for number in range(chosen.rounds):
            for build in builds if number % 2 == 0 else reversed(builds):
                print(f"round {number + 1}, {build.name}", file=sys.stderr, flush=True)
                found = _measured(build, chosen.name, folder / "figures.json")
                rounds[build.name].append(found)
    return {"commit": chosen.commit, "figures": compared(rounds["before"], rounds["now"])}


def _measured(build: Build, names: Sequence[str], file: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "scripts.benchmarks", *names, "--json", str(file)]
    done = subprocess.run(command, cwd=build.folder, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"the benchmarks of {build.name} failed: {done.stderr.strip()[-800:]}")
    result = json.loads(file.read_text())
    return dict(figures({name: result[name] for name in names}))


def figures(result: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a benchmark's result, each under the way to it."""
    match result:
        case bool():
            return
        case int() | float():
            yield name.lstrip("."), float(result)
        case dict():
            for key, value in result.items():
                yield from figures(value, f"{name}.{key}")
        case list():
            for number, value in enumerate(result):
                yield from figures(value, f"{name}.{number}")


def compared(
    before: Sequence[dict[str, float]], now: Sequence[dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Figure -> its median before and now, and the median of the ratios, round by round."""
    found = {}
    for name in now[0]:
        if any(name not in one or not one[name] for one in (*before, *now)):
            continue
        pairs = [(a[name], b[name]) for a, b in zip(before, now, strict=True)]
        found[name] = {
            "before": median(a for a, _ in pairs),
            "now": median(b for _, b in pairs),
            "ratio": median(b / a for a, b in pairs),
        }
    return found


def table(result: dict[str, Any]) -> str:
    rows = [
        [name, one["before"], one["now"], one["ratio"]] for name, one in result["figures"].items()
    ]
    return lines([["", "before", "now", "ratio"], *rows])


def failed(result: dict[str, Any]) -> bool:
    return not result["figures"]
