"""The web process's side of the relay: starts workers, commands them, and restarts them.

A room lives in one worker. The :class:`Relay` remembers its commands, so that when a worker dies
its rooms are set up again in the next one and every participant gets a fresh offer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from media import messages
from media.limits import Limits
from media.messages import (
    Disconnected,
    Event,
    Figures,
    OfferNeeded,
    Publishing,
    Start,
    WorkerRestarted,
)
from media.relay.process import CommandFailed, RelayUnavailable, WorkerProcess
from media.rtp.codecs import Kind
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
SILENT_SECONDS = 5.0
"A worker that answers no ping for this long counts as hung and is replaced."
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


@dataclass
class _Participant:
    """What was commanded for one participant, to repeat it to another worker."""

    automatic: bool
    publish: dict[Kind, Publishing]
    subscriptions: dict[tuple[str, Kind], bool] = field(default_factory=dict)
    "(publisher, kind) -> subscribed or unsubscribed."
    heights: dict[tuple[str, Kind], int | None] = field(default_factory=dict)


@dataclass
class _Room:
    worker: int
    video_codecs: tuple[str, ...]
    participants: dict[str, _Participant] = field(default_factory=dict)


class Relay:
    """All media workers of this installation.

    ``on_event`` is called in the event loop with every :data:`~media.messages.Event`; it must not
    block and may start tasks. Commands raise CommandFailed if the worker refuses them, and
    RelayUnavailable while a worker is being restarted; they are then carried out once it is back.
    """

    worker_process: type[WorkerProcess] = WorkerProcess
    "How a worker is started."

    def __init__(self, settings: RelaySettings, on_event: Callable[[Event], None]) -> None:
        if settings.workers < 1:
            raise ValueError("the relay needs at least one worker")
        self.settings = settings
        self.addresses: tuple[str, ...] = ()
        self._public: tuple[str, ...] = ()
        "The public addresses of the host name when it last resolved."
        self._on_event = on_event
        self._workers: list[WorkerProcess | None] = [None] * settings.workers
        self._supervisors: list[asyncio.Task[None]] = []
        self._figures: dict[int, Figures] = {}
        self._rooms: dict[str, _Room] = {}
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

    @property
    def rooms(self) -> tuple[str, ...]:
        """The ids of all open rooms."""
        return tuple(self._rooms)

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
        self._rooms[room_id] = _Room(worker, video_codecs)
        try:
            await self._ask(room_id, messages.OpenRoom(room_id, video_codecs))
        except CommandFailed:
            del self._rooms[room_id]
            raise

    async def join(
        self,
        room_id: str,
        peer_id: str,
        publish: Iterable[Publishing] = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO)),
        automatic: bool = True,
    ) -> None:
        """Create a participant's connection; an OfferNeeded event with its first offer follows.

        With ``automatic`` it receives everything others publish, now and later; otherwise only
        what :meth:`subscribe` names.
        """
        room = self._room(room_id)
        if peer_id in room.participants:
            raise CommandFailed("already_joined", f"{peer_id} is in the room")
        publishing = tuple(publish)
        room.participants[peer_id] = _Participant(
            automatic, {publishable.kind: publishable for publishable in publishing}
        )
        try:
            await self._ask(room_id, messages.Join(room_id, peer_id, publishing, automatic))
        except CommandFailed:
            room.participants.pop(peer_id, None)
            raise

    async def answer(self, room_id: str, peer_id: str, sdp: str, revision: int) -> None:
        """Pass on the client's answer to the offer of that revision."""
        self._participant(room_id, peer_id)
        await self._ask(room_id, messages.AcceptAnswer(room_id, peer_id, sdp, revision))

    async def publish(self, room_id: str, peer_id: str, publish: Iterable[Publishing]) -> None:
        """Allow a participant to publish more, or in other encodings; an offer follows."""
        participant = self._participant(room_id, peer_id)
        publishing = tuple(publish)
        participant.publish |= {publishable.kind: publishable for publishable in publishing}
        await self._ask(room_id, messages.Publish(room_id, peer_id, publishing))

    async def unpublish(self, room_id: str, peer_id: str, kinds: Iterable[Kind]) -> None:
        """Withdraw a participant's permission to publish these kinds; an offer follows."""
        participant = self._participant(room_id, peer_id)
        gone = tuple(kinds)
        for kind in gone:
            participant.publish.pop(kind, None)
        await self._ask(room_id, messages.Unpublish(room_id, peer_id, gone))

    async def subscribe(
        self, room_id: str, peer_id: str, publisher_id: str, kinds: Iterable[Kind] = tuple(Kind)
    ) -> None:
        """Send a participant what another publishes, now or as soon as it does."""
        participant = self._participant(room_id, peer_id)
        wanted = tuple(kinds)
        participant.subscriptions |= {(publisher_id, kind): True for kind in wanted}
        await self._ask(room_id, messages.Subscribe(room_id, peer_id, publisher_id, wanted))

    async def unsubscribe(
        self, room_id: str, peer_id: str, publisher_id: str, kinds: Iterable[Kind] = tuple(Kind)
    ) -> None:
        """Stop sending a participant what another publishes, even if it subscribes to all."""
        participant = self._participant(room_id, peer_id)
        gone = tuple(kinds)
        participant.subscriptions |= {(publisher_id, kind): False for kind in gone}
        await self._ask(room_id, messages.Unsubscribe(room_id, peer_id, publisher_id, gone))

    async def prefer(
        self, room_id: str, peer_id: str, publisher_id: str, kind: Kind, height: int | None
    ) -> None:
        """Set the height in pixels that a video is shown at; None if it is off screen."""
        participant = self._participant(room_id, peer_id)
        participant.heights[publisher_id, kind] = height
        await self._ask(room_id, messages.Prefer(room_id, peer_id, publisher_id, kind, height))

    async def leave(self, room_id: str, peer_id: str) -> None:
        """End a participant's connection; nothing happens if it has none."""
        room = self._rooms.get(room_id)
        if room is None or room.participants.pop(peer_id, None) is None:
            return
        await self._ask(room_id, messages.Leave(room_id, peer_id))

    async def close_room(self, room_id: str) -> None:
        """End all connections of a room; nothing happens if it is not open."""
        if room_id not in self._rooms:
            return
        command = messages.CloseRoom(room_id)
        worker = self._workers[self._rooms.pop(room_id).worker]
        if worker is not None:
            await worker.ask(command)

    async def trace(self, room_id: str, seconds: float) -> None:
        """Have a room's SDP and RTCP sent as Traced events for some seconds; 0 ends it."""
        await self._ask(room_id, messages.Trace(room_id, seconds))

    def _room(self, room_id: str) -> _Room:
        room = self._rooms.get(room_id)
        if room is None:
            raise CommandFailed("unknown_room", f"{room_id} is not open")
        return room

    def _participant(self, room_id: str, peer_id: str) -> _Participant:
        participant = self._room(room_id).participants.get(peer_id)
        if participant is None:
            raise CommandFailed("unknown_peer", f"{peer_id} is not in {room_id}")
        return participant

    async def _ask(self, room_id: str, command: messages.AnyCommand) -> None:
        worker = self._workers[self._room(room_id).worker]
        if worker is None:
            raise RelayUnavailable("worker_lost", "the worker of this room is being restarted")
        await worker.ask(command)

    async def _spawn(self, index: int) -> WorkerProcess:
        number = self.settings.port + index if self.settings.port else 0
        hosts = self.settings.hosts or hosts_for(self.addresses)
        start = Start(hosts, number, self.addresses, self.settings.limits, self.settings.tcp)
        return await self.worker_process.spawn(start, self._receive, self.settings.environment)

    def _receive(self, event: Event) -> None:
        if isinstance(event, Disconnected):
            room = self._rooms.get(event.room_id)
            if room is not None:
                room.participants.pop(event.peer_id, None)
        elif isinstance(event, OfferNeeded) and event.room_id not in self._rooms:
            return
        self._emit(event)

    def _emit(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            # A bug in the listener must end neither a worker nor its supervisor.
            logger.exception("%s could not be handled", type(event).__name__)

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
            await self._restore(index)

    async def _watch(self, index: int, worker: WorkerProcess) -> None:
        """Return when the worker has ended or hangs, or is idle and has leaked memory."""
        while worker.alive:
            try:
                async with asyncio.timeout(SILENT_SECONDS):
                    figures = await worker.ask(messages.Ping())
            except TimeoutError:
                # It would not react to a closed socket either, and calls are waiting.
                logger.error("media worker %d hangs", index)
                worker.kill()
                return
            except (CommandFailed, RelayUnavailable):
                return
            if figures is not None:
                self._figures[index] = figures
                if figures.resident_bytes > LEAK_BYTES and not figures.rooms:
                    return
            await worker.wait_ended(PING_SECONDS)

    async def _restore(self, index: int) -> None:
        """Set up the rooms of a dead worker in the one that replaced it."""
        rooms = [room_id for room_id, room in self._rooms.items() if room.worker == index]
        for room_id in rooms:
            room = self._rooms[room_id]
            for peer_id in list(room.participants):
                self._emit(Disconnected(room_id, peer_id, "worker_lost"))
        for room_id in rooms:
            try:
                if room_id in self._rooms:
                    await self._restore_room(room_id)
            except (CommandFailed, RelayUnavailable) as error:
                logger.error("a room could not be set up again: %s", error)
        self._emit(WorkerRestarted(index, tuple(rooms)))

    async def _restore_room(self, room_id: str) -> None:
        room = self._rooms[room_id]
        await self._ask(room_id, messages.OpenRoom(room_id, room.video_codecs))
        for peer_id, participant in list(room.participants.items()):
            await self._ask(
                room_id,
                messages.Join(
                    room_id, peer_id, tuple(participant.publish.values()), participant.automatic
                ),
            )
            for (publisher_id, kind), subscribed in participant.subscriptions.items():
                command = messages.Subscribe if subscribed else messages.Unsubscribe
                await self._ask(room_id, command(room_id, peer_id, publisher_id, (kind,)))
            for (publisher_id, kind), height in participant.heights.items():
                await self._ask(
                    room_id, messages.Prefer(room_id, peer_id, publisher_id, kind, height)
                )
