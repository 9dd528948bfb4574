"""Consultations: rows without anything that names a person."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography.exceptions import InvalidTag

from signaling.consultation import Consultation
from signaling.errors import NotFound
from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from storage.engine.database import Executor, Row, batched, marks
from storage.engine.vault import Vault
from storage.errors import MasterKeyError
from storage.folder.purged_list import PurgedList

_log = logging.getLogger(__name__)
_NOTE = "consultation.note"


class Consultations:
    def __init__(self, executor: Executor, vault: Vault, purged: PurgedList) -> None:
        self._executor = executor
        self._vault = vault
        self._purged = purged

    async def _consultation(self, row: Row) -> Consultation:
        return Consultation(
            id=row["id"],
            scheduler_id=row["scheduler_id"],
            kind=row["kind"],
            state=row["state"],
            created_at=from_ms(row["created_at"]),
            planned_at=maybe_from_ms(row["planned_at"]),
            time_zone=row["time_zone"],
            started_at=maybe_from_ms(row["started_at"]),
            closed_at=maybe_from_ms(row["closed_at"]),
            note=await self._note(row),
            interpreting=row["interpreting"],
            interpreting_language=row["interpreting_language"],
            last_event_at=from_ms(row["last_event_at"]),
            calendar_sequence=row["calendar_sequence"],
        )

    async def _note(self, row: Row) -> str:
        """Nothing where it cannot be read: the consultation must go on, end and be forgotten."""
        if row["note"] is None:
            return ""
        try:
            key = await self._vault.key(self._executor, row["id"])
            return key.open(_NOTE, row["note"]).decode()
        except (InvalidTag, KeyError, MasterKeyError, NotFound):
            _log.exception("unreadable", extra={"consultation_id": row["id"]})
            return ""

    async def add(self, consultation: Consultation) -> None:
        """Write the row and make its key."""
        await self._executor.rows(
            "INSERT INTO consultation (id, scheduler_id, kind, state, created_at, planned_at,"
            " time_zone, started_at, closed_at, calendar_sequence, interpreting,"
            " interpreting_language, last_event_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                consultation.id, consultation.scheduler_id, consultation.kind, consultation.state,
                to_ms(consultation.created_at), maybe_ms(consultation.planned_at),
                consultation.time_zone, maybe_ms(consultation.started_at),
                maybe_ms(consultation.closed_at), consultation.calendar_sequence,
                consultation.interpreting, consultation.interpreting_language,
                to_ms(consultation.created_at),
            ),
        )  # fmt: skip
        key = await self._vault.create(self._executor, consultation.id)
        if consultation.note:
            await self._executor.rows(
                "UPDATE consultation SET note = ? WHERE id = ?",
                (key.seal(_NOTE, consultation.note.encode()), consultation.id),
            )

    async def get(self, consultation_id: str) -> Consultation | None:
        row = await self._executor.row(
            "SELECT * FROM consultation WHERE id = ?", (consultation_id,)
        )
        return await self._consultation(row) if row else None

    async def ids(self) -> list[str]:
        """Of all there are."""
        return [row["id"] for row in await self._executor.rows("SELECT id FROM consultation")]

    async def in_states(self, states: Sequence[str]) -> list[Consultation]:
        """Everybody's in these states, oldest first."""
        rows = await self._executor.rows(
            f"SELECT * FROM consultation WHERE state IN ({marks(states)}) ORDER BY created_at, id",
            tuple(states),
        )
        return [await self._consultation(row) for row in rows]

    async def schedulers_of(self, consultation_ids: Iterable[str]) -> list[str]:
        """The account ids of those who hold these consultations, each once."""
        ids = tuple(consultation_ids)
        rows = await self._executor.rows(
            f"SELECT DISTINCT scheduler_id FROM consultation WHERE id IN ({marks(ids)})", ids
        )
        return [row["scheduler_id"] for row in rows]

    async def holders(self, consultation_ids: Iterable[str]) -> dict[str, str]:
        """Consultation id -> account id of who holds it, of those that exist."""
        found: dict[str, str] = {}
        for ids in batched(consultation_ids):
            for row in await self._executor.rows(
                f"SELECT id, scheduler_id FROM consultation WHERE id IN ({marks(ids)})", ids
            ):
                found[row["id"]] = row["scheduler_id"]
        return found

    async def change(self, consultation: Consultation) -> None:
        """Store state and dates."""
        await self._executor.rows(
            "UPDATE consultation SET state = ?, created_at = ?, planned_at = ?, time_zone = ?, started_at = ?,"
            " closed_at = ?, calendar_sequence = ?, interpreting = ? WHERE id = ?",
            (
                consultation.state, to_ms(consultation.created_at),
                maybe_ms(consultation.planned_at), consultation.time_zone,
                maybe_ms(consultation.started_at), maybe_ms(consultation.closed_at),
                consultation.calendar_sequence, consultation.interpreting, consultation.id,
            ),
        )  # fmt: skip

    async def of_scheduler(self, scheduler_id: str, states: Sequence[str]) -> list[Consultation]:
        """In these states, soonest first."""
        rows = await self._executor.rows(
            f"SELECT * FROM consultation WHERE scheduler_id = ? AND state IN ({marks(states)})"
            " ORDER BY COALESCE(planned_at, created_at), id",
            (scheduler_id, *states),
        )
        return [await self._consultation(row) for row in rows]

    async def overdue(self, before: datetime, limit: int) -> list[Consultation]:
        """Planned or waiting ones whose time was at or before `before`.

        Not while an interpreter is being looked for: their people were not even told.
        """
        rows = await self._executor.rows(
            "SELECT * FROM consultation WHERE state IN ('planned', 'waiting')"
            " AND interpreting <> 'requested' AND COALESCE(planned_at, created_at) <= ?"
            " ORDER BY COALESCE(planned_at, created_at) LIMIT ?",
            (to_ms(before), limit),
        )
        return [await self._consultation(row) for row in rows]

    async def left_alone(self, before: datetime, after_id: str, limit: int) -> list[Consultation]:
        """Started ones in which nothing has happened since `before`, by id, beyond `after_id`."""
        rows = await self._executor.rows(
            "SELECT * FROM consultation INDEXED BY consultation_abandoned"
            " WHERE state IN ('active', 'kept_open') AND last_event_at <= ? AND id > ?"
            " ORDER BY id LIMIT ?",
            (to_ms(before), after_id, limit),
        )
        return [await self._consultation(row) for row in rows]

    async def touch(self, consultation_id: str, now: datetime) -> None:
        """Something has happened in it now: how long it was left alone before counts no more."""
        await self._executor.rows(
            "UPDATE consultation SET last_event_at = ? WHERE id = ?", (to_ms(now), consultation_id)
        )

    async def bring_back(self, now: datetime) -> None:
        """What lies in the future and decides about an end was written by a clock that was wrong."""
        for column in ("closed_at", "created_at", "last_event_at"):
            await self._executor.rows(
                f"UPDATE consultation SET {column} = ?1 WHERE {column} > ?1", (to_ms(now),)
            )

    async def ended_before(self, moment: datetime, limit: int) -> list[Consultation]:
        """Closed or canceled at or before `moment`: what retention says must go."""
        rows = await self._executor.rows(
            "SELECT * FROM consultation WHERE closed_at <= ? ORDER BY closed_at LIMIT ?",
            (to_ms(moment), limit),
        )
        return [await self._consultation(row) for row in rows]

    async def next_end(self) -> datetime | None:
        """When the one closed longest ago was closed."""
        row = await self._executor.row(
            "SELECT MIN(closed_at) AS closed_at FROM consultation WHERE closed_at IS NOT NULL"
        )
        return maybe_from_ms(row["closed_at"]) if row else None

    async def forget_presence(self) -> None:
        """Nobody is online when the server starts: what was waiting is planned again."""
        await self._executor.rows(
            "UPDATE consultation SET state = 'planned' WHERE state = 'waiting'"
        )

    async def purge(self, consultation_id: str) -> None:
        """Note the purge, destroy the key, then delete every row of the consultation.

        With it go the web sessions of browsers that have no seat in another one; whoever purges
        ends what is open in the room.
        """
        await self._purged.add([consultation_id])
        await self._vault.destroy(self._executor, consultation_id)
        await self._executor.rows(
            "DELETE FROM web_session WHERE account_id IS NULL AND token_digest IN ("
            " SELECT web_session_digest FROM invite JOIN seat ON seat.invite_id = invite.id"
            " WHERE invite.consultation_id = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM seat JOIN invite ON invite.id = seat.invite_id"
            " WHERE seat.web_session_digest = web_session.token_digest"
            " AND invite.consultation_id <> ?1)",
            (consultation_id,),
        )
        await self._executor.rows("DELETE FROM consultation WHERE id = ?", (consultation_id,))
