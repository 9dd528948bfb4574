"""What several runs of pytest came to; `scripts/test` asks.

    python -m tests.runs.results failed RUN...
    python -m tests.runs.results summary FILE RUN...

A RUN is a path without its ending: its results are in RUN.xml (JUnit), what failed also in RUN.cache, which
is pytest's. `failed` prints the test's names, a line each. `summary` prints how many passed and how many
failed, and writes why into FILE. A test that failed in `NAME` and passed in `again-NAME`, where it was
alone, passed; FILE names it all the same.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

AGAIN = "again-"
LINES = 8
"Of a message, at most."


def failed(runs: list[Path]) -> list[str]:
    files = [Path(f"{run}.cache", "v/cache/lastfailed") for run in runs]
    return [name for file in files if file.exists() for name in json.loads(file.read_text())]


def _cases(run: Path) -> Iterator[tuple[str, list[str] | None]]:
    """Each test that was not skipped, and why it failed or None."""
    file = Path(f"{run}.xml")
    for case in ElementTree.parse(file).getroot().iter("testcase") if file.exists() else ():
        if case.find("skipped") is not None:
            continue
        reasons = [*case.iter("failure"), *case.iter("error")]
        why = "\n".join(reason.get("message") or "" for reason in reasons).splitlines()
        yield f"{case.get('classname')}::{case.get('name')}", why[:LINES] if reasons else None


def summary(runs: list[Path]) -> tuple[int, int, list[str]]:
    """How many passed and failed, and the lines about those that did not pass at once."""
    passed, bad, lines = 0, 0, list[str]()
    for run in runs:
        once_more = dict(_cases(run.with_name(AGAIN + run.name)))
        found = dict[str, list[str] | None]()
        for name, why in _cases(run):
            # a test that fails and cannot be put away afterwards stands there twice
            found[name] = [*(found.get(name) or []), *why] if why is not None else found.get(name)
        for name, why in found.items():
            if why is None:
                passed += 1
                continue
            only_alone = once_more.get(name, why) is None
            passed, bad = passed + only_alone, bad + (not only_alone)
            lines.append(f"{name}{': passed when it ran again, alone' if only_alone else ''}")
            lines += [f"    {line}" for line in why]
    return passed, bad, lines


def main(what: str, *arguments: str) -> None:
    if what == "failed":
        sys.stdout.writelines(f"{name}\n" for name in failed([Path(each) for each in arguments]))
    else:
        passed, bad, lines = summary([Path(each) for each in arguments[1:]])
        print(passed, bad)
        Path(arguments[0]).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
