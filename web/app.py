"""Assembly: everything that runs, and its stop beside its start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from aiohttp import web
from aiohttp_session import session_middleware

from signaling.flows.arriving import Arriving
from signaling.flows.attending import Attending
from signaling.flows.calling import Calling
from signaling.flows.chatting import Chatting
from signaling.flows.device_checking import DeviceChecking
from signaling.flows.expiring import Expiring
from signaling.flows.forgetting import Forgetting
from signaling.flows.forwarding import Forwarding
from signaling.flows.holding import Holding
from signaling.flows.keeping import Keeping
from signaling.flows.probing import Probing
from signaling.flows.rooms import Rooms
from signaling.hub import Hub
from signaling.ports import Clock
from storage.store import Store
from web import keys
from web.clockwork import Clockwork, SteadyClock, SystemClock
from web.config import Config, ConfigError, harmless_environment
from web.delivery import add_delivery
from web.errors import errors
from web.handlers import add_routes
from web.limits import Limits
from web.passwords import Passwords
from web.relay import MediaRelay
from web.report_workers import ReportWorkers
from web.security import add_headers, same_origin
from web.setup_token import SetupToken
from web.socket import SOCKETS, say_goodbye
from web.static_files import StaticFiles
from web.texts import Texts
from web.web_sessions import SqliteStorage

MAX_FORM_BYTES = 256 * 1024
"Of a posted form; files will have a way of their own."


async def create_app(
    config: Config,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
    steady: Clock | None = None,
) -> web.Application:
    """The application over an opened store. Raises StorageError or ConfigError with a sentence.

    What waits follows `steady`, or `clock` if that alone is given. Cleaning the application up
    closes the store.
    """
    if clock is None:
        clock = SystemClock()
        steady = steady or SteadyClock(clock)
    if passwords is None:
        passwords = await asyncio.to_thread(Passwords)
    store = await Store.open(config.data_dir, config.master_key)
    web_sessions = SqliteStorage(store, clock, secure=config.secure)
    app = web.Application(
        middlewares=[session_middleware(web_sessions), errors, same_origin],
        client_max_size=MAX_FORM_BYTES,
    )
    app[keys.CONFIG] = config
    app[keys.CLOCK] = clock
    app[keys.STORE] = store
    app[keys.WEB_SESSIONS] = web_sessions
    app[keys.CLOCKWORK] = clockwork = Clockwork(clock)
    waits = clockwork if steady is None else Clockwork(steady)
    app[keys.WAITS] = waits
    app[keys.TEXTS] = await asyncio.to_thread(Texts.load)
    app[keys.STATIC] = await asyncio.to_thread(StaticFiles.load)
    app[keys.PASSWORDS] = passwords
    app[keys.LIMITS] = Limits()
    app[keys.SETUP_TOKEN] = SetupToken()
    app[keys.REPORT_WORKERS] = report_workers = ReportWorkers(harmless_environment())
    app[SOCKETS] = set()

    rooms = Rooms(store, Hub(), waits)
    retention = timedelta(hours=config.retention_hours)
    app[keys.RELAY] = relay = MediaRelay(config, waits)
    keeping = Keeping(store, rooms, clock, waits, relay, config.media_policy)
    app[keys.FORWARDING] = forwarding = Forwarding(keeping, relay, clock, waits)
    app[keys.PROBING] = Probing(relay, waits)
    calling = Calling(keeping, forwarding, clock, waits)
    rooms.openers.append(calling.take_up)
    app[keys.ROOMS] = rooms
    app[keys.CALLING] = calling
    app[keys.ATTENDING] = Attending(store, rooms, calling, clock, waits)
    app[keys.CHATTING] = Chatting(store, clock)
    app[keys.HOLDING] = holding = Holding(store, rooms, calling, clock, retention)
    app[keys.ARRIVING] = arriving = Arriving(
        store, clock, timedelta(minutes=config.early_entry_minutes)
    )
    app[keys.DEVICE_CHECKING] = DeviceChecking(store, rooms, arriving, clock)
    try:
        providers = await add_delivery(app, config)
    except ConfigError:
        await store.close()
        raise
    notifying = app[keys.NOTIFYING]
    interpreting = app[keys.INTERPRETING]
    app[keys.FORGETTING] = forgetting = Forgetting(
        store, rooms, clock, clockwork, retention, app[keys.OUTBOX]
    )

    expiring = Expiring(
        store, rooms, holding, clock, clockwork, timedelta(hours=config.expiry_hours)
    )

    async def forget_web_sessions() -> None:
        clockwork.set("web sessions", clock.now() + timedelta(hours=1), forget_web_sessions)
        await web_sessions.forget_expired()

    async def running(_: web.Application) -> AsyncIterator[None]:
        """From the first request to the last: the store is clean, the timers run."""
        await store.write(lambda records: records.consultations.forget_presence())
        await notifying.recover()
        notifying.wake()
        await interpreting.expire_due()
        await expiring.expire_due()
        await forgetting.purge_due()
        await forget_web_sessions()
        clockworks = {clockwork, waits}
        runners = [asyncio.create_task(one.run(), name="clockwork") for one in clockworks]
        yield
        notifying.close()
        for runner in runners:
            runner.cancel()
        for runner in runners:
            with contextlib.suppress(asyncio.CancelledError):
                await runner
        await asyncio.gather(*(one.close() for one in clockworks))
        await forwarding.close()
        for provider in providers:
            await provider.close()
        await store.close()

    app.cleanup_ctx.append(running)
    app.cleanup_ctx.append(relay.running)

    async def stop_reports(_: web.Application) -> None:
        report_workers.stop()

    app.on_shutdown.append(say_goodbye)
    app.on_shutdown.append(stop_reports)
    app.on_response_prepare.append(add_headers)
    add_routes(app)
    return app
