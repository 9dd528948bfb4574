"""Browsers that have signed in before: which accounts know which, by the digest of their cookie."""

from datetime import datetime

from signaling.moments.milliseconds import to_ms
from storage.engine.executor import Executor


class KnownBrowsers:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def accounts_of(self, digest: bytes, now: datetime) -> frozenset[str]:
        """Ids of the accounts that this browser has signed in to and that still know it."""
        rows = await self._executor.rows(
            "SELECT account_id FROM known_browser WHERE token_digest = ? AND expires_at > ?",
            (digest, to_ms(now)),
        )
        return frozenset(row["account_id"] for row in rows)

    async def put(
        self,
        digest: bytes,
        account_id: str,
        expires_at: datetime,
        *,
        before: bytes | None,
        at_most: int,
    ) -> None:
        """Remember a browser by a new digest, which replaces `before`.

        The account forgets all but the newest `at_most`.
        """
        if before is not None:
            await self._executor.post(
                "UPDATE known_browser SET token_digest = ? WHERE token_digest = ?",
                (digest, before),
            )
        await self._executor.post(
            "INSERT INTO known_browser (token_digest, account_id, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT (token_digest, account_id) DO UPDATE SET expires_at = excluded.expires_at",
            (digest, account_id, to_ms(expires_at)),
        )
        await self._executor.post(
            "DELETE FROM known_browser WHERE account_id = ?1 AND token_digest NOT IN ("
            "SELECT token_digest FROM known_browser WHERE account_id = ?1"
            " ORDER BY expires_at DESC, token_digest = ?3 DESC LIMIT ?2)",
            (account_id, at_most, digest),
        )

    async def remove_all_of(self, account_id: str) -> None:
        """Forget every browser of this account."""
        await self._executor.rows("DELETE FROM known_browser WHERE account_id = ?", (account_id,))

    async def remove_expired(self, now: datetime) -> None:
        await self._executor.post("DELETE FROM known_browser WHERE expires_at <= ?", (to_ms(now),))
