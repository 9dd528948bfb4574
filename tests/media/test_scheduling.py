"""Who serves gets a processor soon after it wakes up; who computes for long waits for its turn."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from media.scheduling import SHORT, slice_of
from tests.web_process import web_process

pytestmark = pytest.mark.slow

HAS_SLICES = tuple(int(part) for part in platform.release().split(".")[:2]) >= (6, 12)
"Whether this Linux lets a thread choose its slice."


def slice_after(*asked: str) -> int:
    """The slice of a process that has asked for these in turn, by names of `media.scheduling`."""
    asks = "".join(f"assert scheduling.take_turns(scheduling.{name});" for name in asked)
    program = f"from media import scheduling; {asks} print(scheduling.slice_of(0))"
    return int(subprocess.check_output([sys.executable, "-c", program]))


def test_a_slice_is_taken_and_given_back() -> None:
    usual = slice_of(os.getpid())
    assert slice_after("SHORT") == (SHORT if HAS_SLICES else usual)
    assert slice_after("SHORT", "USUAL") == usual


def test_priority_stays() -> None:
    program = (
        "import os; from media.scheduling import SHORT, take_turns; os.nice(7); take_turns(SHORT);"
        "print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    assert int(subprocess.check_output([sys.executable, "-c", program])) == min(19, nice + 7)


def workers_of(web: int) -> list[int]:
    """The processes of the relay that a server has started."""
    children = Path(f"/proc/{web}/task/{web}/children").read_text().split()
    is_worker = b"media.relay.worker"
    return [
        int(each) for each in children if is_worker in Path(f"/proc/{each}/cmdline").read_bytes()
    ]


async def test_web_and_relay_ask_for_short_ones(tmp_path: Path) -> None:
    settings = {"TELECONNECT_RELAY_WORKERS": "1", "TELECONNECT_RELAY_PORT": "0"}
    async with web_process(tmp_path, first=True, afresh=True, **settings) as (web, _):
        workers = workers_of(web.pid)
        assert len(workers) == 1
        short = SHORT if HAS_SLICES else slice_of(os.getpid())
        assert [slice_of(each) for each in (web.pid, *workers)] == [short, short]
