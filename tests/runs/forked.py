"""Several runs of pytest side by side, each a fork of one process that has loaded the program.

    python -m tests.runs.forked RESULTS 2 -p tests.runs.taking --take-from=own{}.txt

In the arguments `{}` stands for the number of the run, from 1 on. RESULTS/runN.log has what it prints, but
for the last one, and RESULTS/runN.status how it ended.
"""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest

import tests.people
import web.app
from web.static_files import StaticFiles
from web.texts.catalogs import Catalogs

# What each run would import and make for itself. Nothing that pytest rewrites is among it.
LOADED = (tests.people, web.app)


def main(results: Path, count: int, arguments: list[str]) -> int:
    """0 in the process that waits for the runs, however they end; in a run its exit status."""
    Catalogs.load()
    StaticFiles.load()
    gc.freeze()
    sys.stdout.flush()
    runs = {}
    for number in range(1, count + 1):
        run = os.fork()
        if run == 0:
            if number < count:
                _write_to(results / f"run{number}.log")
            return pytest.main([each.replace("{}", str(number)) for each in arguments])
        runs[run] = number
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # theirs to answer
    while runs:
        run, status = os.wait()
        ended = results / f"run{runs.pop(run)}.status"
        ended.write_text(f"{os.waitstatus_to_exitcode(status)}\n")
    return 0


def _write_to(log: Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())
    os.close(file)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
