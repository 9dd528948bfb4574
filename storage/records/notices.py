"""Notices and delivery attempts: the queue of everything that is sent to people outside."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag

from signaling.errors import NotFound
from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from signaling.notices.notice import (
    Attempt,
    Channel,
    Content,
    Envelope,
    Notice,
    Occasion,
)
from signaling.notices.outcome import Due
from signaling.notices.retry import GIVE_UP_AFTER
from storage.engine.commit_hooks import CommitHooks
from storage.engine.executor import Executor, Parameters, Row, batched, marks
from storage.engine.vault import ConsultationKey, Vault
from storage.errors import MasterKeyError

_log = logging.getLogger(__name__)


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


def _opened(key: ConsultationKey, row: Row) -> Envelope:
    return msgspec.json.decode(key.open(_place(row["id"]), row["envelope"]), type=Envelope)


def _opened_or_none(key: ConsultationKey | None, row: Row) -> Envelope:
    """The envelope; one without any way if it cannot be decrypted, so that it blocks no others."""
    try:
        if key is None:
            raise InvalidTag
        return _opened(key, row)
    except (InvalidTag, msgspec.MsgspecError):
        _log.exception("unreadable", extra={"notice_id": row["id"]})
        return Envelope("", "", (), Content("", ""))


class Notices:
    """Whatever makes a notice due sooner wakes the sender, see `storage/engine/commit_hooks.py`."""

    def __init__(self, executor: Executor, vault: Vault, hooks: CommitHooks) -> None:
        self._executor = executor
        self._vault = vault
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
                notice.dedupe_key, key.seal(_place(notice.id), msgspec.json.encode(envelope)),
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

    async def due(self, now: datetime, room: Mapping[Channel, int]) -> list[Due]:
        """What is due, oldest first, of each channel as many as there is `room`."""
        some = [channel for channel in room if room[channel] > 0]
        if not some:
            return []
        oldest = " UNION ALL ".join(
            "SELECT id FROM (SELECT id FROM notice WHERE next_at <= :now"
            f" AND channel = '{channel}' ORDER BY next_at LIMIT {room[channel]:d}) AS of_{channel}"
            for channel in some
        )
        return await self._with_all(
            "SELECT notice.*, consultation.planned_at, notice.occasion = 'reminder' AND EXISTS ("
            " SELECT 1 FROM notice AS later"
            " WHERE later.consultation_id = notice.consultation_id"
            " AND later.invite_id = notice.invite_id AND later.occasion = 'reminder'"
            " AND later.state = 'pending' AND later.due_at <= :now"
            " AND later.due_at > notice.due_at) AS overtaken"
            " FROM notice JOIN consultation ON consultation.id = notice.consultation_id"
            f" WHERE notice.id IN ({oldest}) ORDER BY notice.next_at",
            {"now": to_ms(now)},
        )

    async def _with_all(self, sql: str, parameters: Parameters = ()) -> list[Due]:
        rows = await self._executor.rows(sql, parameters)
        attempts = await self._attempts_of([row["id"] for row in rows])
        keys = await self._keys({row["consultation_id"] for row in rows})
        return [
            Due(
                _notice(row),
                _opened_or_none(keys.get(row["consultation_id"]), row),
                tuple(attempts[row["id"]]),
                maybe_from_ms(row["planned_at"]),
                bool(row["overtaken"]),
            )
            for row in rows
        ]

    async def _keys(self, consultation_ids: Collection[str]) -> dict[str, ConsultationKey]:
        """The keys that can be unwrapped; a damaged one must not block the others."""
        try:
            return await self._vault.keys(self._executor, consultation_ids)
        except MasterKeyError:
            found: dict[str, ConsultationKey] = {}
            for each in consultation_ids:
                with suppress(MasterKeyError):
                    found |= await self._vault.keys(self._executor, [each])
            return found

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

    async def get(self, notice_id: str) -> Notice | None:
        row = await self._executor.row("SELECT * FROM notice WHERE id = ?", (notice_id,))
        return _notice(row) if row else None

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
        await self._executor.rows(
            "UPDATE notice SET due_at = MIN(due_at, ?1), next_at = MIN(next_at, ?1)"
            " WHERE next_at > ?2 AND occasion <> 'reminder'",
            (to_ms(now), limit),
        )
        await self._executor.rows(
            "UPDATE notice SET created_at = ?1 WHERE created_at > ?1", (to_ms(now),)
        )
        await self._executor.rows(
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
        return [_notice(row) for row in rows]

    async def envelope(self, notice: Notice) -> Envelope:
        """Raises NotFound for a notice that is not stored."""
        row = await self._executor.row("SELECT id, envelope FROM notice WHERE id = ?", (notice.id,))
        if row is None:
            raise NotFound
        return _opened(await self._vault.key(self._executor, notice.consultation_id), row)

    async def change(self, changes: Iterable[tuple[Notice, datetime | None]]) -> None:
        """Store states, and when each is due again (None: it is not)."""
        await self._executor.many(
            "UPDATE notice SET state = ?, next_at = ? WHERE id = ?",
            [(notice.state, maybe_ms(next_at), notice.id) for notice, next_at in changes],
        )

    async def switch_channels(self, switched: Iterable[tuple[str, Channel]]) -> None:
        """Store the channel of the way that is tried next, as (notice id, channel)."""
        changes = [(channel, notice_id) for notice_id, channel in switched]
        if changes:
            await self._executor.many("UPDATE notice SET channel = ? WHERE id = ?", changes)
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

    async def _attempts_of(self, notice_ids: Sequence[str]) -> dict[str, list[Attempt]]:
        found: dict[str, list[Attempt]] = {notice_id: [] for notice_id in notice_ids}
        for ids in batched(notice_ids):
            for row in await self._executor.rows(
                f"SELECT * FROM delivery_attempt WHERE notice_id IN ({marks(ids)}) ORDER BY number",
                ids,
            ):
                found[row["notice_id"]].append(attempt_of(row))
        return found

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
        return (attempt_of(row), notice) if row and notice else None

    async def standing(self, notice_ids: Sequence[str]) -> dict[str, tuple[Notice, list[Attempt]]]:
        """Id -> (notice, its attempts in the order of their ways), of notices that still exist."""
        rows = await self._executor.rows(
            f"SELECT * FROM notice WHERE id IN ({marks(notice_ids)})", tuple(notice_ids)
        )
        attempts = await self._attempts_of(notice_ids)
        return {row["id"]: (_notice(row), attempts[row["id"]]) for row in rows}

    async def interrupted(self) -> list[Due]:
        """What was being sent when the server stopped; each has an attempt."""
        return await self._with_all(
            "SELECT notice.*, consultation.planned_at, 0 AS overtaken FROM notice"
            " JOIN consultation ON consultation.id = notice.consultation_id"
            " WHERE notice.next_at IS NULL AND notice.id IN ("
            " SELECT notice_id FROM delivery_attempt WHERE state IN ('sending', 'queued'))"
        )

    async def unfinished(self) -> list[Due]:
        """Whatever would still be sent: what waits, and what was being sent."""
        return await self._with_all(
            "SELECT notice.*, consultation.planned_at, 0 AS overtaken FROM notice"
            " JOIN consultation ON consultation.id = notice.consultation_id"
            " WHERE notice.next_at IS NOT NULL OR notice.state = 'pending' OR notice.id IN ("
            " SELECT notice_id FROM delivery_attempt WHERE state IN ('sending', 'queued'))"
        )
