"""Processes beside the server let it go first (`web/processes/priority.py`)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
"Needs processes."

ROOT = Path(__file__).parents[2]
ASK = """
import os
from web.processes import priority
os.getloadavg = lambda: ({load}, 0.0, 0.0)
priority.give_way({nice})
print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))
"""


def _after_giving_way(load: float, nice: str = "") -> list[int]:
    """Scheduling class and `nice` value of a process that gave way under this load."""
    said = subprocess.run(
        [sys.executable, "-c", ASK.format(load=load, nice=nice)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [int(word) for word in said.stdout.split()]


def test_with_processors_to_spare_any_other_thread_goes_first() -> None:
    assert _after_giving_way(load=0) == [os.SCHED_IDLE, 19]
    assert _after_giving_way(load=0, nice="10") == [os.SCHED_IDLE, 10]


def test_without_it_keeps_a_share_however_busy_the_rest_is() -> None:
    assert _after_giving_way(load=os.cpu_count() or 1) == [os.SCHED_OTHER, 19]
