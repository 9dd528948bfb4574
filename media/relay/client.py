"""The workers of this host: starts them, places rooms in them, and restarts them.

A room lives in one worker. Its commands are remembered (`media/relay/commanded.py`), so that when a
worker dies its rooms are set up again in the next one and every participant gets a fresh offer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from media import messages
from media.messages import Event, Figures, Start, WorkerRestarted
from media.participant_limits import Limits
from media.relay.commanded import CommandedRooms
from media.relay.link import CommandFailed, RelayUnavailable
from media.relay.process import WorkerProcess
from media.transport.addresses import (
    behind_nat,
    hosts_for,
    local_addresses,
    public_addresses,
    versions_behind_nat,
)

logger = logging.getLogger(__name__)

RESPAWN_PAUSES = (0.0, 0.2, 1.0, 5.0)
"Seconds before each successive attempt to restart a worker; the last one repeats."
STABLE_SECONDS = 30.0
"A worker that ran this long is restarted at once."
PING_SECONDS = 1.0
NAME_SECONDS = 5.0
"Seconds the DNS may take; without an answer only the machine's own addresses are offered."
ADDRESS_SECONDS = 60.0
"Seconds between two checks of the addresses."
LEAK_BYTES = 512 << 20
"""A worker larger than this is replaced once it has no rooms. It starts with some 70 MB; 300
participants add some 100 MB."""

__all__ = ["CommandFailed", "Relay", "RelaySettings", "RelayUnavailable"]


@dataclass(frozen=True)
class RelaySettings:
    """Where the relay listens and what it allows."""

    port: int = 0
    "UDP port of the first worker; each further one uses the next. 0 selects free ones."
    tcp: bool = True
    "Whether clients may come by TCP too, at ports of the same numbers."
    addresses: tuple[str, ...] = ()
    "IP addresses clients reach the relay at; detected if empty."
    name: str = ""
    "Host name of this machine; its addresses are offered if this machine is behind a NAT."
    hosts: tuple[str, ...] = ()
    "Hosts to bind; if empty, all of the families in ``addresses``."
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    "The whole environment of the workers."


class Relay(CommandedRooms):
    """The workers of this host, and the rooms in them."""

    worker_process: type[WorkerProcess] = WorkerProcess
    "How a worker is started."

    def __init__(self, settings: RelaySettings, on_event: Callable[[Event], None]) -> None:
        if settings.workers < 1:
            raise ValueError("the relay needs at least one worker")
        super().__init__(on_event)
        self.settings = settings
        self.addresses: tuple[str, ...] = ()
        self._public: tuple[str, ...] = ()
        "The public addresses of the host name when it last resolved."
        self._workers: list[WorkerProcess | None] = [None] * settings.workers
        self._supervisors: list[asyncio.Task[None]] = []
        self._figures: dict[int, Figures] = {}
        self._stopping = False

    async def start(self) -> None:
        """Start every worker. Raises RelayUnavailable, having started none, if one cannot."""
        self.addresses = self.settings.addresses or await self._find_addresses()
        self._stopping = False
        try:
            for index in range(self.settings.workers):
                self._workers[index] = await self._spawn(index)
        except RelayUnavailable:
            await self.stop()
            raise
        self._supervisors = [
            asyncio.create_task(self._supervise(index)) for index in range(self.settings.workers)
        ]
        if not self.settings.addresses:
            self._supervisors.append(asyncio.create_task(self._follow_addresses()))

    async def _find_addresses(self) -> tuple[str, ...]:
        local = await asyncio.to_thread(local_addresses)
        if not self.settings.name or not versions_behind_nat(local):
            return local
        try:
            async with asyncio.timeout(NAME_SECONDS):
                found = await asyncio.to_thread(public_addresses, self.settings.name)
        except TimeoutError:
            found = ()
        # A name that does not resolve at the moment keeps its last addresses.
        self._public = found or self._public
        return behind_nat(local, self._public)

    async def _follow_addresses(self) -> None:
        """Update the addresses: they change, and at boot a lookup may come too early."""
        while True:
            await asyncio.sleep(ADDRESS_SECONDS)
            addresses = await self._find_addresses()
            if addresses == self.addresses:
                continue
            self.addresses = addresses
            logger.info("the relay offers %s from now on", ", ".join(addresses))
            for worker in self._workers:
                if worker is not None:
                    with contextlib.suppress(CommandFailed, RelayUnavailable):
                        await worker.ask(messages.Readdress(addresses))

    async def stop(self) -> None:
        """End every worker and every call."""
        self._stopping = True
        for supervisor in self._supervisors:
            supervisor.cancel()
        await asyncio.gather(*self._supervisors, return_exceptions=True)
        self._supervisors.clear()
        for index, worker in enumerate(self._workers):
            if worker is not None:
                await worker.stop()
            self._workers[index] = None
        self._rooms.clear()

    @property
    def ports(self) -> list[int]:
        """The UDP port of each running worker."""
        return [worker.port for worker in self._workers if worker is not None]

    @property
    def native(self) -> bool:
        """Whether the native loop forwards packets in every running worker."""
        running = [worker for worker in self._workers if worker is not None]
        return bool(running) and all(worker.native for worker in running)

    @property
    def tcp(self) -> bool:
        """Whether every running worker is reached by TCP too."""
        running = [worker for worker in self._workers if worker is not None]
        return bool(running) and all(worker.tcp for worker in running)

    @property
    def healthy(self) -> bool:
        """Whether every worker runs."""
        return bool(self._supervisors) and all(
            worker is not None and worker.alive for worker in self._workers
        )

    @property
    def figures(self) -> list[Figures]:
        """What each worker last reported."""
        return [self._figures.get(index, Figures()) for index in range(len(self._workers))]

    def process_ids(self) -> list[int]:
        """The process id of each running worker."""
        return [worker.process_id for worker in self._workers if worker is not None]

    async def open_room(
        self,
        room_id: str,
        video_codecs: tuple[str, ...] = ("VP8", "H264"),
        worker: int | None = None,
    ) -> None:
        """Open a room, in the worker with the fewest participants unless one is given."""
        if room_id in self._rooms:
            raise CommandFailed("room_exists", f"{room_id} is open")
        loads = dict.fromkeys(range(len(self._workers)), 0)
        for room in self._rooms.values():
            loads[room.worker] += 1 + len(room.participants)
        if worker is None:
            worker = min(loads, key=loads.__getitem__)
        await self._open(room_id, worker, video_codecs)

    def _worker(self, number: int) -> WorkerProcess | None:
        return self._workers[number]

    async def _spawn(self, index: int) -> WorkerProcess:
        number = self.settings.port + index if self.settings.port else 0
        hosts = self.settings.hosts or hosts_for(self.addresses)
        start = Start(hosts, number, self.addresses, self.settings.limits, self.settings.tcp)
        return await self.worker_process.spawn(start, self.receive, self.settings.environment)

    async def _supervise(self, index: int) -> None:
        """Watch one worker as long as the relay runs, and restart it whenever it ends."""
        loop = asyncio.get_running_loop()
        attempts = 0
        while not self._stopping:
            worker = self._workers[index]
            if worker is not None:
                started_at = loop.time()
                await self._watch(index, worker)
                self._workers[index] = None
                await worker.stop()
                logger.info("media worker %d ended and is started again", index)
                if loop.time() - started_at > STABLE_SECONDS:
                    attempts = 0
            await asyncio.sleep(RESPAWN_PAUSES[min(attempts, len(RESPAWN_PAUSES) - 1)])
            attempts += 1
            try:
                self._workers[index] = await self._spawn(index)
            except RelayUnavailable as error:
                logger.error("media worker %d cannot start: %s", index, error)
                continue
            await self._restore_all(index)

    async def _watch(self, index: int, worker: WorkerProcess) -> None:
        """Return when the worker has ended or hangs, or is idle and has leaked memory."""
        while worker.alive:
            figures = await worker.ping()
            if figures is None:
                return
            self._figures[index] = figures
            if figures.resident_bytes > LEAK_BYTES and not figures.rooms:
                return
            await worker.wait_ended(PING_SECONDS)

    async def _restore_all(self, index: int) -> None:
        """Set up the rooms of a dead worker in the one that replaced it."""
        rooms = [room_id for room_id, room in self._rooms.items() if room.worker == index]
        self._tell_lost(rooms)
        for room_id in rooms:
            await self._restore(room_id)
        self._emit(WorkerRestarted(index, tuple(rooms)))
