"""Tokens of webhooks that took effect: each is valid once."""

from datetime import datetime, timedelta

from signaling.moments.milliseconds import to_ms
from storage.engine.executor import Executor

LONGEST = timedelta(days=1)


class UsedTokens:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def is_used(self, token_id: str) -> bool:
        return bool(
            await self._executor.rows("SELECT 1 FROM used_token WHERE token_id = ?", (token_id,))
        )

    async def clamp_future(self, now: datetime) -> None:
        """Forget tokens that a wrong clock has dated in the future after LONGEST."""
        await self._executor.post(
            "UPDATE used_token SET forget_at = ?1 WHERE forget_at > ?1", (to_ms(now + LONGEST),)
        )

    async def use(self, token_id: str, forget_at: datetime, now: datetime) -> bool:
        """Remember a token and forget expired ones; False: it was used before."""
        await self._executor.post("DELETE FROM used_token WHERE forget_at <= ?", (to_ms(now),))
        return bool(
            await self._executor.rows(
                "INSERT INTO used_token (token_id, forget_at) VALUES (?, ?)"
                " ON CONFLICT (token_id) DO NOTHING RETURNING token_id",
                (token_id, to_ms(forget_at)),
            )
        )
