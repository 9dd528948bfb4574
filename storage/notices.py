"""Notices and delivery attempts: the queue of everything that is written to people outside."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from signaling.notice import Attempt, Envelope, Notice
from storage.database import Executor, Row
from storage.times import from_ms, maybe_from_ms, maybe_ms, to_ms
from storage.vault import Vault


def _place(notice_id: str) -> str:
    return f"notice.envelope.{notice_id}"


def _notice(row: Row) -> Notice:
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


def _attempt(row: Row) -> Attempt:
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


class Notices:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def add(self, notice: Notice, envelope: Envelope, now: datetime) -> bool:
        """Queue a notice; False if this recipient has one for this occasion already."""
        key = await self._vault.key(self._executor, notice.consultation_id)
        rows = await self._executor.rows(
            "INSERT INTO notice (id, consultation_id, invite_id, occasion, dedupe_key, envelope,"
            " created_at, due_at, next_at, state, version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id",
            (
                notice.id, notice.consultation_id, notice.invite_id, notice.occasion,
                notice.dedupe_key, key.seal(_place(notice.id), msgspec.json.encode(envelope)),
                to_ms(now), to_ms(notice.due_at), to_ms(notice.due_at), notice.state,
                notice.version,
            ),
        )  # fmt: skip
        return bool(rows)

    async def due(self, now: datetime, limit: int) -> list[Notice]:
        """Whatever is to be done by now, oldest first."""
        rows = await self._executor.rows(
            "SELECT * FROM notice WHERE next_at <= ? ORDER BY next_at LIMIT ?",
            (to_ms(now), limit),
        )
        return [_notice(row) for row in rows]

    async def next_due(self) -> datetime | None:
        """When something is to be done next; None: nothing is queued."""
        row = await self._executor.row(
            "SELECT next_at FROM notice WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1"
        )
        return maybe_from_ms(row["next_at"]) if row else None

    async def get(self, notice_id: str) -> Notice | None:
        row = await self._executor.row("SELECT * FROM notice WHERE id = ?", (notice_id,))
        return _notice(row) if row else None

    async def of_consultation(self, consultation_id: str) -> list[Notice]:
        """In the order they were queued."""
        rows = await self._executor.rows(
            "SELECT * FROM notice WHERE consultation_id = ? ORDER BY created_at, rowid",
            (consultation_id,),
        )
        return [_notice(row) for row in rows]

    async def envelope(self, notice: Notice) -> Envelope:
        row = await self._executor.row("SELECT envelope FROM notice WHERE id = ?", (notice.id,))
        key = await self._vault.key(self._executor, notice.consultation_id)
        assert row is not None
        return msgspec.json.decode(key.open(_place(notice.id), row["envelope"]), type=Envelope)

    async def change(self, changes: Iterable[tuple[Notice, datetime | None]]) -> None:
        """Store states and when each is to be looked at again (None: not by itself)."""
        await self._executor.many(
            "UPDATE notice SET state = ?, next_at = ? WHERE id = ?",
            [(notice.state, maybe_ms(next_at), notice.id) for notice, next_at in changes],
        )

    async def drop_pending(self, consultation_id: str, occasions: Sequence[str]) -> None:
        """What was not sent yet on these occasions is not true any more.

        What is being sent this moment may still arrive, but is not tried again.
        """
        marks = ", ".join("?" * len(occasions))
        await self._executor.rows(
            "UPDATE notice SET state = 'dropped', next_at = NULL WHERE consultation_id = ?"
            f" AND state = 'pending' AND occasion IN ({marks})",
            (consultation_id, *occasions),
        )

    async def drop_all_pending(self, consultation_id: str) -> None:
        """The session is off: nothing that was queued about it is sent any more."""
        await self._executor.rows(
            "UPDATE notice SET state = 'dropped', next_at = NULL WHERE consultation_id = ?"
            " AND state = 'pending'",
            (consultation_id,),
        )

    async def was_told(self, invite_id: str) -> bool:
        """Whether anything has gone out, or may be on its way, to this person."""
        return bool(
            await self._executor.rows(
                "SELECT 1 FROM notice WHERE invite_id = ? AND (state = 'handed_over'"
                " OR EXISTS (SELECT 1 FROM delivery_attempt WHERE notice_id = notice.id)) LIMIT 1",
                (invite_id,),
            )
        )

    async def forget_keys_of(self, invite_id: str) -> None:
        """Let somebody be told everything again: their address was changed."""
        await self._executor.rows(
            "UPDATE notice SET dedupe_key = dedupe_key || ':' || id, version = -1"
            " WHERE invite_id = ?",
            (invite_id,),
        )

    async def drop_pending_of(self, invite_id: str) -> None:
        """Nothing more is written on behalf of an invite that was revoked."""
        await self._executor.rows(
            "UPDATE notice SET state = 'dropped', next_at = NULL WHERE invite_id = ?"
            " AND state = 'pending'",
            (invite_id,),
        )

    async def attempts(self, notice_id: str) -> list[Attempt]:
        """In the order of the ways they took."""
        rows = await self._executor.rows(
            "SELECT * FROM delivery_attempt WHERE notice_id = ? ORDER BY number", (notice_id,)
        )
        return [_attempt(row) for row in rows]

    async def put_attempts(self, attempts: Iterable[tuple[int, Attempt]]) -> None:
        """Write or rewrite attempts, each with the number of its way."""
        await self._executor.many(
            "INSERT INTO delivery_attempt (id, notice_id, number, channel, sender_id, state,"
            " tries, first_try_at, next_try_at, provider_id, reason, code)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state, tries = excluded.tries,"
            " first_try_at = excluded.first_try_at, next_try_at = excluded.next_try_at,"
            " provider_id = excluded.provider_id, reason = excluded.reason,"
            " code = excluded.code",
            [
                (
                    attempt.id, attempt.notice_id, number, attempt.channel, attempt.sender_id,
                    attempt.state, attempt.tries, maybe_ms(attempt.first_try_at),
                    maybe_ms(attempt.next_try_at), attempt.provider_id, attempt.reason,
                    attempt.code,
                )
                for number, attempt in attempts
            ],
        )  # fmt: skip

    async def attempt(self, client_ref: str, provider_id: str) -> tuple[Attempt, Notice] | None:
        """The attempt that a receipt is about: by our reference, else by the provider's."""
        row = await self._executor.row(
            "SELECT * FROM delivery_attempt WHERE id = ?", (client_ref,)
        ) or await self._executor.row(
            "SELECT * FROM delivery_attempt WHERE provider_id = ?", (provider_id,)
        )
        notice = await self.get(row["notice_id"]) if row else None
        return (_attempt(row), notice) if row and notice else None

    async def standing(self, notice_ids: Sequence[str]) -> dict[str, tuple[Notice, list[Attempt]]]:
        """Id -> (notice, its attempts in the order of their ways) of those that still exist."""
        marks = ", ".join("?" * len(notice_ids))
        found: dict[str, tuple[Notice, list[Attempt]]] = {
            row["id"]: (_notice(row), [])
            for row in await self._executor.rows(
                f"SELECT * FROM notice WHERE id IN ({marks})", tuple(notice_ids)
            )
        }
        for row in await self._executor.rows(
            f"SELECT * FROM delivery_attempt WHERE notice_id IN ({marks}) ORDER BY number",
            tuple(notice_ids),
        ):
            found[row["notice_id"]][1].append(_attempt(row))
        return found

    async def interrupted(self) -> list[tuple[Attempt, Notice]]:
        """(attempt, notice) of everything that was under way when the server stopped."""
        rows = await self._executor.rows(
            "SELECT delivery_attempt.* FROM delivery_attempt"
            " JOIN notice ON notice.id = delivery_attempt.notice_id"
            " WHERE delivery_attempt.state IN ('sending', 'queued') AND notice.next_at IS NULL"
        )
        found = []
        for row in rows:
            notice = await self.get(row["notice_id"])
            if notice is not None:
                found.append((_attempt(row), notice))
        return found

    async def delivery_of(self, invite_ids: Sequence[str]) -> dict[str, Attempt]:
        """Invite id -> the latest attempt at telling that person anything."""
        marks = ", ".join("?" * len(invite_ids))
        rows = await self._executor.rows(
            "SELECT notice.invite_id, delivery_attempt.* FROM delivery_attempt"
            " JOIN notice ON notice.id = delivery_attempt.notice_id"
            f" WHERE notice.invite_id IN ({marks})"
            " ORDER BY notice.created_at, notice.rowid, delivery_attempt.number",
            tuple(invite_ids),
        )
        return {row["invite_id"]: _attempt(row) for row in rows}
