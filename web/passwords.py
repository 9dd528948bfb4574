"""Password hashing: Argon2id, off the event loop, two at a time."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
"Each hash takes 64 MiB and a core for a quarter of a second: a flood must wait, not swap."


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """By default with the second choice of RFC 9106, section 4: 64 MiB, three passes."""
        self._hasher = hasher or PasswordHasher()
        self._gate = asyncio.Semaphore(AT_ONCE)
        # verified against when there is no such account, so that both take the same time
        self._nobody = self._hasher.hash("nobody signs in with this")

    async def hash(self, password: str) -> str:
        async with self._gate:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether the password is right; takes as long when there is no hash."""
        async with self._gate:
            right = await asyncio.to_thread(self._verify, hashed or self._nobody, password)
        return right and hashed is not None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
