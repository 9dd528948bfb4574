"""Tells other hosts which account's lists have changed here: each once a turn of the event loop.

What cannot be told now, because the database or the lease is away, is told later.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from signaling.errors import Unavailable
from signaling.hosts.lease import RENEW_EVERY
from web.hosts.membership import Membership


class ListChanges:
    def __init__(self, membership: Membership, tell: Callable[[str], Awaitable[None]]) -> None:
        self._membership = membership
        self._tell = tell
        self._waiting: set[tuple[str, str]] = set()
        "(word, account id)"
        self._task: asyncio.Task[None] | None = None

    def note(self, word: str, account_id: str) -> None:
        if not self._membership.peers():
            return
        self._waiting.add((word, account_id))
        if self._task is None:
            self._task = asyncio.create_task(self._send(), name="telling lists")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _send(self) -> None:
        try:
            while self._waiting:
                if not await self._told(min(self._waiting)):
                    await asyncio.sleep(RENEW_EVERY)
        finally:
            self._task = None

    async def _told(self, change: tuple[str, str]) -> bool:
        host_id = self._membership.host_id
        if not host_id:
            return False
        self._waiting.discard(change)  # what changes from here on is told again
        word, account_id = change
        try:
            await self._tell(f"{word} {host_id} {account_id}")
        except Unavailable:
            self._waiting.add(change)
            return False
        return True
