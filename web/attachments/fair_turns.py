"""One at a time, and in rotation: somebody with many files mostly delays their own session.

A file may take two minutes, and one participant may send ten of them, and look at hundreds of pages.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator

Waiter = asyncio.Future[None]


class FairTurns:
    def __init__(self) -> None:
        self._is_taken = False
        self._waiting: OrderedDict[str, deque[Waiter]] = OrderedDict()
        "Who -> their waiters; whose turn comes next is first."

    @contextlib.asynccontextmanager
    async def turn(self, whose: str) -> AsyncIterator[None]:
        """Within, it is nobody else's turn."""
        if self._is_taken:
            await self._wait(whose)
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, whose: str) -> None:
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on()  # the turn was given to a waiter that has left
            raise

    def _pass_on(self) -> None:
        """Give the turn to the next waiter that has not left; it stays taken until then."""
        while self._waiting:
            whose, waiters = self._waiting.popitem(last=False)
            waiter = waiters.popleft()
            if waiters:
                self._waiting[whose] = waiters
            if not waiter.done():
                waiter.set_result(None)
                return
        self._is_taken = False
