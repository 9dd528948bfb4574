"""kill -9 of the server ends whatever works for it, and the next one gets all of its ports."""

import asyncio
import contextlib
import os
import re
import select
import signal
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import aiohttp

from signaling.report import PHOTOS_IN_REPORT
from tests.files import Sender, pdf, photo
from tests.people import PATIENCE, Person, consultation_of
from tests.serving import PASSWORD, Server
from tests.web.report.drawing import about, forks
from tests.web_process import Running, web_process
from web.calls.coturn import free_port

PROGRAMS = {
    "media.relay.worker": 1,
    "turnserver.conf": 1,
    "web.attachments.process": 2,  # one that waits for files, and its fork with a file
    "web.report.process": 2,  # one that draws, and its fork with an attached PDF
}
"What their command lines have, and how many of them there are at work."
BEGUN = 5
"Clock ticks of processor time, a hundredth of a second each: more than a process needs to prepare itself."


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


def named(pids: Iterator[int], program: str) -> list[int]:
    found = []
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if program.encode() in about(pid, "cmdline"):
                found.append(pid)
    return found


async def stopped(server: int, program: str, work: asyncio.Task[None]) -> None:
    """Wait until a program has forked for the work, and stop both: neither ends by itself."""
    async with asyncio.timeout(PATIENCE):
        while not (
            below := [pid for each in named(family(server), program) for pid in forks(each)]
        ):
            await asyncio.sleep(0)
            assert not work.done(), "it was done before it was seen"
    for pid in (*below, *named(family(server), program)):
        os.kill(pid, signal.SIGSTOP)


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
    """A photo is examined, and a report with a PDF drawn, for as long as the server lives."""
    setup = re.search(r"/setup/[\w-]+", printed)
    assert setup is not None
    async with Person(server) as nurse, Person(server) as phone:
        form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
        assert (await nurse.post(setup.group(), form)).status == 303
        await nurse.post("/admin/sessions", {PHOTOS_IN_REPORT: "on"})
        seat = await phone.join(await nurse.invite())
        consultation_id = await consultation_of(await phone.enter(invite_id=seat))
        amina = Sender(phone, f"/seat/{seat}")
        await amina.send(pdf(900), name="findings.pdf")
        report = nurse.get(f"/sessions/{consultation_id}/report.pdf")
        drawing = asyncio.create_task(until_killed(report))
        await stopped(running.pid, "web.report.process", drawing)
        sending = asyncio.create_task(until_killed(amina.send(photo(4000, 3000))))
        await stopped(running.pid, "web.attachments.process", sending)
        yield
        await asyncio.gather(drawing, sending)


def left(watches: dict[int, bytes]) -> list[bytes]:
    """Which processes do not end, by a descriptor of each; they are killed then."""
    behind = []
    for watch, command in watches.items():
        ended, _, _ = select.select([watch], [], [], PATIENCE)
        if not ended:
            behind.append(command)
            signal.pidfd_send_signal(watch, signal.SIGKILL)
        os.close(watch)
    return behind


async def test_kill_9_leaves_no_process_behind_and_no_port_taken(tmp_path: Path) -> None:
    ports = {name: free_port(0, (0, 0)) for name in ("web", "relay", "turn")}
    async with (
        started(tmp_path, ports) as (running, server, printed),
        all_at_work(running, server, printed),
    ):
        at_work = list(family(running.pid))
        for program, count in PROGRAMS.items():
            assert len(named(iter(at_work), program)) == count, program
        files = {path for number, path in open_files(running.pid) if number > 2}
        assert [each for pid in at_work for each in inherited(pid, files)] == []
        watches = {os.pidfd_open(pid): about(pid, "cmdline") for pid in at_work}
        running.kill()
        await running.wait()
        assert await asyncio.to_thread(left, watches) == []
    async with started(tmp_path, ports) as (running, _, _):
        assert named(family(running.pid), "turnserver.conf")
        configuration = (tmp_path / "data" / "coturn" / "turnserver.conf").read_text()
        assert f"listening-port={ports['turn']}\n" in configuration
