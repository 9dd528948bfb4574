"""All live rooms of this process, and the lobbies: sockets that show schedulers who waits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from signaling.consultation import AWAITED_STATES, Consultation
from signaling.moments.milliseconds import to_ms
from signaling.ports.connection import Connection
from signaling.rooms.room import Room, Seat
from signaling.wire import messages as wire
from signaling.wire.values import UnreadEntry, WaitingEntry


@dataclass(frozen=True)
class Waiting:
    """A room in which somebody waits for its scheduler."""

    consultation: Consultation
    seat: Seat
    "Of the first one who is online."
    since: datetime


class Hub:
    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}
        self._lobbies: dict[str, set[Connection]] = {}
        self._unread: dict[str, list[UnreadEntry]] = {}
        "Of those who have a lobby."

    # --- rooms

    def room(self, consultation_id: str) -> Room | None:
        return self._rooms.get(consultation_id)

    def add(self, room: Room) -> None:
        self._rooms[room.consultation.id] = room

    def remove(self, consultation_id: str) -> None:
        self._rooms.pop(consultation_id, None)

    def rooms_of(self, scheduler_id: str) -> Iterator[Room]:
        return (
            room for room in self._rooms.values() if room.consultation.scheduler_id == scheduler_id
        )

    # --- lobbies

    def enter_lobby(self, scheduler_id: str, connection: Connection) -> None:
        self._lobbies.setdefault(scheduler_id, set()).add(connection)
        connection.send(wire.encode(self.lobby(scheduler_id)), counted=False)

    def leave_lobby(self, scheduler_id: str, connection: Connection) -> None:
        connections = self._lobbies.get(scheduler_id, set())
        connections.discard(connection)
        if not connections:
            self._lobbies.pop(scheduler_id, None)
            self._unread.pop(scheduler_id, None)

    def notify_lobby(self, scheduler_id: str, message: wire.ServerMessage | None = None) -> None:
        """Send `message` to this scheduler's lobby; without one, who waits now."""
        connections = self._lobbies.get(scheduler_id)
        if connections:
            frame = wire.encode(message or self.lobby(scheduler_id))
            for connection in connections:
                connection.send(frame)

    def waiting(self, scheduler_id: str) -> list[Waiting]:
        """Rooms in which somebody is online without the scheduler, longest wait first.

        Also sessions that are kept open and that somebody came back to; none in progress.
        """
        found = []
        for room in self.rooms_of(scheduler_id):
            if room.waiting_since is None or room.scheduler_attends:
                continue
            if room.consultation.state not in AWAITED_STATES:
                continue
            others = [seat for seat in room.seats.values() if seat.role != "scheduler"]
            if online := [seat for seat in others if seat.online]:
                found.append(Waiting(room.consultation, online[0], room.waiting_since))
        return sorted(found, key=lambda waiting: waiting.since)

    def lobby(self, scheduler_id: str) -> wire.Lobby:
        return wire.Lobby(
            [_entry(waiting) for waiting in self.waiting(scheduler_id)],
            self._unread.get(scheduler_id, []),
        )

    # --- what is unread, as open lobbies show it

    def in_lobby(self, scheduler_id: str) -> bool:
        """Whether any page shows this scheduler who waits."""
        return scheduler_id in self._lobbies

    def shows_unread(self, scheduler_id: str, consultation_id: str) -> bool:
        """Whether the lobby says that something in this session is unread."""
        shown = self._unread.get(scheduler_id, [])
        return any(entry.consultation_id == consultation_id for entry in shown)

    def show_unread(self, scheduler_id: str, unread: list[UnreadEntry]) -> None:
        """Show what is unread from now on, also in the lobbies that are open."""
        if unread == self._unread.get(scheduler_id, []):
            return
        self._unread[scheduler_id] = unread
        self.notify_lobby(scheduler_id)

    # --- all

    def connections(self) -> Iterable[Connection]:
        """Every connection of every room and lobby."""
        for room in self._rooms.values():
            for seat in room.seats.values():
                if seat.connection is not None:
                    yield seat.connection
        for lobby in self._lobbies.values():
            yield from lobby

    def room_count(self) -> int:
        return len(self._rooms)


def _entry(waiting: Waiting) -> WaitingEntry:
    return WaitingEntry(
        consultation_id=waiting.consultation.id,
        name=waiting.seat.name,
        language=waiting.seat.language,
        waiting_since=to_ms(waiting.since),
        state=waiting.consultation.state,
        readiness=waiting.seat.readiness,
    )
