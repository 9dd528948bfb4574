"""Assembly of a relay-only host: workers of the relay for rooms of the other hosts, no page and no room.

It is one of the hosts that share the database, with a row and a lease like theirs, and answers at its port by
TLS alone: `/healthz`, `/readyz`, `/metrics`, and the door for the other hosts.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from media.relay.worker_sharing import Sharing
from signaling.errors import TeleConnectError
from signaling.ports.clock import Clock
from storage import data_folder, relay_user
from storage.folder.lock import DataFolderLock
from web import keys
from web.calls.relay import MediaRelay
from web.clockwork import Clockwork, SteadyClock, SystemClock
from web.config import Config
from web.connections.http_server import CONNECTIONS, ConnectionManager
from web.hosts.certificates import server_context
from web.hosts.figures import Measuring
from web.hosts.membership import Membership, this_host
from web.hosts.relay_door import LINKS, SHARING, end_links, relay_door
from web.hosts.starting import DRAIN_WITHIN, MEMBERSHIP, TLS
from web.hosts.telling import Telling
from web.http.client_address import is_loopback
from web.pages.monitoring import exposed, health, resident_bytes
from web.routes import PATHS
from web.version import program_version

LOOK_EVERY = 0.5
"Seconds between two looks whether the calls are over, while it leaves."
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)


async def create_relay_host(config: Config, clock: Clock | None = None) -> web.Application:
    """The application, which has no store and no master key. Raises StorageError with a sentence.

    Whatever is opened here is closed when the application is cleaned up, or at once if it cannot be assembled.
    """
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as opened:
        lock = await asyncio.to_thread(DataFolderLock.serve, config.data_dir)
        opened.push_async_callback(asyncio.to_thread, lock.release)
        await asyncio.to_thread(data_folder.prepare, config.data_dir)
        await relay_user.check(config.database_url)
        app = await _assemble(config, clock)
        kept = opened.pop_all()

    async def open_until_the_end(_: web.Application) -> AsyncIterator[None]:
        async with kept:
            yield

    app.cleanup_ctx.insert(0, open_until_the_end)
    return app


async def _assemble(config: Config, clock: Clock) -> web.Application:
    app = web.Application(middlewares=[_errors])
    app[keys.CONFIG] = config
    app[keys.WAITS] = waits = Clockwork(SteadyClock(clock))
    app[CONNECTIONS] = ConnectionManager(app)
    app[keys.RELAY] = relay = MediaRelay(config, waits)
    assert relay.relay is not None  # its configuration has workers
    app[SHARING] = sharing = Sharing(relay.relay, lambda: relay.serves)
    relay.shared = sharing.handle
    app[LINKS] = set()
    key = config.this_host.relay_key
    assert key is not None
    app[TLS] = await asyncio.to_thread(server_context, key)
    program = await asyncio.to_thread(program_version)
    line = relay_user.RelayLine(config.database_url)
    app[MEMBERSHIP] = membership = Membership(
        None, line, this_host(config, program, clock.now), key
    )
    workers = relay.relay
    membership.figures = Measuring(
        lambda: sharing.rooms,
        lambda: sum(each.peers for each in workers.figures),
        lambda: sum(each.cpu_seconds for each in workers.figures),
    ).now
    app.cleanup_ctx.append(_running(line, membership, _told(app), waits))
    app.cleanup_ctx.append(relay.running)
    app.on_shutdown.append(end_links)
    for name, handler in (
        ("health", health),
        ("ready", ready),
        ("metrics", metrics),
        ("hosts_relay", relay_door),
    ):
        app.router.add_get(PATHS[name], handler)
    return app


def _running(
    line: relay_user.RelayLine, membership: Membership, telling: Telling, waits: Clockwork
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def running(_: web.Application) -> AsyncIterator[None]:
        line.told = lambda _, what: telling.hear(what)
        await membership.start()
        ticking = asyncio.create_task(waits.run(), name="waits")
        yield
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        await waits.close()
        await telling.close()
        await membership.stop()

    return running


def _told(app: web.Application) -> Telling:
    """What administrators tell it."""
    telling, tasks = Telling(), set[asyncio.Task[None]]()

    def drain(host_id: str) -> None:
        if host_id == app[MEMBERSHIP].host_id:
            _log.info("an administrator empties this host: others take its calls")
            task = asyncio.create_task(leave_relay(app, DRAIN_WITHIN), name="draining")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    def stay(host_id: str) -> None:
        if host_id == app[MEMBERSHIP].host_id:
            _log.info("an administrator lets this host take calls again")
            app[MEMBERSHIP].draining = False

    telling.on_each("drain", drain)
    telling.on_each("stay", stay)
    return telling


async def leave_relay(app: web.Application, patience: float) -> None:
    """Take no new calls, and wait for the end of those there are, at most that many seconds."""
    app[MEMBERSHIP].draining = True
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while app[MEMBERSHIP].draining:
        if not app[SHARING].rooms or loop.time() > until:
            await end_links(app)
            return
        await asyncio.sleep(LOOK_EVERY)


async def ready(request: web.Request) -> web.Response:
    """Ready if calls may be placed here: it does not leave, is one of the hosts, and its workers run."""
    membership, relay = request.app[MEMBERSHIP], request.app[keys.RELAY]
    return web.json_response(
        {
            "status": "ok" if membership.ready else "leaving" if membership.acts else "alone",
            "relay": relay.state,
            "relay_tcp": relay.tcp,
            "relay_packet_loop": relay.packet_loop,
        },
        status=200 if membership.ready and relay.serves else 503,
    )


async def metrics(request: web.Request) -> web.Response:
    """What `web/pages/monitoring.py` tells of workers, for this machine only."""
    if not is_loopback(request.remote):
        raise web.HTTPNotFound
    resident = await asyncio.to_thread(resident_bytes)
    return exposed({"process_resident_memory_bytes": resident}, request.app[keys.RELAY].relay)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody reads pages here: an error is its status."""
    try:
        return await handler(request)
    except TeleConnectError as error:
        return web.Response(status=error.status)
