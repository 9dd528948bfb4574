"""All live rooms of this process, and the lobbies in which schedulers hear who waits."""

from collections.abc import Iterable, Iterator

from signaling.ports import Connection
from signaling.rooms.room import Room
from signaling.wire import messages as wire
from signaling.wire.values import to_ms


class Hub:
    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}
        self._lobbies: dict[str, set[Connection]] = {}

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

    def tell_lobby(self, scheduler_id: str, message: wire.ServerMessage | None = None) -> None:
        """Send everybody in this scheduler's lobby `message`, or else who waits now."""
        connections = self._lobbies.get(scheduler_id)
        if connections:
            frame = wire.encode(message or self.lobby(scheduler_id))
            for connection in connections:
                connection.send(frame)

    def waiting(self, scheduler_id: str) -> list[wire.WaitingEntry]:
        """Who is online and not attended to, longest wait first.

        Besides the waiting ones: somebody who came back to a session that is kept open.
        """
        entries = []
        for room in self.rooms_of(scheduler_id):
            if room.waiting_since is None or room.scheduler_attends:
                continue
            people = [seat for seat in room.seats.values() if seat.role != "scheduler"]
            online = [seat for seat in people if seat.online]
            if online:
                entries.append(
                    wire.WaitingEntry(
                        consultation_id=room.consultation.id,
                        name=online[0].name,
                        language=online[0].language,
                        waiting_since=to_ms(room.waiting_since),
                        state=room.consultation.state,
                        readiness=online[0].readiness,
                    )
                )
        return sorted(entries, key=lambda entry: entry.waiting_since)

    def lobby(self, scheduler_id: str) -> wire.Lobby:
        return wire.Lobby(self.waiting(scheduler_id))

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
