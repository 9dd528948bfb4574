"""kill -9 of the server ends whatever works for it, and the next one gets all of its ports."""

import asyncio
import contextlib
import ctypes
import os
import re
import select
import signal
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest

from signaling.report import PHOTOS_IN_REPORT
from tests.files import Sender, pdf, photo
from tests.people import PATIENCE, Person, consultation_of
from tests.serving import PASSWORD, Server
from tests.web.report.drawing import about, forks
from tests.web_process import Running, web_process
from web.calls.coturn import free_port

pytestmark = pytest.mark.slow

ENDS = {
    "media.relay.worker": 0,  # takes leave of its participants
    "turnserver.conf": -signal.SIGKILL,
    "web.attachments.process": -signal.SIGKILL,
    "web.report.process": -signal.SIGKILL,
}
"How they end: what their command lines have, and the exit status."
BEGUN = 5
"Clock ticks of processor time, a hundredth of a second each: more than a process needs to prepare itself."
_PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
def heir() -> Iterator[None]:
    """The processes that a killed server leaves become ours (prctl(2)): we learn how they end."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@contextlib.asynccontextmanager
async def started(
    folder: Path, ports: dict[str, int]
) -> AsyncIterator[tuple[Running, Server, str]]:
    """A server as operators have it, with its relay and coturn, once both serve."""
    settings = {
        "TELECONNECT_RELAY_PORT": str(ports["relay"]),
        "TELECONNECT_RELAY_WORKERS": "1",
        "TELECONNECT_COTURN": "yes",
        "TELECONNECT_COTURN_PORT": str(ports["turn"]),
    }
    first = not (folder / "data").exists()
    async with web_process(folder / "data", ports["web"], first=first, afresh=True, **settings) as (
        running,
        printed,
    ):
        server = cast(Server, SimpleNamespace(config=SimpleNamespace(port=ports["web"])))
        async with Person(server) as anybody, asyncio.timeout(PATIENCE):
            while not {"relay", "relay_tcp", "turn"} <= await _serving(anybody):
                pass
        yield running, server, printed


async def _serving(anybody: Person) -> set[str]:
    """What `/readyz` calls ok."""
    found = re.findall(r'"(\w+)": "ok"', (await anybody.get("/readyz")).text)
    return set(found)


def family(pid: int) -> Iterator[int]:
    """All processes below one."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in forks(pid):
            yield child
            yield from family(child)


def named(pids: Iterable[int], program: str) -> list[int]:
    found = []
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if program.encode() in about(pid, "cmdline"):
                found.append(pid)
    return found


def is_working(server: int, program: str) -> bool:
    """Whether a fork of a program is well into its work."""
    for parent in named(family(server), program):
        for fork in forks(parent):
            user, system = about(fork, "stat").rpartition(b")")[2].split()[11:13]
            if int(user) + int(system) > BEGUN:
                return True
    return False


async def at_work(server: int, program: str, work: asyncio.Task[None]) -> None:
    """Wait until a program is in the middle of it."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(is_working, server, program):
            assert not work.done(), "it was done before it was seen"


async def until_killed(work: Awaitable[object]) -> None:
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        await work


def inherited(pid: int, server: set[str]) -> list[str]:
    """Files, pipes and sockets of the server that a process has beside the log."""
    return [
        path
        for number, path in open_files(pid)
        if number > 2 and path in server and not path.startswith("anon_inode:")
    ]


def open_files(pid: int) -> Iterator[tuple[int, str]]:
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield int(each.name), os.readlink(each)


@contextlib.asynccontextmanager
async def all_at_work(running: Running, server: Server, printed: str) -> AsyncIterator[None]:
    """A photo is examined, and a report with PDFs drawn."""
    setup = re.search(r"/setup/[\w-]+", printed)
    assert setup is not None
    async with Person(server) as nurse, Person(server) as phone:
        form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
        assert (await nurse.post(setup.group(), form)).status == 303
        await nurse.post("/admin/sessions", {PHOTOS_IN_REPORT: "on"})
        seat = await phone.join(await nurse.invite())
        consultation_id = await consultation_of(await phone.enter(invite_id=seat))
        amina = Sender(phone, f"/seat/{seat}")
        findings, wound = pdf(900), photo(4000, 3000)
        for _ in range(3):
            await amina.send(findings, name="findings.pdf")
        report = nurse.get(f"/sessions/{consultation_id}/report.pdf")
        drawing = asyncio.create_task(until_killed(report))
        sending = asyncio.create_task(until_killed(amina.send(wound)))
        await at_work(running.pid, "web.attachments.process", sending)
        await at_work(running.pid, "web.report.process", drawing)
        yield
        await asyncio.gather(drawing, sending)


def ended(pid: int, watch: int) -> int | None:
    """The exit status of a process that is ours by now, by a descriptor of it; None: it stays."""
    try:
        if not select.select([watch], [], [], PATIENCE)[0]:
            signal.pidfd_send_signal(watch, signal.SIGKILL)
            return None
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return -signal.SIGKILL  # so fast that the last threads of the server have seen it
    finally:
        os.close(watch)


@pytest.mark.usefixtures("heir")
async def test_kill_9_leaves_no_process_behind_and_no_port_taken(tmp_path: Path) -> None:
    ports = {name: free_port(0, (0, 0)) for name in ("web", "relay", "turn")}
    async with (
        started(tmp_path, ports) as (running, server, printed),
        all_at_work(running, server, printed),
    ):
        children = {
            child: program for program in ENDS for child in named(forks(running.pid), program)
        }
        assert sorted(children.values()) == sorted(ENDS)
        files = {path for number, path in open_files(running.pid) if number > 2}
        watches = {}
        for pid in family(running.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                assert inherited(pid, files) == [], about(pid, "cmdline")
                watches[pid] = os.pidfd_open(pid)
        running.kill()
        await running.wait()
        ends = {pid: await asyncio.to_thread(ended, pid, watch) for pid, watch in watches.items()}
    assert {program: ends[child] for child, program in children.items()} == ENDS
    assert None not in ends.values()
    async with started(tmp_path, ports) as (running, _, _):
        assert named(forks(running.pid), "turnserver.conf")
        configuration = (tmp_path / "data" / "coturn" / "turnserver.conf").read_text()
        assert f"listening-port={ports['turn']}\n" in configuration
