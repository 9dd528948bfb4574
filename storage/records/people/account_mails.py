"""Mail about accounts, sealed until it is sent or over: it may hold a one-time address."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag

from signaling.moments.milliseconds import from_ms, maybe_from_ms, to_ms
from signaling.notices.account_mail import AccountOccasion, QueuedMail
from signaling.notices.notice import Content
from storage.engine.commit_hooks import CommitHooks
from storage.engine.executor import Executor, Row, batched, marks
from storage.engine.vault import ConsultationKey, Vault

SECRET = "account mail"
"Name of the secret that seals it."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sealed:
    """What a stranger must not read."""

    address: str
    language: str
    content: Content


def _place(mail_id: str) -> str:
    return f"account_mail.content.{mail_id}"


class AccountMails:
    """Whatever makes a mail due sooner wakes its sender, see `storage/engine/commit_hooks.py`."""

    def __init__(self, executor: Executor, vault: Vault, hooks: CommitHooks) -> None:
        self._executor = executor
        self._vault = vault
        self._hooks = hooks

    async def add(self, mail: QueuedMail) -> None:
        """Queue a mail, due at once; an earlier one whose address is over thereby is dropped."""
        if mail.replaces_earlier:
            await self.remove_of(mail.account_id, [mail.occasion])
        key = ConsultationKey(SECRET, await self._vault.secret(self._executor, SECRET))
        sealed = msgspec.json.encode(Sealed(mail.address, mail.language, mail.content))
        await self._executor.rows(
            "INSERT INTO account_mail (id, account_id, occasion, content, created_at, due_at,"
            " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                mail.id, mail.account_id, mail.occasion, key.seal(_place(mail.id), sealed),
                to_ms(mail.created_at), to_ms(mail.created_at), to_ms(mail.expires_at),
            ),
        )  # fmt: skip
        self._hooks.account_mail_queued(self._executor)

    async def due(self, now: datetime, most: int) -> list[QueuedMail]:
        """Mails to be tried now, the longest waiting first; one that cannot be read is dropped.

        Within a transaction: nobody else is given these until its end.
        """
        rows = await self._executor.rows(
            "SELECT * FROM account_mail WHERE due_at <= ? AND expires_at > ?"
            f" ORDER BY due_at, rowid LIMIT ?{self._executor.skip_locked}",
            (to_ms(now), to_ms(now), most),
        )
        secret = await self._vault.find_secret(self._executor, SECRET) if rows else None
        found = []
        for row in rows:
            try:
                if secret is None:
                    raise InvalidTag
                found.append(_mail(ConsultationKey(SECRET, secret), row))
            except (InvalidTag, msgspec.MsgspecError):
                _log.exception("unreadable", extra={"account_mail_id": row["id"]})
                await self.remove(row["id"])
        return found

    async def waiting(self, now: datetime) -> int:
        """How many are due by now."""
        row = await self._executor.row(
            "SELECT COUNT(*) AS count FROM account_mail WHERE due_at <= ?", (to_ms(now),)
        )
        return row["count"] if row else 0

    async def next_due(self) -> datetime | None:
        """When the next one is to be tried, or is over."""
        row = await self._executor.row(
            "SELECT MIN(MIN(due_at), MIN(expires_at)) AS at FROM account_mail"
        )
        return maybe_from_ms(row["at"]) if row else None

    async def take(self, mail: QueuedMail, until: datetime, host_id: str) -> QueuedMail:
        """Store that a mail leaves now and may arrive whatever happens; not due before `until`.

        `host_id` is empty where there is one host alone.
        """
        taken = replace(mail, tries=mail.tries + 1, doubts=mail.doubts + 1)
        await self._executor.rows(
            "UPDATE account_mail SET tries = ?, doubts = ?, due_at = ?, claimed_by = ? WHERE id = ?",
            (taken.tries, taken.doubts, to_ms(until), host_id or None, mail.id),
        )
        return taken

    async def is_latest(self, mail: QueuedMail) -> bool:
        """Whether nobody has tried again since this try, within a transaction."""
        row = await self._executor.row(
            "SELECT tries FROM account_mail WHERE id = ?" + self._executor.locked, (mail.id,)
        )
        return row is not None and row["tries"] == mail.tries

    async def put_off(self, mail_id: str, due_at: datetime, *, doubts: int, problem: str) -> None:
        """Try again at `due_at`, after a try that ended with this problem."""
        await self._executor.rows(
            "UPDATE account_mail SET due_at = ?, doubts = ?, problem = ?, claimed_by = NULL"
            " WHERE id = ?",
            (to_ms(due_at), doubts, problem, mail_id),
        )

    async def remove(self, mail_id: str) -> None:
        await self._executor.rows("DELETE FROM account_mail WHERE id = ?", (mail_id,))

    async def remove_expired(self, now: datetime) -> list[str]:
        """Delete what is over, and mail to people who may not sign in any more; returns the ids."""
        rows = await self._executor.rows(
            "DELETE FROM account_mail WHERE expires_at <= ? OR account_id IN"
            " (SELECT id FROM account WHERE suspended_at IS NOT NULL) RETURNING id",
            (to_ms(now),),
        )
        return [row["id"] for row in rows]

    async def remove_of(self, account_id: str, occasions: Iterable[AccountOccasion]) -> list[str]:
        """Delete an account's mails of these occasions; returns their ids."""
        named = tuple(occasions)
        rows = await self._executor.rows(
            f"DELETE FROM account_mail WHERE account_id = ? AND occasion IN ({marks(named)})"
            " RETURNING id",
            (account_id, *named),
        )
        return [row["id"] for row in rows]

    async def recover(self, now: datetime) -> None:
        """What a server was sending when it died is due again, as is what a wrong clock put off."""
        await self._executor.rows(
            "UPDATE account_mail SET due_at = MIN(due_at, ?1), created_at = MIN(created_at, ?1)"
            " WHERE (doubts > 0 AND claimed_by IS NULL) OR created_at > ?1",
            (to_ms(now),),
        )

    async def take_over(self, due_at: datetime) -> None:
        """What hosts were sending that are gone is due again then, unless one of them settles it."""
        await self._executor.rows(
            "UPDATE account_mail SET due_at = MIN(due_at, ?), claimed_by = NULL"
            " WHERE claimed_by IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM host WHERE host.id = account_mail.claimed_by)",
            (to_ms(due_at),),
        )

    async def existing(self, mail_ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids that still have a mail."""
        found: set[str] = set()
        for ids in batched(mail_ids):
            rows = await self._executor.rows(
                f"SELECT id FROM account_mail WHERE id IN ({marks(ids)})", ids
            )
            found.update(row["id"] for row in rows)
        return frozenset(found)

    async def problems(self, occasion: AccountOccasion) -> dict[str, str]:
        """Account id -> why its mail of this occasion has not been delivered so far."""
        rows = await self._executor.rows(
            "SELECT account_id, problem FROM account_mail WHERE occasion = ? AND problem <> ''",
            (occasion,),
        )
        return {row["account_id"]: row["problem"] for row in rows}


def _mail(key: ConsultationKey, row: Row) -> QueuedMail:
    plain = key.open(_place(row["id"]), row["content"])
    sealed = msgspec.json.decode(plain, type=Sealed)
    return QueuedMail(
        id=row["id"],
        account_id=row["account_id"],
        occasion=row["occasion"],
        address=sealed.address,
        language=sealed.language,
        content=sealed.content,
        created_at=from_ms(row["created_at"]),
        expires_at=from_ms(row["expires_at"]),
        tries=row["tries"],
        doubts=row["doubts"],
    )
