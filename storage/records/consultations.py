"""Consultations: rows without anything that names a person."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.errors import NotFound
from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from storage.engine.commit_hooks import CommitHooks
from storage.engine.executor import Executor, Row, batched, marks
from storage.engine.vault import Vault
from storage.folder.purged_list import PurgedList
from storage.records.purging import purge

_NOTE = "consultation.note"
_SELECT = (
    "SELECT consultation.*, (SELECT group_concat(account_id, ' ') FROM shared_session"
    " WHERE consultation_id = consultation.id) AS shared_with FROM consultation"
)
_HELD = (
    "id IN (SELECT id FROM consultation WHERE scheduler_id = ?1"
    " UNION ALL SELECT consultation_id FROM shared_session WHERE account_id = ?1)"
)
"Held by the account ?1: its own, and those shared with it."


def _former(participant_id: str) -> str:
    return f"former_scheduler.name.{participant_id}"


class Consultations:
    def __init__(
        self, executor: Executor, vault: Vault, purged: PurgedList, hooks: CommitHooks
    ) -> None:
        self._executor = executor
        self._vault = vault
        self._purged = purged
        self._hooks = hooks

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
            shared_with=frozenset((row["shared_with"] or "").split()),
        )

    async def _note(self, row: Row) -> str:
        """The note; empty if it is damaged."""
        if row["note"] is None:
            return ""
        try:
            key = await self._vault.key(self._executor, row["id"])
        except NotFound:
            return ""
        plain = key.read(_NOTE, row["note"])
        return "" if plain is None else plain.decode()

    async def add(self, consultation: Consultation) -> None:
        """Write the row and make its key."""
        await self._executor.post(
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
            await self._executor.post(
                "UPDATE consultation SET note = ? WHERE id = ?",
                (key.seal(_NOTE, consultation.note.encode()), consultation.id),
            )

    async def get(self, consultation_id: str) -> Consultation | None:
        row = await self._executor.row(f"{_SELECT} WHERE id = ?", (consultation_id,))
        return await self._consultation(row) if row else None

    async def ids(self) -> list[str]:
        """The ids of all consultations."""
        return [row["id"] for row in await self._executor.rows("SELECT id FROM consultation")]

    async def in_states(self, states: Sequence[str]) -> list[Consultation]:
        """All consultations in these states, oldest first."""
        rows = await self._executor.rows(
            f"{_SELECT} WHERE state IN ({marks(states)}) ORDER BY created_at, id",
            tuple(states),
        )
        return [await self._consultation(row) for row in rows]

    async def holders(self, consultation_ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """Consultation id -> account ids of its holders, of those that exist."""
        found: dict[str, frozenset[str]] = {}
        for ids in batched(consultation_ids):
            for statement in (
                f"SELECT id, scheduler_id AS holder FROM consultation WHERE id IN ({marks(ids)})",
                "SELECT consultation_id AS id, account_id AS holder FROM shared_session"
                f" WHERE consultation_id IN ({marks(ids)})",
            ):
                for row in await self._executor.rows(statement, ids):
                    found[row["id"]] = found.get(row["id"], frozenset()) | {row["holder"]}
        return found

    async def change(self, consultation: Consultation) -> None:
        """Store state and dates."""
        await self._executor.post(
            "UPDATE consultation SET state = ?, created_at = ?, planned_at = ?, time_zone = ?,"
            " started_at = ?, closed_at = ?, calendar_sequence = ?, interpreting = ? WHERE id = ?",
            (
                consultation.state, to_ms(consultation.created_at),
                maybe_ms(consultation.planned_at), consultation.time_zone,
                maybe_ms(consultation.started_at), maybe_ms(consultation.closed_at),
                consultation.calendar_sequence, consultation.interpreting, consultation.id,
            ),
        )  # fmt: skip

    async def visible_to(self, account_id: str, states: Sequence[str]) -> list[Consultation]:
        """Those that an account holds, its own and those shared with it; soonest first."""
        rows = await self._executor.rows(
            f"{_SELECT} WHERE {_HELD} AND state IN ({marks(states)}) ORDER BY COALESCE(planned_at, created_at), id",
            (account_id, *states),
        )
        return [await self._consultation(row) for row in rows]

    async def ids_held_by(self, account_id: str, states: Sequence[str]) -> list[str]:
        """The ids of the same."""
        rows = await self._executor.rows(
            f"SELECT id FROM consultation WHERE {_HELD} AND state IN ({marks(states)})",
            (account_id, *states),
        )
        return [row["id"] for row in rows]

    async def ids_of(self, scheduler_id: str, states: Sequence[str]) -> list[str]:
        """The ids of a scheduler's consultations in these states, in order."""
        rows = await self._executor.rows(
            f"SELECT id FROM consultation WHERE scheduler_id = ? AND state IN ({marks(states)})"
            " ORDER BY id",
            (scheduler_id, *states),
        )
        return [row["id"] for row in rows]

    async def shared_with(self, account_id: str) -> list[str]:
        """The ids of consultations that others share with an account."""
        rows = await self._executor.rows(
            "SELECT consultation_id FROM shared_session WHERE account_id = ?"
            " ORDER BY consultation_id",
            (account_id,),
        )
        return [row["consultation_id"] for row in rows]

    async def shared_by(self, scheduler_id: str) -> list[str]:
        """The ids of a scheduler's consultations that are shared with colleagues."""
        rows = await self._executor.rows(
            "SELECT id FROM consultation WHERE scheduler_id = ? AND EXISTS"
            " (SELECT 1 FROM shared_session WHERE consultation_id = id) ORDER BY id",
            (scheduler_id,),
        )
        return [row["id"] for row in rows]

    async def share(self, consultation_id: str, account_id: str) -> None:
        await self._executor.rows(
            "INSERT INTO shared_session (consultation_id, account_id) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING",
            (consultation_id, account_id),
        )

    async def end_share(self, consultation_id: str, colleague: Account) -> None:
        """The colleague holds it no longer; the name stays with it, sealed."""
        await self._executor.rows(
            "DELETE FROM shared_session WHERE consultation_id = ? AND account_id = ?",
            (consultation_id, colleague.id),
        )
        await self._keep_name(consultation_id, colleague)
        self._hooks.place_lost(self._executor, consultation_id, colleague.id)

    async def hand_over(self, consultation_id: str, former: Account, to_id: str) -> None:
        """Make another account its scheduler; the name of the former one stays with it, sealed."""
        await self._keep_name(consultation_id, former)
        await self._executor.rows(
            "UPDATE consultation SET scheduler_id = ? WHERE id = ?", (to_id, consultation_id)
        )
        await self._executor.rows(
            "DELETE FROM shared_session WHERE consultation_id = ? AND account_id = ?",
            (consultation_id, to_id),
        )
        self._hooks.place_lost(self._executor, consultation_id, former.id)

    async def _keep_name(self, consultation_id: str, former: Account) -> None:
        key = await self._vault.key(self._executor, consultation_id)
        await self._executor.rows(
            "INSERT INTO former_scheduler (consultation_id, participant_id, name)"
            " VALUES (?, ?, ?) ON CONFLICT (consultation_id, participant_id)"
            " DO UPDATE SET name = excluded.name",
            (consultation_id, former.id, key.seal(_former(former.id), former.name.encode())),
        )

    async def former_schedulers(self, consultation_id: str) -> dict[str, str]:
        """Participant id -> name of those who held it, and hold it no longer."""
        rows = await self._executor.rows(
            "SELECT participant_id, name FROM former_scheduler WHERE consultation_id = ?",
            (consultation_id,),
        )
        if not rows:
            return {}
        key = await self._vault.key(self._executor, consultation_id)
        return {
            row["participant_id"]: key.text(_former(row["participant_id"]), row["name"])
            for row in rows
        }

    async def overdue(self, before: datetime, limit: int) -> list[Consultation]:
        """Planned or waiting ones whose date was at or before `before`.

        Except while an interpreter is being looked for: their people were not told yet.
        """
        rows = await self._executor.rows(
            f"{_SELECT} WHERE state IN ('planned', 'waiting')"
            " AND interpreting <> 'requested' AND COALESCE(planned_at, created_at) <= ?"
            " ORDER BY COALESCE(planned_at, created_at) LIMIT ?",
            (to_ms(before), limit),
        )
        return [await self._consultation(row) for row in rows]

    async def left_alone(self, before: datetime, after_id: str, limit: int) -> list[Consultation]:
        """Started ones without an event since `before`, ordered by id, after `after_id`."""
        rows = await self._executor.rows(
            f"{_SELECT} INDEXED BY consultation_abandoned"
            " WHERE state IN ('active', 'kept_open') AND last_event_at <= ? AND id > ?"
            " ORDER BY id LIMIT ?",
            (to_ms(before), after_id, limit),
        )
        return [await self._consultation(row) for row in rows]

    async def touch(self, consultation_id: str, now: datetime) -> None:
        """Set the last event to `now`."""
        await self._executor.post(
            "UPDATE consultation SET last_event_at = ? WHERE id = ?", (to_ms(now), consultation_id)
        )

    async def clamp_future(self, now: datetime) -> None:
        """Set times in the future that decide about an end, written by a wrong clock, to `now`."""
        for column in ("closed_at", "created_at", "last_event_at"):
            await self._executor.post(
                f"UPDATE consultation SET {column} = ?1 WHERE {column} > ?1", (to_ms(now),)
            )

    async def ended_before(self, moment: datetime, limit: int) -> list[Consultation]:
        """Closed or canceled at or before `moment`, earliest first."""
        rows = await self._executor.rows(
            f"{_SELECT} WHERE closed_at <= ? ORDER BY closed_at LIMIT ?",
            (to_ms(moment), limit),
        )
        return [await self._consultation(row) for row in rows]

    async def next_end(self) -> datetime | None:
        """The earliest time at which any was closed or canceled."""
        row = await self._executor.row(
            "SELECT MIN(closed_at) AS closed_at FROM consultation WHERE closed_at IS NOT NULL"
        )
        return maybe_from_ms(row["closed_at"]) if row else None

    async def forget_presence(self) -> None:
        """Nobody is online when the server starts: what was waiting is planned again.

        In rooms of other hosts they are.
        """
        await self._executor.post(
            "UPDATE consultation SET state = 'planned' WHERE state = 'waiting'"
            " AND NOT EXISTS (SELECT 1 FROM room_owner WHERE consultation_id = consultation.id)"
        )

    async def purge(self, consultation_id: str) -> None:
        """Purge it, in the order that `storage/records/purging.py` says."""
        await purge(self._executor, self._vault, self._purged, consultation_id)
