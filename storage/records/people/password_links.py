"""One-time links to choose a password: only the digests of their tokens are stored."""

from datetime import datetime, timedelta

from signaling.account import PasswordLink
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.executor import Executor

KEPT_FOR = timedelta(days=30)
"After a link is over, so that whoever opens it reads whom to ask for a new one."


class PasswordLinks:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def put(self, link: PasswordLink, digest: bytes) -> None:
        """Store the link of an account, replacing an earlier one of its kind."""
        await self._executor.rows(
            "INSERT INTO password_link (account_id, token_digest, expires_at, kind, made_by)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (account_id, kind) DO UPDATE SET"
            " token_digest = excluded.token_digest, expires_at = excluded.expires_at,"
            " made_by = excluded.made_by",
            (link.account_id, digest, to_ms(link.expires_at), link.kind, link.made_by),
        )

    async def find(self, digest: bytes) -> PasswordLink | None:
        """The link, which may have expired; None: unknown, used, replaced or long over."""
        row = await self._executor.row(
            "SELECT * FROM password_link WHERE token_digest = ?", (digest,)
        )
        if row is None:
            return None
        return PasswordLink(
            row["account_id"], row["kind"], from_ms(row["expires_at"]), row["made_by"]
        )

    async def invited(self) -> dict[str, datetime]:
        """Account id -> when its invitation is over or was, of people who have not signed in yet."""
        rows = await self._executor.rows(
            "SELECT account_id, expires_at FROM password_link WHERE kind = 'invitation'"
            " AND account_id NOT IN (SELECT account_id FROM identity)"
        )
        return {row["account_id"]: from_ms(row["expires_at"]) for row in rows}

    async def remove_of(self, account_id: str) -> None:
        await self._executor.rows("DELETE FROM password_link WHERE account_id = ?", (account_id,))

    async def remove_expired(self, now: datetime) -> None:
        """Delete what was over long ago; invitations stay, since their accounts do."""
        await self._executor.post(
            "DELETE FROM password_link WHERE expires_at <= ? AND kind <> 'invitation'",
            (to_ms(now - KEPT_FOR),),
        )
