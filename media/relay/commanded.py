"""What was commanded for each room at the relay, so that it can be repeated to another worker."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from media import messages
from media.messages import Disconnected, Event, OfferNeeded, Publishing
from media.relay.link import CommandFailed, RelayUnavailable, WorkerLink
from media.rtp.codecs import Kind

logger = logging.getLogger(__name__)


WORKER_LOST = "worker_lost"
"Reason of a Disconnected whose participant is joined again without a command."


@dataclass
class CommandedParticipant:
    """What was commanded for one participant, to repeat it to another worker."""

    automatic: bool
    publish: dict[Kind, Publishing]
    subscriptions: dict[tuple[str, Kind], bool] = field(default_factory=dict)
    "(publisher, kind) -> subscribed or unsubscribed."
    heights: dict[tuple[str, Kind], int | None] = field(default_factory=dict)


@dataclass
class CommandedRoom:
    worker: int
    "The number of the worker it is in."
    video_codecs: tuple[str, ...]
    participants: dict[str, CommandedParticipant] = field(default_factory=dict)


class CommandedRooms(ABC):
    """The rooms of one process, each in one worker.

    ``on_event`` is called in the event loop with every :data:`~media.messages.Event`; it must not
    block and may start tasks. Commands raise CommandFailed if the worker refuses them, and
    RelayUnavailable while there is none for the room; they are carried out once there is.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._rooms: dict[str, CommandedRoom] = {}

    @abstractmethod
    def _worker(self, number: int) -> WorkerLink | None:
        """The worker of that number, if it runs."""

    @property
    def rooms(self) -> tuple[str, ...]:
        """The ids of all open rooms."""
        return tuple(self._rooms)

    async def _open(self, room_id: str, worker: int, video_codecs: tuple[str, ...]) -> None:
        """Open a room in a worker."""
        self._rooms[room_id] = CommandedRoom(worker, video_codecs)
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
        room.participants[peer_id] = CommandedParticipant(
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
        worker = self._worker(self._rooms.pop(room_id).worker)
        if worker is not None:
            await worker.ask(messages.CloseRoom(room_id))

    async def trace(self, room_id: str, seconds: float) -> None:
        """Have a room's SDP and RTCP sent as Traced events for some seconds; 0 ends it."""
        await self._ask(room_id, messages.Trace(room_id, seconds))

    def _room(self, room_id: str) -> CommandedRoom:
        room = self._rooms.get(room_id)
        if room is None:
            raise CommandFailed("unknown_room", f"{room_id} is not open")
        return room

    def _participant(self, room_id: str, peer_id: str) -> CommandedParticipant:
        participant = self._room(room_id).participants.get(peer_id)
        if participant is None:
            raise CommandFailed("unknown_peer", f"{peer_id} is not in {room_id}")
        return participant

    async def _ask(self, room_id: str, command: messages.AnyCommand) -> None:
        worker = self._worker(self._room(room_id).worker)
        if worker is None:
            raise RelayUnavailable("worker_lost", "the worker of this room is not there now")
        await worker.ask(command)

    def receive(self, event: Event) -> None:
        """Take an event from a worker."""
        if isinstance(event, Disconnected):
            room = self._rooms.get(event.room_id)
            if room is not None and event.reason != WORKER_LOST:
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

    def _tell_lost(self, room_ids: Iterable[str]) -> None:
        """Tell the participants of these rooms that their worker is lost."""
        for room_id in room_ids:
            for peer_id in list(self._rooms[room_id].participants):
                self._emit(Disconnected(room_id, peer_id, WORKER_LOST))

    async def _restore(self, room_id: str) -> None:
        """Set up a room, unless it is closed, in the worker that is now its own."""
        try:
            if room_id in self._rooms:
                await self._restore_room(room_id)
        except (CommandFailed, RelayUnavailable) as error:
            logger.error("a room could not be set up again: %s", error)

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
