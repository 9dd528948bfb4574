"""Hosts that share the database, and whose room each session's is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from signaling.hosts.role import Role
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.executor import Executor, Row, batched, marks
from storage.engine.vault import Vault

KEY = "hosts"


@dataclass(frozen=True)
class Figures:
    """What a host says of itself with each renewal."""

    rooms: int = 0
    people: int = 0
    "Connected to them."
    load: int = 0
    "Thousandths of a processor, of this process."


@dataclass(frozen=True)
class Host:
    """One start of the program on one machine."""

    id: str
    name: str
    url: str
    version: str
    started_at: datetime
    renewals: int = 0
    draining: bool = False
    figures: Figures = Figures()
    role: Role = "all"


class Hosts:
    def __init__(self, executor: Executor, vault: Vault | None = None) -> None:
        self._executor = executor
        self._vault = vault

    async def key(self) -> bytes:
        """What hosts authenticate to each other with; within a transaction, made on first use."""
        assert self._vault is not None
        return await self._vault.secret(self._executor, KEY)

    async def add(self, host: Host) -> None:
        await self._executor.rows(
            "INSERT INTO host (id, name, url, version, started_at, draining, role)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                host.id,
                host.name,
                host.url,
                host.version,
                to_ms(host.started_at),
                host.draining + 0,
                host.role,
            ),
        )

    async def renew(self, host_id: str, figures: Figures, *, draining: bool) -> bool:
        """False: another host has ended this one."""
        row = await self._executor.row(
            "UPDATE host SET renewals = renewals + 1, rooms = ?, people = ?, load = ?, draining = ?"
            " WHERE id = ? RETURNING renewals",
            (figures.rooms, figures.people, figures.load, draining + 0, host_id),
        )
        return row is not None

    async def all(self) -> list[Host]:
        """In the order of their names."""
        rows = await self._executor.rows("SELECT * FROM host ORDER BY name, started_at")
        return [_host(row) for row in rows]

    async def find_key(self) -> bytes | None:
        """The same; None: no host has needed it yet."""
        assert self._vault is not None
        return await self._vault.find_secret(self._executor, KEY)

    async def remove(self, host_id: str) -> None:
        """A host ends by itself."""
        await self._forget_waiting(host_id)
        await self.drop(host_id)

    async def drop(self, host_id: str) -> None:
        """A host ends that owns no room."""
        await self._executor.rows("DELETE FROM host WHERE id = ?", (host_id,))

    async def end(self, host_id: str, renewals: int) -> bool:
        """End a host that has not renewed its lease since; False: it has, or is gone.

        Its rooms are nobody's from the commit on, and nobody is in them. False, too, while a transaction
        of that host has not ended (`hold_host`).
        """
        return await self._end(" AND renewals = ?", (host_id, renewals))

    async def lapse(self, host_id: str) -> bool:
        """A host has given up all of its rooms by itself: as `end`, however often it has renewed."""
        return await self._end("", (host_id,))

    async def _end(self, also: str, parameters: tuple[object, ...]) -> bool:
        host_id, *_ = parameters
        found = await self._executor.row(
            f"SELECT id FROM host WHERE id = ?{also}{self._executor.skip_locked}", parameters
        )
        if found is not None:
            await self.remove(str(host_id))
        return found is not None

    async def _forget_waiting(self, host_id: str) -> None:
        await self._executor.rows(
            "UPDATE consultation SET state = 'planned' WHERE state = 'waiting' AND id IN"
            " (SELECT consultation_id FROM room_owner WHERE host_id = ?)",
            (host_id,),
        )

    # --- rooms

    async def owner_of(self, consultation_id: str) -> Host | None:
        """The host that owns the room of a session."""
        row = await self._executor.row(
            "SELECT host.* FROM room_owner JOIN host ON host.id = room_owner.host_id"
            " WHERE room_owner.consultation_id = ?",
            (consultation_id,),
        )
        return _host(row) if row else None

    async def take(self, consultation_id: str, host_id: str) -> None:
        """Give the room to a host, unless another one owns it or there is no such session."""
        await self._executor.rows(
            "INSERT INTO room_owner (consultation_id, host_id)"
            " SELECT id, ? FROM consultation WHERE id = ? ON CONFLICT DO NOTHING",
            (host_id, consultation_id),
        )

    async def release(self, consultation_ids: Iterable[str], host_id: str) -> None:
        """These rooms are nobody's."""
        for ids in batched(consultation_ids):
            await self._executor.rows(
                f"DELETE FROM room_owner WHERE consultation_id IN ({marks(ids)}) AND host_id = ?",
                (*ids, host_id),
            )


def _host(row: Row) -> Host:
    return Host(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        version=row["version"],
        started_at=from_ms(row["started_at"]),
        renewals=row["renewals"],
        draining=bool(row["draining"]),
        figures=Figures(row["rooms"], row["people"], row["load"]),
        role=row["role"],
    )
