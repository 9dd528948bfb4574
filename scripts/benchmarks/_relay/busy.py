"""What a publisher's browser sends while the relay has to wait for a processor.

    scripts/bench relay busy

A page publishes a camera of noise, which takes as many bits as it may, and another page receives it.
The relay's worker shares one processor with programs that only compute; the pages have the other.
The browser estimates its uplink from the arrival times that the relay reports: if those hold the
relay's own waiting, it takes that for a full link. Calls in which the kernel tells the arrival times,
and in which it is not asked and the time of reading counts, take turns.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from media.messages import (
    AcceptAnswer,
    Connected,
    Event,
    Join,
    OfferNeeded,
    OpenRoom,
    Publishing,
    Start,
)
from media.participant_limits import Limits
from media.relay.process import ROOT, WorkerProcess
from media.rtp.codecs import Kind
from scripts.benchmarks._relay.page import Guest, serve_page
from scripts.benchmarks._relay.sides import AnyBuild, pin
from scripts.traffic.browser import chromium

WIDTH, HEIGHT, FRAMES_PER_SECOND = 640, 360, 15
ADDRESS = "127.0.0.1"
PROGRAMS = (4,)
"How many compute beside the worker."
SETTLING = 10.0
"Seconds until a browser has found what it may send."
MEASURED = 15.0
"Seconds after that in which it is measured."


def write_noise(path: Path) -> None:
    """Two seconds of noise as Y4M, which no encoder can make small."""
    chance = random.Random(1)
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420\n"
        file.write(head.encode())
        for _ in range(2 * FRAMES_PER_SECOND):
            file.write(b"FRAME\n" + chance.randbytes(WIDTH * HEIGHT) + chroma)


@contextmanager
def busy(programs: int) -> Iterator[None]:
    """So many programs compute on the first processor."""
    command = ["taskset", "-c", "0", sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(programs)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


class PageCall:
    """Two pages in a room of one worker."""

    def __init__(self) -> None:
        self.worker: WorkerProcess | None = None
        self.guests: dict[str, Guest] = {}
        self.complete = asyncio.Event()
        self._connected: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def on_event(self, event: Event) -> None:
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self.guests[event.peer_id].answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(event, Connected):
            self._connected.add(event.peer_id)
            if len(self._connected) == 2:
                self.complete.set()

    async def answer(self, room_id: str, peer_id: str, sdp: str, revision: int) -> None:
        """Pass a page's answer on to the worker."""
        assert self.worker is not None
        await self.worker.ask(AcceptAnswer(room_id, peer_id, sdp, revision))


def write_reading_times(folder: Path) -> dict[str, str]:
    """The environment of a worker that does not ask the kernel when datagrams arrived."""
    Path(folder, "sitecustomize.py").write_text(
        "from media.transport import port\nport.request_stamps = lambda udp: None\n", "utf-8"
    )
    return {"PYTHONPATH": f"{folder}:{ROOT}"}


async def measure(environment: dict[str, str], camera: Path, programs: int) -> dict[str, float]:
    """One call with a worker in that environment: medians of what the publisher sends."""
    call = PageCall()
    start = Start((ADDRESS,), 0, (ADDRESS,), Limits())
    call.worker = await AnyBuild.spawn(start, call.on_event, environment)
    pin(call.worker.process_id)
    noise = (f"--use-file-for-fake-video-capture={camera}",)
    try:
        async with chromium(*noise) as browser, serve_page() as url:
            await call.worker.ask(OpenRoom("room"))
            for name in ("publisher", "listener"):
                context = await browser.new_context(permissions=["camera", "microphone"])
                guest = Guest(call, name, await context.new_page())
                call.guests[name] = guest
                await guest.enter(url, WIDTH, HEIGHT, FRAMES_PER_SECOND)
                tracks = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO))
                publishing = tracks if name == "publisher" else ()
                await call.worker.ask(Join("room", name, publishing))
            async with asyncio.timeout(30):
                await call.complete.wait()
            with busy(programs):
                await asyncio.sleep(SETTLING)
                return await _watch(call.guests["publisher"])
    finally:
        await call.worker.stop()


async def _watch(publisher: Guest) -> dict[str, float]:
    before = await publisher.sending()
    estimates = []
    for _ in range(round(MEASURED)):
        await asyncio.sleep(1.0)
        now = await publisher.sending()
        estimates.append(now["estimate"])
    return {
        "sent_kbps": (now["bytes"] - before["bytes"]) * 8 / MEASURED / 1000,
        "estimate_kbps": statistics.median(estimates) / 1000,
        "fps": (now["frames"] - before["frames"]) / MEASURED,
    }


async def busy_calls(rounds: int) -> list[dict[str, Any]]:
    """Every call, in both ways in turn."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder) / "camera.y4m"
        write_noise(camera)
        ways = {"of reading": write_reading_times(Path(folder)), "of the kernel": {}}
        for programs in PROGRAMS:
            kept: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, environment in ways.items():
                    kept[name].append(await measure(environment, camera, programs))
            for name, measured in kept.items():
                row = {key: statistics.median(one[key] for one in measured) for key in measured[0]}
                rows.append({"programs": programs, "times": name, "calls": len(measured), **row})
    return rows


def busy_table(rows: list[dict[str, Any]]) -> list[list[object]]:
    """The figures as lines of a table."""
    heading: list[object] = [
        "programs beside the worker",
        "arrival times",
        "calls",
        "sent kbit/s",
        "estimate kbit/s",
        "fps",
    ]
    body: list[list[object]] = [
        [
            row["programs"],
            row["times"],
            row["calls"],
            round(row["sent_kbps"]),
            round(row["estimate_kbps"]),
            round(row["fps"], 1),
        ]
        for row in rows
    ]
    return [heading, *body]
