"""Runs benchmarks by name, prints their tables and writes their numbers.

Lives apart from the benchmarks: they know nothing of the command line or of each other.
"""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from scripts import benchmarks


class Benchmark(Protocol):
    """What a module of this package offers."""

    __doc__: str | None

    def run(self) -> dict[str, Any]: ...

    def table(self, result: dict[str, Any]) -> str: ...


class WithOptions(Benchmark, Protocol):
    """One that can be told more on the command line, and can fail. It is run only by name."""

    def options(self, parser: argparse.ArgumentParser) -> None: ...

    def run_with(self, chosen: argparse.Namespace) -> dict[str, Any]: ...

    def failed(self, result: dict[str, Any]) -> bool: ...


def names(folder: Path) -> list[str]:
    """The benchmarks of the folder, files and packages; a leading underscore marks helpers."""
    found = [file.stem for file in folder.glob("*.py")]
    found += [file.parent.name for file in folder.glob("*/__init__.py")]
    return sorted(name for name in found if not name.startswith("_"))


def machine() -> dict[str, str | int]:
    """The facts about this machine on which the numbers depend."""
    return {
        "processor": _processor(Path("/proc/cpuinfo")),
        "cores": len(os.sched_getaffinity(0)),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "kernel": f"{platform.system()} {platform.release()}",
    }


def _processor(cpuinfo: Path) -> str:
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            field, _, value = line.partition(":")
            if field.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def load(name: str) -> Benchmark:
    return cast(Benchmark, importlib.import_module(f"{benchmarks.__name__}.{name}"))


def with_options(name: str) -> WithOptions | None:
    """The benchmark, if it has options of its own."""
    benchmark = load(name)
    return cast(WithOptions, benchmark) if hasattr(benchmark, "options") else None


def run_alone(name: str, benchmark: WithOptions, arguments: Sequence[str]) -> int:
    """Run one with its own options; the status of the command."""
    parser = argparse.ArgumentParser(
        prog=f"scripts/bench {name}",
        description=benchmark.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    benchmark.options(parser)
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the numbers there too")
    chosen = parser.parse_args(arguments)
    facts = machine()
    print(", ".join(f"{field}: {value}" for field, value in facts.items()), flush=True)
    try:
        result = benchmark.run_with(chosen)
    except ValueError as error:
        parser.error(str(error))
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": facts, name: result}, indent=2) + "\n")
    print(benchmark.table(result), flush=True)
    return int(benchmark.failed(result))


def main(arguments: Sequence[str]) -> int:
    known = names(Path(benchmarks.__path__[0]))
    if arguments and arguments[0] in known and (one := with_options(arguments[0])):
        return run_alone(arguments[0], one, arguments[1:])
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures speed and size and prints a table for each benchmark.",
        epilog=f"Benchmarks: {', '.join(known) or 'none yet'}.",
    )
    parser.add_argument(
        "name",
        nargs="*",
        help="which to run; without a name all but those with options of their own",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the numbers there too")
    options = parser.parse_args(arguments)
    for name in options.name:
        if name not in known:
            parser.error(f"no benchmark named {name}; there are: {', '.join(known) or 'none'}")
        if with_options(name):
            parser.error(f"{name} has options of its own: it is run alone, as the first word")

    facts = machine()
    print(", ".join(f"{field}: {value}" for field, value in facts.items()), flush=True)
    results: dict[str, dict[str, Any]] = {}
    for name in options.name or [name for name in known if not with_options(name)]:
        benchmark = load(name)
        print(f"\n{name}: {(benchmark.__doc__ or '').partition(chr(10))[0]}", flush=True)
        results[name] = benchmark.run()
        print(benchmark.table(results[name]), flush=True)
        if options.json:
            # After each benchmark, so that an interrupted run keeps its results so far.
            options.json.write_text(json.dumps({"machine": facts, **results}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
