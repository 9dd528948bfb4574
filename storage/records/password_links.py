"""One-time addresses at which somebody chooses a new password: only their digests are kept."""

from datetime import datetime

from signaling.moments.milliseconds import to_ms
from storage.engine.database import Executor


class PasswordLinks:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def put(self, account_id: str, digest: bytes, expires_at: datetime) -> None:
        """The only address of this account from now on."""
        await self._executor.rows(
            "INSERT INTO password_link (account_id, token_digest, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT (account_id) DO UPDATE SET token_digest = excluded.token_digest,"
            " expires_at = excluded.expires_at",
            (account_id, digest, to_ms(expires_at)),
        )

    async def account_of(self, digest: bytes, now: datetime) -> str | None:
        """Id of the account whose password may be chosen there; None if that is over."""
        row = await self._executor.row(
            "SELECT account_id FROM password_link WHERE token_digest = ? AND expires_at > ?",
            (digest, to_ms(now)),
        )
        return row["account_id"] if row else None

    async def remove_of(self, account_id: str) -> None:
        await self._executor.rows("DELETE FROM password_link WHERE account_id = ?", (account_id,))

    async def remove_expired(self, now: datetime) -> None:
        await self._executor.rows("DELETE FROM password_link WHERE expires_at <= ?", (to_ms(now),))
