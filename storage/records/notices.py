"""Notices and delivery attempts: the queue of everything that is sent to people outside."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from signaling.errors import NotFound
from signaling.moments.milliseconds import maybe_from_ms, maybe_ms, to_ms
from signaling.notices.notice import (
    Attempt,
    Channel,
    Envelope,
    Notice,
    Occasion,
)
from signaling.notices.retry import GIVE_UP_AFTER
from storage.engine.commit_hooks import CommitHooks
from storage.engine.executor import Executor, Parameters, batched, marks
from storage.engine.vault import Vault
from storage.records.notice_queue import NoticeQueue, attempt_of, envelope_place, notice_of, opened


class Notices(NoticeQueue):
    """Whatever makes a notice due sooner wakes the sender, see `storage/engine/commit_hooks.py`."""

    def __init__(self, executor: Executor, vault: Vault, hooks: CommitHooks) -> None:
        super().__init__(executor, vault)
        self._hooks = hooks

    async def add(self, notice: Notice, envelope: Envelope, now: datetime) -> bool:
        """Queue a notice; False if one with its dedupe key exists already."""
        key = await self._vault.key(self._executor, notice.consultation_id)
        rows = await self._executor.rows(
            "INSERT INTO notice (id, consultation_id, invite_id, occasion, dedupe_key, envelope,"
            " created_at, due_at, next_at, state, version, channel, address_digest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id",
            (
                notice.id, notice.consultation_id, notice.invite_id, notice.occasion,
                notice.dedupe_key, key.seal(envelope_place(notice.id), msgspec.json.encode(envelope)),
                to_ms(now), to_ms(notice.due_at), to_ms(notice.due_at), notice.state,
                notice.version, envelope.ways[0].channel if envelope.ways else "email",
                self._vault.address_digest(envelope.address.casefold()),
            ),
        )  # fmt: skip
        if rows:
            self._hooks.notice_queued(self._executor)
        return bool(rows)

    async def sent_to(
        self, address: str, since: datetime, now: datetime, *, beyond: int
    ) -> datetime | None:
        """When the newest notice to this address was queued that is beyond the first `beyond`.

        Reminders do not count, nor notices that a wrong clock has dated in the future. None: there
        are at most `beyond`.
        """
        return await self._moment(
            "SELECT created_at FROM notice WHERE address_digest = ?"
            " AND created_at > ? AND created_at <= ? AND occasion <> 'reminder'"
            " ORDER BY created_at DESC LIMIT 1 OFFSET ?",
            (self._vault.address_digest(address.casefold()), to_ms(since), to_ms(now), beyond),
        )

    async def sent_by(
        self, scheduler_id: str, since: datetime, now: datetime, *, beyond: int
    ) -> datetime | None:
        """As `sent_to`, for notices about the sessions of one scheduler."""
        return await self._moment(
            "SELECT notice.created_at FROM notice INDEXED BY notice_created"
            " JOIN consultation ON consultation.id = notice.consultation_id"
            " WHERE consultation.scheduler_id = ? AND notice.created_at > ?"
            " AND notice.created_at <= ? AND notice.occasion <> 'reminder'"
            " ORDER BY notice.created_at DESC LIMIT 1 OFFSET ?",
            (scheduler_id, to_ms(since), to_ms(now), beyond),
        )

    async def _moment(self, sql: str, parameters: Parameters) -> datetime | None:
        row = await self._executor.row(sql, parameters)
        return maybe_from_ms(row["created_at"]) if row else None

    async def get(self, notice_id: str) -> Notice | None:
        row = await self._executor.row("SELECT * FROM notice WHERE id = ?", (notice_id,))
        return notice_of(row) if row else None

    async def existing(self, notice_ids: Iterable[str]) -> frozenset[str]:
        """The subset of `notice_ids` that is stored."""
        found: set[str] = set()
        for ids in batched(notice_ids):
            rows = await self._executor.rows(
                f"SELECT id FROM notice WHERE id IN ({marks(ids)})", ids
            )
            found.update(row["id"] for row in rows)
        return frozenset(found)

    async def queued_at(self, dedupe_key: str) -> datetime | None:
        """When the notice with this key was queued; None: there is none."""
        row = await self._executor.row(
            "SELECT created_at FROM notice WHERE dedupe_key = ?", (dedupe_key,)
        )
        return maybe_from_ms(row["created_at"]) if row else None

    async def clamp_future(self, now: datetime) -> None:
        """Make due what waits for a time later than any it could have been given.

        Except reminders, which follow the date of their session.
        """
        limit = to_ms(now + GIVE_UP_AFTER)
        await self._executor.post(
            "UPDATE notice SET due_at = MIN(due_at, ?1), next_at = MIN(next_at, ?1)"
            " WHERE next_at > ?2 AND occasion <> 'reminder'",
            (to_ms(now), limit),
        )
        await self._executor.post(
            "UPDATE notice SET created_at = ?1 WHERE created_at > ?1", (to_ms(now),)
        )
        await self._executor.post(
            "UPDATE delivery_attempt SET first_try_at = ?1, next_try_at = ?1"
            " WHERE first_try_at > ?1 AND next_try_at IS NOT NULL",
            (to_ms(now),),
        )

    async def of_consultation(self, consultation_id: str) -> list[Notice]:
        """Its notices, in the order they were queued."""
        rows = await self._executor.rows(
            "SELECT * FROM notice WHERE consultation_id = ? ORDER BY created_at, rowid",
            (consultation_id,),
        )
        return [notice_of(row) for row in rows]

    async def envelope(self, notice: Notice) -> Envelope:
        """Raises NotFound for a notice that is not stored."""
        row = await self._executor.row("SELECT id, envelope FROM notice WHERE id = ?", (notice.id,))
        if row is None:
            raise NotFound
        return opened(await self._vault.key(self._executor, notice.consultation_id), row)

    async def change(self, changes: Iterable[tuple[Notice, datetime | None]]) -> None:
        """Store states, and when each is due again (None: it is not); nobody sends it now."""
        await self._executor.post_many(
            "UPDATE notice SET state = ?, next_at = ?, claimed_by = NULL WHERE id = ?",
            [(notice.state, maybe_ms(next_at), notice.id) for notice, next_at in changes],
        )

    async def switch_channels(self, switched: Iterable[tuple[str, Channel]]) -> None:
        """Store the channel of the way that is tried next, as (notice id, channel)."""
        changes = [(channel, notice_id) for notice_id, channel in switched]
        if changes:
            await self._executor.post_many("UPDATE notice SET channel = ? WHERE id = ?", changes)
            self._hooks.notice_queued(self._executor)

    async def drop_pending(self, consultation_id: str, occasions: Sequence[str]) -> None:
        """Drop what was not sent yet on these occasions: it is outdated.

        What is being sent right now may still arrive, but is not retried.
        """
        await self._executor.rows(
            "UPDATE notice SET state = 'dropped', next_at = NULL WHERE consultation_id = ?"
            f" AND state = 'pending' AND occasion IN ({marks(occasions)})",
            (consultation_id, *occasions),
        )

    async def withdraw_waiting(
        self, consultation_id: str, occasions: Sequence[Occasion], invite_id: str | None = None
    ) -> list[tuple[str, Occasion]]:
        """Drop what waits on these occasions, for one person or all, so that it can be queued again.

        Returns (invite id, occasion) of each. What is being sent right now stays as it is.
        """
        rows = await self._executor.rows(
            "UPDATE notice SET state = 'dropped', next_at = NULL,"
            " dedupe_key = dedupe_key || ':' || id"
            " WHERE consultation_id = ? AND state = 'pending' AND next_at IS NOT NULL"
            f" AND invite_id IS NOT NULL AND occasion IN ({marks(occasions)})"
            " AND invite_id = COALESCE(?, invite_id) RETURNING invite_id, occasion",
            (consultation_id, *occasions, invite_id),
        )
        return [(row["invite_id"], row["occasion"]) for row in rows]

    async def drop_all_pending(self, consultation_id: str) -> None:
        """Drop everything not sent yet about a session: it is over or canceled."""
        await self._executor.rows(
            "UPDATE notice SET state = 'dropped', next_at = NULL WHERE consultation_id = ?"
            " AND state = 'pending'",
            (consultation_id,),
        )

    async def hasten(self, invite_id: str, occasion: Occasion, now: datetime) -> bool:
        """Make a waiting notice of this occasion due now; False: none waits.

        One whose answer was lost does not wait.
        """
        rows = await self._executor.rows(
            "UPDATE notice SET next_at = MIN(next_at, ?) WHERE invite_id = ? AND occasion = ?"
            " AND state = 'pending' AND (next_at IS NOT NULL OR EXISTS (SELECT 1"
            " FROM delivery_attempt WHERE notice_id = notice.id"
            " AND delivery_attempt.state IN ('queued', 'sending'))) RETURNING id",
            (to_ms(now), invite_id, occasion),
        )
        if rows:
            self._hooks.notice_queued(self._executor)
        return bool(rows)

    async def was_notified(self, invite_id: str) -> bool:
        """Whether anything was sent to this person, or may be on its way."""
        return bool(
            await self._executor.rows(
                "SELECT 1 FROM notice WHERE invite_id = ? AND (state = 'handed_over'"
                " OR EXISTS (SELECT 1 FROM delivery_attempt WHERE notice_id = notice.id)) LIMIT 1",
                (invite_id,),
            )
        )

    async def was_reached(self, invite_id: str) -> bool:
        """Whether anything arrived at this person's current address, or may have."""
        return bool(
            await self._executor.rows(
                "SELECT 1 FROM notice WHERE invite_id = ? AND version >= 0"
                " AND (state = 'handed_over' OR EXISTS (SELECT 1 FROM delivery_attempt"
                " WHERE notice_id = notice.id AND state IN ('sending', 'unknown'))) LIMIT 1",
                (invite_id,),
            )
        )

    async def forget_keys_of(self, invite_id: str) -> None:
        """Allow every notice to be queued again for a person whose address was changed."""
        await self._executor.rows(
            "UPDATE notice SET dedupe_key = dedupe_key || ':' || id, version = -1"
            " WHERE invite_id = ?",
            (invite_id,),
        )

    async def drop_pending_of(self, invite_id: str) -> None:
        """Drop everything not sent yet for an invite."""
        await self._executor.rows(
            "UPDATE notice SET state = 'dropped', next_at = NULL WHERE invite_id = ?"
            " AND state = 'pending'",
            (invite_id,),
        )

    async def attempts(self, notice_id: str) -> list[Attempt]:
        """The attempts of a notice, in the order of their ways."""
        return (await self._attempts_of([notice_id]))[notice_id]

    async def put_attempts(self, attempts: Iterable[tuple[int, Attempt]]) -> None:
        """Write or rewrite attempts, each with the number of its way."""
        await self._executor.post_many(
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
        return (attempt_of(row), notice) if row and notice else None
