"""A fair queue: a few slots, known people before strangers, strangers round-robin by network.

Each network has a queue of its own, and they are served in rotation, so that a network that sends
many requests mostly delays itself. No more strangers are queued than can be served while a person is
willing to wait; the next one is told when to come back.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from datetime import timedelta

from signaling.errors import TooManyRequests

Waiter = asyncio.Future[None]


class FairQueue:
    def __init__(
        self, at_once: int, *, strangers: int, of_one_network: int, come_back: timedelta
    ) -> None:
        self._free = at_once
        self._strangers = strangers
        self._of_one_network = of_one_network
        self._come_back = come_back
        self._known: deque[Waiter] = deque()
        self._networks: OrderedDict[str, deque[Waiter]] = OrderedDict()
        "Network -> its strangers; the network to be served next comes first."

    @contextlib.asynccontextmanager
    async def slot(self, network: str | None = None) -> AsyncIterator[None]:
        """Wait for a slot and hold it; without a `network`, as somebody who is known.

        Raises TooManyRequests for a stranger if the queue is full.
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
        self._queue_of(network).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on()  # the slot was given to a waiter that has left
            raise

    def _queue_of(self, network: str | None) -> deque[Waiter]:
        if network is None:
            return self._known
        queue = self._networks.get(network, deque())
        waiting = sum(map(len, self._networks.values()))
        if waiting >= self._strangers or len(queue) >= self._of_one_network:
            raise TooManyRequests(self._come_back)
        return self._networks.setdefault(network, queue)

    def _pass_on(self) -> None:
        """Give the slot to the next waiter that has not left, or free it."""
        while waiter := self._next():
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1

    def _next(self) -> Waiter | None:
        if self._known:
            return self._known.popleft()
        if not self._networks:
            return None
        network, queue = self._networks.popitem(last=False)
        waiter = queue.popleft()
        if queue:
            self._networks[network] = queue
        return waiter
