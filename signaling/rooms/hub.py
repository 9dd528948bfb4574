"""All live rooms of this process, and the lobbies: sockets that show schedulers who waits."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from signaling.access import TEAM_MEMBER, may, role_of
from signaling.consultation import Consultation
from signaling.moments.milliseconds import to_ms
from signaling.ports.connection import Connection
from signaling.rooms.room import Room
from signaling.rooms.seat import Seat
from signaling.wire import messages as wire
from signaling.wire.values import UnreadEntry, WaitingEntry


@dataclass(frozen=True)
class Waiting:
    """A room in which somebody waits for its scheduler."""

    consultation: Consultation
    seat: Seat
    "Of the first one who is online."
    since: datetime
    whose: str = ""
    "Name of the scheduler, for whoever is not."
    of_team: bool = False
    "Whether it is a session of a team that is not shared yet."
    asks_for_phone_call: bool = False
    "Whether somebody there has asked to be called by phone."


class Hub:
    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}
        self._lobbies: dict[str, set[Connection]] = {}
        self.mates: Mapping[str, frozenset[str]] = {}
        "Account id -> who is in a team with it."
        self._unread: dict[str, list[UnreadEntry]] = {}
        "Of those who have a lobby."
        self._elsewhere: dict[str, dict[str, list[WaitingEntry]]] = {}
        "Account id -> host id -> who waits there for those who have a lobby."
        self.told: Callable[[str, str], None] | None = None
        """Where there are several hosts: called with "lobby" or "list" and the account, when who waits for
        it or something else in its lists has changed."""

    # --- rooms

    def room(self, consultation_id: str) -> Room | None:
        return self._rooms.get(consultation_id)

    def add(self, room: Room) -> None:
        self._rooms[room.consultation.id] = room

    def remove(self, consultation_id: str) -> None:
        self._rooms.pop(consultation_id, None)

    def rooms_of(self, account_id: str) -> Iterator[Room]:
        """Rooms of the sessions that an account holds, its own and those shared with it."""
        return (room for room in self._rooms.values() if account_id in room.consultation.holders)

    def watchers(self, scheduler_id: str) -> set[str]:
        """Accounts whose lobby shows what happens in a scheduler's rooms."""
        holders = (room.consultation.holders for room in self.rooms_of(scheduler_id))
        return {scheduler_id}.union(self.mates.get(scheduler_id, ()), *holders)

    def readers(self, room: Room) -> set[str]:
        """Accounts whose lobby shows what is unread in a room."""
        consultation = room.consultation
        return {*consultation.holders, *self.mates.get(consultation.scheduler_id, ())}

    # --- lobbies

    def enter_lobby(self, account_id: str, connection: Connection) -> None:
        self._lobbies.setdefault(account_id, set()).add(connection)
        connection.send(wire.encode(self.lobby(account_id)), counted=False)

    def leave_lobby(self, account_id: str, connection: Connection) -> None:
        connections = self._lobbies.get(account_id, set())
        connections.discard(connection)
        if not connections:
            self._lobbies.pop(account_id, None)
            self._unread.pop(account_id, None)
            self._elsewhere.pop(account_id, None)

    def with_lobby(self) -> Iterable[str]:
        """Accounts that have a lobby open."""
        return tuple(self._lobbies)

    def notify_lobby(self, account_id: str, message: wire.ServerMessage | None = None) -> None:
        """Send `message` to this account's lobby; without one, who waits now."""
        if self.told is not None:
            self.told("lobby" if message is None else "list", account_id)
        self.notify_here(account_id, message)

    def notify_here(self, account_id: str, message: wire.ServerMessage | None = None) -> None:
        """The same, without telling other hosts."""
        connections = self._lobbies.get(account_id)
        if connections:
            frame = wire.encode(message or self.lobby(account_id))
            for connection in connections:
                connection.send(frame)

    def waiting(self, account_id: str) -> list[Waiting]:
        """Rooms in which somebody is online without any of its staff, longest wait first.

        Those of an account, of sessions shared with it, and of its teams; also sessions that are kept
        open and that somebody came back to. Of those in progress only one that was handed over to
        this account, until they enter it.
        """
        found, mates = [], self.mates.get(account_id, frozenset())
        for room in self._rooms.values():
            if room.waiting_since is None or room.scheduler_attends:
                continue
            consultation = room.consultation
            role = role_of(consultation, account_id, mates)
            if not may(role, "see_waiting"):
                continue
            others = [seat for seat in room.seats.values() if seat.role != "scheduler"]
            if online := [seat for seat in others if seat.online]:
                own = consultation.scheduler_id == account_id
                whose = "" if own else room.name_of(consultation.scheduler_id)
                since, of_team = room.waiting_since, role == TEAM_MEMBER
                phone = any(room.asks_for_phone_call(each.participant_id) for each in others)
                found.append(Waiting(consultation, online[0], since, whose, of_team, phone))
        return sorted(found, key=lambda waiting: waiting.since)

    def lobby(self, account_id: str) -> wire.Lobby:
        return wire.Lobby(self.entries(account_id), self._unread.get(account_id, []))

    def entries(self, account_id: str) -> list[WaitingEntry]:
        """Who waits for an account, on whichever host, longest wait first."""
        elsewhere = self._elsewhere.get(account_id, {})
        found = [
            *self.entries_here(account_id),
            *(each for host in elsewhere.values() for each in host),
        ]
        return sorted(found, key=lambda entry: entry.waiting_since)

    def next_waiting(self, account_id: str) -> str | None:
        """The session of whoever has waited longest; an account's own come before those of others."""
        here = [
            (each.of_team, to_ms(each.since), each.consultation.id)
            for each in self.waiting(account_id)
        ]
        elsewhere = [
            (bool(each.whose), each.waiting_since, each.consultation_id)
            for host in self._elsewhere.get(account_id, {}).values()
            for each in host
        ]
        return min([*here, *elsewhere])[2] if here or elsewhere else None

    def entries_here(self, account_id: str) -> list[WaitingEntry]:
        """Who waits for an account in the rooms of this process."""
        return [_entry(waiting) for waiting in self.waiting(account_id)]

    def show_elsewhere(self, account_id: str, host_id: str, entries: list[WaitingEntry]) -> None:
        """Who waits for an account in the rooms of another host."""
        known = self._elsewhere.setdefault(account_id, {})
        if known.get(host_id, []) != entries:
            known[host_id] = entries
            self.notify_here(account_id)

    def forget_elsewhere(self, host_id: str) -> None:
        """Nobody waits on a host that is gone."""
        for account_id, known in self._elsewhere.items():
            if known.pop(host_id, []):
                self.notify_here(account_id)

    # --- what is unread, as open lobbies show it

    def in_lobby(self, account_id: str) -> bool:
        """Whether any page shows this account who waits."""
        return account_id in self._lobbies

    def shows_unread(self, account_id: str, consultation_id: str) -> bool:
        """Whether the lobby says that something in this session is unread."""
        shown = self._unread.get(account_id, [])
        return any(entry.consultation_id == consultation_id for entry in shown)

    def show_unread(self, account_id: str, unread: list[UnreadEntry]) -> None:
        """Show what is unread from now on, also in the lobbies that are open."""
        if unread == self._unread.get(account_id, []):
            return
        self._unread[account_id] = unread
        self.notify_lobby(account_id)

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
        whose=waiting.whose,
        asks_for_phone_call=waiting.asks_for_phone_call,
        # only then, as hosts of the version before refuse a list with it
        role=None if waiting.seat.name else waiting.seat.role,
    )
