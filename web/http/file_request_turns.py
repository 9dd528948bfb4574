"""Requests about files begin a few at a time: whoever writes in the chat does not wait behind all of them.

The event loop is fair to its tasks, so a message that takes five of its rounds waits five times for
every request that has just come. Ten people whose photos arrive in step, as after an outage of their
network, would make that noticeable. A request has its turn until its body is read, or it is over; no
turn waits for a network.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from web.http import tus

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
AT_ONCE = 2
"One reads from the database while the other one is served."


class _Turn:
    def __init__(self, gate: asyncio.Semaphore) -> None:
        self._gate: asyncio.Semaphore | None = gate

    def end(self) -> None:
        """Let the next one begin."""
        if self._gate is not None:
            self._gate.release()
            self._gate = None


_TURN = web.RequestKey("turn", _Turn)


def in_turns() -> Middleware:
    """A middleware that begins requests about files a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not tus.is_about_uploads(request):
            return await handler(request)
        await gate.acquire()
        turn = request[_TURN] = _Turn(gate)
        try:
            return await handler(request)
        finally:
            turn.end()

    return middleware


def end_turn(request: web.Request) -> None:
    """From now on this request waits for its client, or for a file to be examined."""
    request[_TURN].end()
