"""The queue of notices: what is due, who sends it, and what a host has left behind."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from signaling.moments.milliseconds import from_ms, maybe_from_ms, to_ms
from signaling.notices.notice import Attempt, Channel, Content, Envelope, Notice
from signaling.notices.outcome import Due
from storage.engine.executor import Executor, Parameters, Row, batched, marks
from storage.engine.vault import ConsultationKey, Vault

DAMAGED = Envelope("", "", (), Content("", ""))
"What was to be sent, where that cannot be read any more: there is no way for it, so it blocks no others."


def envelope_place(notice_id: str) -> str:
    return f"notice.envelope.{notice_id}"


def notice_of(row: Row) -> Notice:
    return Notice(
        id=row["id"],
        consultation_id=row["consultation_id"],
        invite_id=row["invite_id"],
        occasion=row["occasion"],
        dedupe_key=row["dedupe_key"],
        due_at=from_ms(row["due_at"]),
        state=row["state"],
        version=row["version"],
    )


def _named(ids: Sequence[str]) -> str:
    """The placeholders :id0, :id1 ... for `ids` in a list."""
    return ", ".join(f":id{number}" for number in range(len(ids)))


def attempt_of(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        notice_id=row["notice_id"],
        channel=row["channel"],
        sender_id=row["sender_id"],
        state=row["state"],
        tries=row["tries"],
        first_try_at=maybe_from_ms(row["first_try_at"]),
        next_try_at=maybe_from_ms(row["next_try_at"]),
        provider_id=row["provider_id"],
        reason=row["reason"],
        code=row["code"],
    )


def opened(key: ConsultationKey | None, row: Row) -> Envelope:
    plain = None if key is None else key.read(envelope_place(row["id"]), row["envelope"])
    return DAMAGED if plain is None else msgspec.json.decode(plain, type=Envelope)


class NoticeQueue:
    """What the sender asks of the notices; `storage/records/notices.py` has the rest."""

    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def due(self, now: datetime, room: Mapping[Channel, int]) -> list[Due]:
        """What is due, oldest first, of each channel as many as there is `room`.

        Within a transaction: nobody else is given or changes these until its end.
        """
        some = [channel for channel in room if room[channel] > 0]
        if not some:
            return []
        oldest = " UNION ALL ".join(
            "SELECT id FROM (SELECT id FROM notice WHERE next_at <= :now"
            f" AND channel = '{channel}' ORDER BY next_at LIMIT {room[channel]:d}"
            f"{self._executor.skip_locked}) AS of_{channel}"
            for channel in some
        )
        found = await self._executor.rows(oldest, {"now": to_ms(now)})
        ids = [row["id"] for row in found]
        if not ids:
            return []
        return await self._with_all(
            "SELECT notice.*, consultation.planned_at, notice.occasion = 'reminder' AND EXISTS ("
            " SELECT 1 FROM notice AS later"
            " WHERE later.consultation_id = notice.consultation_id"
            " AND later.invite_id = notice.invite_id AND later.occasion = 'reminder'"
            " AND later.state = 'pending' AND later.due_at <= :now"
            " AND later.due_at > notice.due_at) AS overtaken"
            " FROM notice JOIN consultation ON consultation.id = notice.consultation_id"
            f" WHERE notice.id IN ({_named(ids)}) ORDER BY notice.next_at",
            {"now": to_ms(now)} | {f"id{number}": each for number, each in enumerate(ids)},
        )

    async def _with_all(self, sql: str, parameters: Parameters = ()) -> list[Due]:
        rows = await self._executor.rows(sql, parameters)
        attempts = await self._attempts_of([row["id"] for row in rows])
        keys = await self._vault.keys(self._executor, {row["consultation_id"] for row in rows})
        return [
            Due(
                notice_of(row),
                opened(keys.get(row["consultation_id"]), row),
                tuple(attempts[row["id"]]),
                maybe_from_ms(row["planned_at"]),
                bool(row["overtaken"]),
            )
            for row in rows
        ]

    async def next_due(self) -> datetime | None:
        """When the next notice is due; None: nothing waits."""
        row = await self._executor.row(
            "SELECT next_at FROM notice WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1"
        )
        return maybe_from_ms(row["next_at"]) if row else None

    async def waiting(self, now: datetime) -> dict[Channel, int]:
        """How many notices are due by now, by the channel that they leave by next."""
        rows = await self._executor.rows(
            "SELECT channel, COUNT(*) AS count FROM notice INDEXED BY notice_next"
            " WHERE next_at <= ? GROUP BY channel",
            (to_ms(now),),
        )
        return {row["channel"]: row["count"] for row in rows}

    async def claim(self, notice_ids: Iterable[str], host_id: str) -> None:
        """Store that a host sends these now (empty: the only one there is); none of them is due."""
        await self._executor.post_many(
            "UPDATE notice SET next_at = NULL, claimed_by = ? WHERE id = ?",
            [(host_id or None, each) for each in notice_ids],
        )

    async def claimed(self, notice_id: str, host_id: str) -> Notice | None:
        """A notice that this host sends, within a transaction; None: it does not, or not any more."""
        row = await self._executor.row(
            "SELECT * FROM notice WHERE id = ? AND COALESCE(claimed_by, '') = ?"
            f"{self._executor.locked}",
            (notice_id, host_id),
        )
        return notice_of(row) if row else None

    async def standing(
        self, notice_ids: Sequence[str]
    ) -> dict[str, tuple[Notice, list[Attempt], str]]:
        """Id -> (notice, its attempts in the order of their ways, the host that sends it or nothing).

        Of notices that still exist, within a transaction: nobody else changes these until its end.
        """
        rows = await self._executor.rows(
            f"SELECT * FROM notice WHERE id IN ({marks(notice_ids)}) ORDER BY id"
            f"{self._executor.locked}",
            tuple(notice_ids),
        )
        attempts = await self._attempts_of(notice_ids)
        return {
            row["id"]: (notice_of(row), attempts[row["id"]], row["claimed_by"] or "")
            for row in rows
        }

    async def interrupted(self) -> list[Due]:
        """What a host was sending that is gone; each has an attempt.

        Where there is one host alone it is gone whenever this is asked, at its start. Within a
        transaction: nobody else is given or changes these until its end.
        """
        found = await self._executor.rows(
            "SELECT id FROM notice WHERE next_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM host WHERE host.id = notice.claimed_by)"
            " AND id IN (SELECT notice_id FROM delivery_attempt"
            f" WHERE state IN ('sending', 'queued')) ORDER BY id{self._executor.skip_locked}"
        )
        due: list[Due] = []
        for ids in batched(row["id"] for row in found):
            due += await self._with_all(
                "SELECT notice.*, consultation.planned_at, 0 AS overtaken FROM notice"
                " JOIN consultation ON consultation.id = notice.consultation_id"
                f" WHERE notice.id IN ({marks(ids)})",
                ids,
            )
        return due

    async def unfinished(self) -> list[Due]:
        """Whatever would still be sent: what waits, and what was being sent."""
        return await self._with_all(
            "SELECT notice.*, consultation.planned_at, 0 AS overtaken FROM notice"
            " JOIN consultation ON consultation.id = notice.consultation_id"
            " WHERE notice.next_at IS NOT NULL OR notice.state = 'pending' OR notice.id IN ("
            " SELECT notice_id FROM delivery_attempt WHERE state IN ('sending', 'queued'))"
        )

    async def _attempts_of(self, notice_ids: Sequence[str]) -> dict[str, list[Attempt]]:
        found: dict[str, list[Attempt]] = {notice_id: [] for notice_id in notice_ids}
        for ids in batched(notice_ids):
            for row in await self._executor.rows(
                f"SELECT * FROM delivery_attempt WHERE notice_id IN ({marks(ids)}) ORDER BY number",
                ids,
            ):
                found[row["notice_id"]].append(attempt_of(row))
        return found
