"""What the relay costs a forwarded packet, beside Janus under the same load.

Server on one processor, generator on another; every packet is really encrypted. Microseconds are
the server's time on its processor (all threads) divided by the packets subscribers received, so
they hold receiving, waking up and everything the server does beside forwarding. A window counts
only if the generator kept its schedule and at most 1 % was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiortc import RTCCertificate

from media.addresses import local_addresses
from media.codecs import Kind
from media.limits import Limits
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
from media.process import WorkerProcess
from scripts.benchmarks._relay_janus import Janus
from scripts.benchmarks._relay_load import LoadClient, Window, pump

WINDOW_SECONDS = 2.0
MOST_LOSS = 0.01
MOST_SHORTFALL = 0.03
"How far the offered load may stay behind its nominal value."
PACKETS_PER_PUBLISHER = 220
AT_ONCE = 8
"Rooms set up side by side."


@dataclass(frozen=True)
class Load:
    """One row of the table."""

    publishers: int
    fan_out: int
    rate: float

    @property
    def packets(self) -> float:
        """Nominal packets forwarded a second."""
        return self.publishers * self.fan_out * self.rate * PACKETS_PER_PUBLISHER


LOADS = (
    Load(40, 1, 1),
    Load(40, 1, 3),
    Load(40, 1, 5),
    Load(20, 3, 1),
    Load(20, 3, 3),
    Load(20, 3, 6),
)
HEADLINES = {1: Load(40, 1, 3), 3: Load(20, 3, 3)}
"The load whose ratio is quoted for each fan-out: about half of a processor for the relay."


def processor_seconds(process_id: int) -> float:
    """Time on a processor of all threads of a process."""
    total = 0
    for task in Path(f"/proc/{process_id}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
        except OSError:  # the thread has just ended
            continue
    return total / 1e9


def pin(process_id: int) -> None:
    """Keep all threads of a process on the first processor."""
    for task in Path(f"/proc/{process_id}/task").iterdir():
        os.sched_setaffinity(int(task.name), {0})


def resident_bytes(process_id: int) -> int:
    """Memory of a process."""
    fields = Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE")


class RelaySide:
    """The relay's worker with clients in it."""

    name = "relay"

    def __init__(self, address: str) -> None:
        self.address = address
        self.worker: WorkerProcess | None = None
        self.clients: dict[str, LoadClient] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.connected: set[str] = set()
        self.certificate = RTCCertificate.generateCertificate()
        self.bytes_per_participant = 0.0
        self.errors = 0

    @property
    def process_id(self) -> int:
        assert self.worker is not None
        return self.worker.process_id

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self._answer(event))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif isinstance(event, Connected):
            self.connected.add(event.peer_id)

    async def _answer(self, event: OfferNeeded) -> None:
        client = self.clients[event.peer_id]
        assert self.worker is not None
        command = AcceptAnswer(
            event.room_id, event.peer_id, client.answer(event.sdp), event.revision
        )
        if event.fresh:
            connecting = asyncio.ensure_future(client.connect(event.sdp))
            await self.worker.ask(command)
            await connecting
        else:
            await self.worker.ask(command)

    async def start(self, load: Load) -> tuple[list[LoadClient], list[LoadClient]]:
        """Publishers and all clients of a load, connected."""
        # The load's rate factor exceeds what one participant may send, on purpose.
        limits = Limits(bitrate=100_000_000)
        start = Start((self.address,), 0, (self.address,), limits)
        self.worker = await WorkerProcess.spawn(start, self._on_event)
        before = resident_bytes(self.process_id)
        publishers = []
        for index in range(load.publishers):
            room = f"room{index}"
            await self.worker.ask(OpenRoom(room))
            publishing = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO))
            for seat in range(load.fan_out + 1):
                peer = f"{index}-{seat}"
                self.clients[peer] = LoadClient(self.certificate, self.address)
                if seat == 0:
                    publishers.append(self.clients[peer])
                await self.worker.ask(Join(room, peer, publishing if seat == 0 else ()))
        await self._all_connected()
        self._before = before
        return publishers, list(self.clients.values())

    async def _all_connected(self) -> None:
        for _ in range(3000):
            if len(self.connected) == len(self.clients) and not self.tasks:
                return
            await asyncio.sleep(0.01)
        raise RuntimeError("the relay's clients did not connect")

    def measure_memory(self) -> None:
        """Memory a participant costs, after some load."""
        used = resident_bytes(self.process_id) - self._before
        self.bytes_per_participant = used / len(self.clients)

    async def stop(self) -> None:
        if self.worker is not None and self.clients:
            self.measure_memory()
        for client in self.clients.values():
            await client.close()
        if self.worker is not None:
            await self.worker.stop()


class JanusSide:
    """Janus with the same clients in it."""

    name = "janus"

    def __init__(self, address: str) -> None:
        self.address = address
        self.janus = Janus()
        self.clients: list[LoadClient] = []
        self.certificate = RTCCertificate.generateCertificate()
        self.bytes_per_participant = 0.0

    @property
    def process_id(self) -> int:
        return self.janus.process_id

    async def start(self, load: Load) -> tuple[list[LoadClient], list[LoadClient]]:
        """Publishers and all clients of a load, connected."""
        await self.janus.start(self.address)
        self._before = resident_bytes(self.process_id)
        doors = asyncio.Semaphore(AT_ONCE)
        publishers = await asyncio.gather(
            *(self._fill(1000 + index, load.fan_out, doors) for index in range(load.publishers))
        )
        return list(publishers), self.clients

    async def _fill(self, room: int, fan_out: int, doors: asyncio.Semaphore) -> LoadClient:
        async with doors:
            await self.janus.make_room(room)
            publisher = LoadClient(self.certificate, self.address)
            self.clients.append(publisher)
            feed, answer = await self.janus.publish(room, publisher.offer())
            await publisher.connect(answer)
            for _ in range(fan_out):
                subscriber = LoadClient(self.certificate, self.address)
                self.clients.append(subscriber)
                handle, offer = await self.janus.subscribe(room, feed)
                await self.janus.answer(handle, subscriber.answer(offer))
                await subscriber.connect(offer)
            return publisher

    async def stop(self) -> None:
        if self.clients:
            used = resident_bytes(self.process_id) - self._before
            self.bytes_per_participant = used / len(self.clients)
        for client in self.clients:
            await client.close()
        await self.janus.stop()


@dataclass(frozen=True)
class Measured:
    """One clean window of one server."""

    microseconds: float
    share: float
    loss: float
    p50_ms: float
    p99_ms: float


def judge(load: Load, window: Window, seconds: float) -> Measured | None:
    """A window's figures, or None if the machine disturbed it."""
    expected = window.sent * load.fan_out
    nominal = load.packets * window.seconds
    if not window.received or abs(expected - nominal) > MOST_SHORTFALL * nominal + 100:
        return None
    loss = 1 - window.received / expected
    if loss > MOST_LOSS:
        return None
    ages = sorted(window.ages)
    return Measured(
        seconds / window.received * 1e6,
        seconds / window.seconds,
        max(0.0, loss),
        ages[len(ages) // 2] * 1000 if ages else 0.0,
        ages[len(ages) * 99 // 100] * 1000 if ages else 0.0,
    )


async def measure(load: Load, windows: int) -> dict[str, Any]:
    """Measure every server under one load, taking turns window by window."""
    address = (await asyncio.to_thread(local_addresses))[0]
    # Janus takes longer to set up; whoever is set up first must not be kept waiting for checks.
    sides: list[RelaySide | JanusSide] = [JanusSide(address)] if Janus.installed() else []
    sides.append(RelaySide(address))
    rows: dict[str, Any] = {}
    kept: dict[str, list[Measured]] = {side.name: [] for side in sides}
    discarded = dict.fromkeys(kept, 0)
    clients: dict[str, tuple[list[LoadClient], list[LoadClient]]] = {}
    try:
        for side in sides:
            clients[side.name] = await side.start(load)
            pin(side.process_id)
        for turn in range(windows * 2 + 1):
            for side in sides if turn % 2 else sides[::-1]:
                if len(kept[side.name]) >= windows:
                    continue
                publishers, everybody = clients[side.name]
                for client in everybody:
                    client.check()
                before = processor_seconds(side.process_id)
                window = pump(publishers, everybody, load.rate, WINDOW_SECONDS)
                result = judge(load, window, processor_seconds(side.process_id) - before)
                # The first turn only warms up: streams begin, caches fill.
                if turn and result is not None:
                    kept[side.name].append(result)
                elif turn:
                    discarded[side.name] += 1
                for other in sides:
                    if other is not side:
                        for client in clients[other.name][1]:
                            client.check()
                await asyncio.sleep(0.05)
            if all(len(one) >= windows for one in kept.values()):
                break
    finally:
        for side in sides:
            await side.stop()
    for side in sides:
        good = kept[side.name]
        rows[side.name] = {
            "windows": len(good),
            "discarded": discarded[side.name],
            "bytes_per_participant": round(side.bytes_per_participant),
            **(
                {
                    name: statistics.median(getattr(one, name) for one in good)
                    for name in ("microseconds", "share", "loss", "p50_ms", "p99_ms")
                }
                if good
                else {}
            ),
        }
    return rows


async def generate(loads: Sequence[Load], windows: int) -> list[dict[str, Any]]:
    """The generator process: every load in turn."""
    os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    results = []
    for load in loads:
        results.append(
            {
                "publishers": load.publishers,
                "fan_out": load.fan_out,
                "rate": load.rate,
                "packets": load.packets,
                **await measure(load, windows),
            }
        )
    return results


def run(loads: Sequence[Load] = LOADS, windows: int = 3) -> dict[str, Any]:
    """Measure in a process of its own; figures ready for JSON."""
    wanted = json.dumps([[one.publishers, one.fan_out, one.rate] for one in loads])
    command = ["-m", "scripts.benchmarks.relay", "--generate", wanted, "--windows", str(windows)]
    done = subprocess.run(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    rows = json.loads(done.stdout)
    result: dict[str, Any] = {"rows": rows}
    for fan_out, headline in HEADLINES.items():
        for row in rows:
            if row["publishers"] == headline.publishers and row["rate"] == headline.rate:
                ours, theirs = row["relay"], row.get("janus", {})
                if row["fan_out"] != fan_out:
                    continue
                if "microseconds" in ours and "microseconds" in theirs:
                    result[f"ratio_to_janus_fanout_{fan_out}"] = round(
                        ours["microseconds"] / theirs["microseconds"], 3
                    )
                if "p99_ms" in ours and fan_out == 3:
                    result["added_latency_p99_ms"] = round(ours["p99_ms"], 2)
                    result["loss"] = round(ours["loss"], 5)
                    result["bytes_per_participant"] = ours["bytes_per_participant"]
    return result


def table(result: dict[str, Any]) -> str:
    """The figures as lines of text."""
    lines = [
        f"{'load':>12} {'packets/s':>9} {'server':>7} {'us/packet':>9} {'cpu':>5} {'loss':>7}"
        f" {'p50 ms':>7} {'p99 ms':>7} {'KB each':>8} {'windows':>8} {'ratio':>6}"
    ]
    for row in result["rows"]:
        for name in ("relay", "janus"):
            one = row.get(name)
            if one is None:
                continue
            label = f"{row['publishers']}x{row['fan_out']} r{row['rate']:g}"
            head = f"{label:>12} {row['packets']:>9.0f} {name:>7}"
            if "microseconds" not in one:
                lines.append(f"{head}  no clean window of {one['discarded']}")
                continue
            ratio = ""
            if name == "relay" and "microseconds" in row.get("janus", {}):
                ratio = f"{one['microseconds'] / row['janus']['microseconds']:.2f}"
            lines.append(
                f"{head} {one['microseconds']:>9.1f} {one['share']:>5.0%} {one['loss']:>7.3%}"
                f" {one['p50_ms']:>7.2f} {one['p99_ms']:>7.2f}"
                f" {one['bytes_per_participant'] / 1000:>8.0f}"
                f" {one['windows']:>4}/{one['windows'] + one['discarded']:<3} {ratio:>6}"
            )
    return "\n".join(lines)


def main() -> None:
    """Print the table, or be the generator process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generate", metavar="LOADS", help="JSON; used by the parent process")
    parser.add_argument("--loads", metavar="LOADS", help="JSON list of [publishers, fan-out, rate]")
    parser.add_argument("--windows", type=int, default=3)
    options = parser.parse_args()
    if options.generate:
        loads = [Load(*one) for one in json.loads(options.generate)]
        print(json.dumps(asyncio.run(generate(loads, options.windows))))
        return
    loads = [Load(*one) for one in json.loads(options.loads)] if options.loads else list(LOADS)
    started = time.monotonic()
    result = run(loads, options.windows)
    print(table(result))
    print(json.dumps({name: value for name, value in result.items() if name != "rows"}))
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
