"""What is asked about a session is answered by the host that owns its room, whichever host was asked."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from signaling.errors import HostAway
from signaling.wire import client_messages as client
from signaling.wire import messages as wire
from web.hosts.concern import session_of, session_of_hello
from web.hosts.mark import read_mark
from web.hosts.passing import Passing
from web.hosts.ports import OWNERS, Owners, Peer
from web.http.errors import errors
from web.http.same_origin import SAFE_METHODS, is_handshake
from web.keys import STORE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PASSING = web.AppKey("passing", Passing)
"Absent where there is one host."
TRY_AGAIN_AFTER = 0.2
PATIENCE = 5.0
"""Seconds that a request without a body waits while the owner of its room does not answer: until then
the room is another's, or this host's."""


@web.middleware
async def hand_over(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pass on what another host has to answer. Raises HostAway where that one does not."""
    owners = request.app[OWNERS]
    passed_on = read_mark(request, owners)
    session = await session_of(request)
    if session is None:
        return await handler(request)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while (owner := await owners.owner(session)) is not None:
        if passed_on:
            raise HostAway  # its sender asked too early, or too late
        try:
            return await _pass_on(request, owner)
        except HostAway:
            if request.method not in SAFE_METHODS or loop.time() > deadline:
                raise
        await asyncio.sleep(TRY_AGAIN_AFTER)
    return await handler(request)


async def _pass_on(request: web.Request, owner: Peer) -> web.StreamResponse:
    passing, key = request.app[PASSING], request.app[OWNERS].key
    if is_handshake(request):
        return await passing.socket(request, owner, key)
    return await passing.request(request, owner, key)


async def hand_over_opened(
    request: web.Request, response: web.WebSocketResponse, hello: client.Hello
) -> bool:
    """Pass a socket on whose address did not say what it is about, but whose hello does.

    False: this host answers. Raises HostAway.
    """
    if OWNERS not in request.app:
        return False
    owners = request.app[OWNERS]
    session = await session_of_hello(request.app[STORE], hello)
    owner = await owners.owner(session) if session is not None else None
    if owner is None:
        return False
    if read_mark(request, owners):
        raise HostAway
    opened = (response, wire.encode(hello))
    await request.app[PASSING].socket(request, owner, owners.key, opened)
    return True


def add_owners(app: web.Application, owners: Owners) -> None:
    """Have each session answered by the host that owns its room."""
    app[OWNERS] = owners
    app[PASSING] = passing = Passing()
    # within it, so that a request that cannot be passed on is answered as everything is
    app.middlewares.insert(app.middlewares.index(errors) + 1, hand_over)

    async def close(_: web.Application) -> None:
        await passing.close()

    app.on_shutdown.append(close)
