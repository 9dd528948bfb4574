"""The servers of the relay's benchmark, each with the same clients in it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from aiortc import RTCCertificate

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
from scripts.benchmarks._relay.janus import Janus
from scripts.benchmarks._relay.turn import Coturn
from scripts.traffic.processes import resident_bytes
from scripts.traffic.relay_clients import LoadClient

PACKETS_PER_PUBLISHER = 220
AT_ONCE = 8
"Rooms set up side by side."


@dataclass(frozen=True)
class Load:
    """Publishers with `fan_out` subscribers each; a publisher sends 220 packets/s times `rate`."""

    publishers: int
    fan_out: int
    rate: float

    @property
    def packets(self) -> float:
        """Nominal packets forwarded a second."""
        return self.publishers * self.fan_out * self.rate * PACKETS_PER_PUBLISHER

    @property
    def participants(self) -> int:
        """Clients connected."""
        return self.publishers * (self.fan_out + 1)


class Side(Protocol):
    """A server and its clients."""

    name: str
    publishers: list[LoadClient]
    bytes_per_participant: float

    @property
    def process_id(self) -> int: ...

    @property
    def clients(self) -> list[LoadClient]: ...

    async def start(self, load: Load) -> None: ...

    async def stop(self) -> None: ...


def processor_seconds(process_id: int) -> float:
    """Processor time of all threads of a process, in nanosecond steps."""
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


class _Measured:
    """Clients of a server in a process of its own, and what memory they take there."""

    bytes_per_participant = 0.0
    _before = 0
    "Resident bytes of the server without clients."

    async def _close(self, clients: list[LoadClient], process_id: int) -> None:
        if clients:
            used = resident_bytes(process_id) - self._before
            self.bytes_per_participant = used / len(clients)
        for client in clients:
            await client.close()


class AnyBuild(WorkerProcess):
    """A worker of this build or another one, which may tell of what this one does not know."""

    def _hear(self, line: bytes) -> None:
        with contextlib.suppress(msgspec.ValidationError):
            super()._hear(line)


class RelaySide(_Measured):
    """The relay's worker with clients in it."""

    name = "relay"

    def __init__(self, address: str, folder: Path = ROOT) -> None:
        self.address = address
        self.folder = folder
        if folder != ROOT:
            self.name = "before"
        self.worker: WorkerProcess | None = None
        self.publishers: list[LoadClient] = []
        self.by_name: dict[str, LoadClient] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.connected: set[str] = set()
        self.certificate = RTCCertificate.generateCertificate()

    @property
    def process_id(self) -> int:
        assert self.worker is not None
        return self.worker.process_id

    @property
    def clients(self) -> list[LoadClient]:
        return list(self.by_name.values())

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self._answer(event))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif isinstance(event, Connected):
            self.connected.add(event.peer_id)

    async def _answer(self, event: OfferNeeded) -> None:
        client = self.by_name[event.peer_id]
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

    async def start(self, load: Load) -> None:
        # The load's rate factor exceeds what one participant may send, on purpose.
        limits = Limits(bitrate=1_000_000_000)
        start = Start((self.address,), 0, (self.address,), limits)
        self.worker = await AnyBuild.spawn(start, self._on_event, folder=self.folder)
        self._before = resident_bytes(self.process_id)
        for index in range(load.publishers):
            room = f"room{index}"
            await self.worker.ask(OpenRoom(room))
            publishing = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO))
            for seat in range(load.fan_out + 1):
                peer = f"{index}-{seat}"
                self.by_name[peer] = LoadClient(self.certificate, self.address)
                if seat == 0:
                    self.publishers.append(self.by_name[peer])
                await self.worker.ask(Join(room, peer, publishing if seat == 0 else ()))
            if index % AT_ONCE == AT_ONCE - 1:
                await self._all_connected()
        await self._all_connected()

    async def _all_connected(self) -> None:
        for _ in range(6000):
            if len(self.connected) == len(self.by_name) and not self.tasks:
                return
            await asyncio.sleep(0.01)
        raise RuntimeError("the relay's clients did not connect")

    async def stop(self) -> None:
        if self.worker is not None:
            await self._close(self.clients, self.process_id)
            await self.worker.stop()


class JanusSide(_Measured):
    """Janus's VideoRoom."""

    name = "janus"

    def __init__(self, address: str) -> None:
        self.address = address
        self.janus = Janus()
        self.publishers: list[LoadClient] = []
        self.clients: list[LoadClient] = []
        self.certificate = RTCCertificate.generateCertificate()

    @property
    def process_id(self) -> int:
        return self.janus.process_id

    async def start(self, load: Load) -> None:
        await self.janus.start(self.address)
        self._before = resident_bytes(self.process_id)
        doors = asyncio.Semaphore(AT_ONCE)
        self.publishers = list(
            await asyncio.gather(
                *(self._fill(1000 + index, load.fan_out, doors) for index in range(load.publishers))
            )
        )

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
        await self._close(self.clients, self.process_id)
        await self.janus.stop()


class CoturnSide(_Measured):
    """coturn, which passes on what it cannot read; one receiver for each publisher."""

    name = "coturn"

    def __init__(self, address: str) -> None:
        self.address = address
        self.coturn = Coturn()
        self.publishers: list[LoadClient] = []
        self.clients: list[LoadClient] = []

    @property
    def process_id(self) -> int:
        return self.coturn.process_id

    async def start(self, load: Load) -> None:
        await self.coturn.start(self.address)
        before = 0
        for _ in range(load.publishers):
            publisher, receiver = await self.coturn.pair(self.address)
            before = before or resident_bytes(self.process_id)
            self.publishers.append(publisher)
            self.clients += [publisher, receiver]
        self._before = before

    async def stop(self) -> None:
        await self._close(self.clients, self.process_id)
        await self.coturn.stop()


def sides_for(fan_out: int, address: str, alone: bool, before: Path | None = None) -> list[Side]:
    """The relay, and the peers that are installed and can do this unless it is to be alone.

    ``before`` is the folder of an earlier build, which is a side of its own then. The slowest to set
    up comes first: a side that is ready must soon get its consent checks.
    """
    sides: list[Side] = []
    if not alone and Janus.installed():
        sides.append(JanusSide(address))
    if not alone and fan_out == 1 and Coturn.installed():
        sides.append(CoturnSide(address))
    if before is not None:
        sides.append(RelaySide(address, before))
    return [*sides, RelaySide(address)]
