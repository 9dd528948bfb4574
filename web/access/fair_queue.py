"""Whose turn it is: so many at once, known people before strangers, strangers in rotation.

Strangers wait in lines of their own network, and each line gives one to the next turn, so that
whoever sends many delays mostly themselves. There is no more room for them than can be served
while somebody is willing to wait; who comes later is told when to come back.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from datetime import timedelta

from signaling.errors import TooManyRequests

Waiter = asyncio.Future[None]


class Turns:
    def __init__(
        self, at_once: int, *, strangers: int, of_one_network: int, come_back: timedelta
    ) -> None:
        self._free = at_once
        self._strangers = strangers
        self._of_one_network = of_one_network
        self._come_back = come_back
        self._known: deque[Waiter] = deque()
        self._lines: OrderedDict[str, deque[Waiter]] = OrderedDict()
        "Network -> its strangers; the line whose turn it is stands first."

    @contextlib.asynccontextmanager
    async def turn(self, network: str | None = None) -> AsyncIterator[None]:
        """Wait for one's turn, and hold it; without a `network` as somebody who is known.

        Raises TooManyRequests for a stranger if there is no more room to wait.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(network)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, network: str | None) -> None:
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._line(network).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on()  # the turn had come to somebody who is not there any more
            raise

    def _line(self, network: str | None) -> deque[Waiter]:
        if network is None:
            return self._known
        line = self._lines.get(network, deque())
        waiting = sum(map(len, self._lines.values()))
        if waiting >= self._strangers or len(line) >= self._of_one_network:
            raise TooManyRequests(self._come_back)
        return self._lines.setdefault(network, line)

    def _pass_on(self) -> None:
        """The turn goes to the next who waits and has not left, or is free."""
        while waiter := self._next():
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1

    def _next(self) -> Waiter | None:
        if self._known:
            return self._known.popleft()
        if not self._lines:
            return None
        network, line = self._lines.popitem(last=False)
        waiter = line.popleft()
        if line:
            self._lines[network] = line
        return waiter
