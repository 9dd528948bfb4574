"""Consultations: rows without anything that names a person."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from signaling.consultation import Consultation
from storage.database import Executor, Row
from storage.purged_list import PurgedList
from storage.times import from_ms, maybe_from_ms, maybe_ms, to_ms
from storage.vault import Vault

_NOTE = "consultation.note"


class Consultations:
    def __init__(self, executor: Executor, vault: Vault, purged: PurgedList) -> None:
        self._executor = executor
        self._vault = vault
        self._purged = purged

    async def _consultation(self, row: Row) -> Consultation:
        note = ""
        if row["note"] is not None:
            key = await self._vault.key(self._executor, row["id"])
            note = key.open(_NOTE, row["note"]).decode()
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
            note=note,
            interpreting=row["interpreting"],
            interpreting_language=row["interpreting_language"],
            calendar_sequence=row["calendar_sequence"],
        )

    async def add(self, consultation: Consultation) -> None:
        """Write the row and make its key."""
        await self._executor.rows(
            "INSERT INTO consultation (id, scheduler_id, kind, state, created_at, planned_at,"
            " time_zone, started_at, closed_at, calendar_sequence, interpreting,"
            " interpreting_language) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                consultation.id, consultation.scheduler_id, consultation.kind, consultation.state,
                to_ms(consultation.created_at), maybe_ms(consultation.planned_at),
                consultation.time_zone, maybe_ms(consultation.started_at),
                maybe_ms(consultation.closed_at), consultation.calendar_sequence,
                consultation.interpreting, consultation.interpreting_language,
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
        marks = ", ".join("?" * len(states))
        rows = await self._executor.rows(
            f"SELECT * FROM consultation WHERE state IN ({marks}) ORDER BY created_at, id",
            tuple(states),
        )
        return [await self._consultation(row) for row in rows]

    async def schedulers_of(self, consultation_ids: Iterable[str]) -> list[str]:
        """The account ids of those who hold these consultations, each once."""
        ids = tuple(consultation_ids)
        marks = ", ".join("?" * len(ids))
        rows = await self._executor.rows(
            f"SELECT DISTINCT scheduler_id FROM consultation WHERE id IN ({marks})", ids
        )
        return [row["scheduler_id"] for row in rows]

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
        marks = ", ".join("?" * len(states))
        rows = await self._executor.rows(
            f"SELECT * FROM consultation WHERE scheduler_id = ? AND state IN ({marks})"
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
        """Note the purge, destroy the key, then delete every row of the consultation."""
        await self._purged.add([consultation_id])
        await self._vault.destroy(self._executor, consultation_id)
        await self._executor.rows("DELETE FROM consultation WHERE id = ?", (consultation_id,))
