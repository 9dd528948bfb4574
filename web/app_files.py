"""Assembly of photos and PDFs in the chat: who examines them, and the flows that take and show them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from signaling.flows.sessions.attaching import Attaching
from signaling.flows.sessions.showing import Showing
from signaling.flows.sessions.uploading import FileLimits, Uploading
from web import keys
from web.attachments.clamav import ClamAv
from web.attachments.workers import FileWorkers
from web.config import Config, harmless_environment
from web.hosts.duty import DUTY_TIMERS
from web.http import tus

LOOK_FOR_UNTOUCHED = timedelta(minutes=10)
"Uploads that did not go on are forgotten at most so much later than they should be."


def add_files(app: web.Application, config: Config) -> None:
    """Add everything from the first byte of a file to its last reader, and its stop."""
    store, clock, rooms = app[keys.STORE], app[keys.CLOCK], app[keys.ROOMS]
    app[keys.FILE_WORKERS] = workers = FileWorkers(harmless_environment())
    scanner = None if config.clamav_socket is None else ClamAv(config.clamav_socket)
    attaching = Attaching(
        store,
        store.files,
        rooms,
        clock,
        workers,
        scanner,
        app[keys.NEWS],
        app[keys.UNREAD],
    )
    limits = FileLimits(config.file_megabytes, config.session_megabytes)
    if scanner is not None:
        app[keys.SCANNER] = scanner
    app[keys.UPLOADING] = uploading = Uploading(store, store.files, rooms, attaching, clock, limits)
    app[keys.SHOWING] = Showing(store, store.files, workers, limits)
    forget = _forget_untouched(app, uploading)

    async def running(_: web.Application) -> AsyncIterator[None]:
        await forget()
        yield
        await attaching.close()

    async def stop_workers(_: web.Application) -> None:
        workers.stop()
        await workers.stopped()

    app.cleanup_ctx.append(running)
    app.on_shutdown.append(stop_workers)
    app.on_response_prepare.append(tus.add_version)


def _forget_untouched(app: web.Application, uploading: Uploading) -> Callable[[], Awaitable[None]]:
    timers, clock, timekeeping = app[DUTY_TIMERS], app[keys.CLOCK], app[keys.TIMEKEEPING]

    async def forget() -> None:
        # set first, so that a failure below is retried
        timers.set("uploads", clock.now() + LOOK_FOR_UNTOUCHED, forget)
        if timekeeping.sure:
            await uploading.forget_untouched()

    return forget
