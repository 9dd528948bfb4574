"""Assembly: everything that runs, and its stop beside its start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from math import ceil

from aiohttp import web
from aiohttp_session import session_middleware

from signaling.flows.calls.call_changes import CallChanges
from signaling.flows.calls.calling import Calling
from signaling.flows.calls.locks import Locks
from signaling.flows.calls.reachability import Reachability
from signaling.flows.people.arriving import Arriving
from signaling.flows.people.device_checking import DeviceChecking
from signaling.flows.retention.emptying import Emptying
from signaling.flows.retention.expiring import Expiring
from signaling.flows.retention.forgetting import Forgetting
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.attending import Attending
from signaling.flows.sessions.chatting import Chatting
from signaling.flows.sessions.photo_requests import PhotoRequests
from signaling.flows.sessions.running import Running
from signaling.flows.sessions.turning import Turning
from signaling.flows.timekeeping import Timekeeping
from signaling.ports.clock import Clock
from signaling.rooms.hub import Hub
from storage import data_folder
from storage.folder.lock import DataFolderLock
from storage.store import Store
from web import keys
from web.access.audit_watch import AuditWatch
from web.access.delays import Delays
from web.access.failed_sign_ins import FailedSignIns
from web.access.guessing_alarm import GuessingAlarm
from web.access.passkeys import Passkeys
from web.access.passwords import Passwords
from web.access.rate_limits import RateLimits
from web.access.revocation import RevocationWatch
from web.access.setup_token import SetupToken
from web.access.web_sessions import WebSessionStorage
from web.app_files import add_files
from web.app_notices import add_notices
from web.app_sign_in import add_provider
from web.calls.relay import MediaRelay
from web.clockwork import Clockwork, SteadyClock, SystemClock
from web.config import Config, harmless_environment
from web.connections.http_server import CONNECTIONS, ConnectionManager
from web.handlers import add_routes
from web.http.bodies import check_before_reading
from web.http.clean_addresses import clean_address
from web.http.errors import errors
from web.http.security import add_headers, same_origin
from web.http.turns import in_turns
from web.pages.provider.only import by_provider_alone
from web.report.workers import ReportWorkers
from web.settings.runtime_settings import RuntimeSettings
from web.socket import SOCKETS, say_goodbye
from web.static_files import StaticFiles
from web.texts import directions
from web.texts.catalogs import Catalogs
from web.texts.page_texts import PageTexts
from web.websocket_warnings import WebSocketWarnings
from web.zones.changes import ZoneChanges

LOOK_FOR_EXPIRED = timedelta(hours=1)
"Shorter than any web session lasts, so that each one ends on time."
MAX_FORM_BYTES = 256 * 1024
"Of a posted form."


async def create_app(
    config: Config,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
    steady: Clock | None = None,
) -> web.Application:
    """The application over an opened store. Raises StorageError or ConfigError with a sentence.

    Waits follow `steady`, or `clock` if only that is given. Whatever is opened here is closed when
    the application is cleaned up, or at once if it cannot be assembled.
    """
    if clock is None:
        clock = SystemClock()
        steady = steady or SteadyClock(clock)
    if passwords is None:
        passwords = await asyncio.to_thread(Passwords)
    async with contextlib.AsyncExitStack() as opened:
        lock = await asyncio.to_thread(DataFolderLock.serve, config.data_dir)
        opened.callback(lock.release)
        await asyncio.to_thread(data_folder.prepare, config.data_dir)
        store = await Store.open(config.data_dir, config.master_key)
        opened.push_async_callback(store.close)
        app = await _assemble(config, store, clock, passwords, steady)
        kept = opened.pop_all()

    async def open_until_the_end(_: web.Application) -> AsyncIterator[None]:
        async with kept:
            yield

    app.cleanup_ctx.insert(0, open_until_the_end)
    return app


async def _assemble(
    config: Config, store: Store, clock: Clock, passwords: Passwords, steady: Clock | None
) -> web.Application:
    web_sessions = WebSessionStorage(
        store,
        clock,
        idle=timedelta(hours=config.idle_hours),
        at_most=timedelta(days=config.sign_in_days),
        secure=config.secure,
    )
    app = web.Application(
        middlewares=[
            in_turns(),
            session_middleware(web_sessions),
            errors,
            clean_address,
            same_origin,
            by_provider_alone,
            check_before_reading,
        ],
        client_max_size=MAX_FORM_BYTES,
    )
    app[keys.CONFIG] = config
    app[keys.RUNTIME_SETTINGS] = settings = RuntimeSettings(config)
    await settings.load(store)
    app[keys.CLOCK] = clock
    app[keys.STORE] = store
    app[keys.WEB_SESSIONS] = web_sessions
    app[keys.CLOCKWORK] = clockwork = Clockwork(clock)
    waits = clockwork if steady is None else Clockwork(steady)
    app[keys.WAITS] = waits
    app[keys.CATALOGS] = await asyncio.to_thread(Catalogs.load)
    hours = ceil(config.retention_hours)
    app[keys.PAGE_TEXTS] = page_texts = PageTexts(app[keys.CATALOGS], hours)
    await page_texts.load(store)
    app[keys.STATIC] = await asyncio.to_thread(StaticFiles.load)
    await asyncio.to_thread(directions.table)
    app[keys.PASSWORDS] = passwords
    app[keys.PASSKEYS] = Passkeys(config.public_url, config.brand, waits)
    app[keys.WEBSOCKET_WARNINGS] = WebSocketWarnings(waits)
    app[keys.LIMITS] = RateLimits(waits)
    app[keys.DELAYS] = Delays(waits)
    app[keys.SETUP_TOKEN] = SetupToken()
    app[keys.REPORT_WORKERS] = report_workers = ReportWorkers(harmless_environment())
    app[SOCKETS] = set()
    app[keys.AUDIT_WATCH] = audit_watch = AuditWatch(store, clock, waits)
    app[keys.FAILED_SIGN_INS] = failed_sign_ins = FailedSignIns(store, clock, waits)
    app[keys.REVOCATION] = live = RevocationWatch(store, clock, waits, web_sessions)
    store.hooks.access_lost = live.lost
    app[CONNECTIONS] = ConnectionManager(app)

    app[keys.TIMEKEEPING] = timekeeping = Timekeeping(store, clock, waits)
    retention = timedelta(hours=config.retention_hours)
    app[keys.RELAY] = relay = MediaRelay(config, waits)
    locks = Locks()
    changes = CallChanges(store, locks, clock, waits, relay, lambda: settings.media_policy)
    app[keys.FORWARDING] = changes.forwarding
    app[keys.REACHABILITY] = Reachability(relay, waits)
    app[keys.CALLING] = calling = Calling(changes, clock, waits)
    app[keys.ROOMS] = rooms = Rooms(store, Hub(), locks, calling, waits)
    app[keys.ATTENDING] = Attending(store, rooms, calling, clock, waits)
    app[keys.CHATTING] = Chatting(store, clock)
    app[keys.PHOTO_REQUESTS] = PhotoRequests(store, rooms, clock)
    app[keys.TURNING] = Turning(store)
    app[keys.RUNNING] = Running(store, rooms, calling, clock, retention)
    app[keys.ARRIVING] = arriving = Arriving(
        store, clock, timedelta(minutes=config.early_entry_minutes)
    )
    app[keys.DEVICE_CHECKING] = DeviceChecking(store, rooms, arriving, clock)
    app[keys.EMPTYING] = emptying = Emptying(store, waits)
    providers = await add_notices(app, config)
    app[keys.GUESSING_ALARM] = GuessingAlarm(store, app[keys.ACCOUNT_MAIL], waits, waits)
    account_mail = app[keys.ACCOUNT_MAIL_SENDING]
    sending = app[keys.SENDING]
    store.hooks.notice_due = sending.wake
    interpreting = app[keys.INTERPRETING]
    app[keys.FORGETTING] = forgetting = Forgetting(
        store, rooms, clock, clockwork, retention, app[keys.OUTBOX], emptying, timekeeping
    )

    expiring = Expiring(
        store,
        rooms,
        app[keys.RUNNING],
        clock,
        clockwork,
        timekeeping,
        timedelta(hours=config.expiry_hours),
    )
    abandoning = app[keys.ABANDONING]
    zone_changes = ZoneChanges(store, app[keys.PLANNING], clock)

    async def forget_web_sessions() -> None:
        # set first, so that a failure below is retried
        clockwork.set("web sessions", clock.now() + LOOK_FOR_EXPIRED, forget_web_sessions)
        if not timekeeping.sure:
            return
        await live.check()  # first, so that pages hear why they end
        over = await web_sessions.forget_expired(live.held())
        if over is not None and over < clock.now() + LOOK_FOR_EXPIRED:
            clockwork.set("web sessions", over, forget_web_sessions)

    def look_again() -> None:
        """The clock was set: let everything that follows it check what is due."""
        for name, action in (
            ("interpreters", interpreting.expire_due),
            ("expire", expiring.expire_due),
            ("abandoned", abandoning.look),
            ("purge", forgetting.purge_again),
            ("web sessions", forget_web_sessions),
        ):
            clockwork.set(name, clock.now(), action)
        sending.wake()
        account_mail.wake()

    async def running(_: web.Application) -> AsyncIterator[None]:
        """From before the first request to after the last: timers run, state is recovered."""
        with store.starting():
            await timekeeping.begin(look_again)
            await forgetting.begin()
            await store.write(lambda records: records.consultations.forget_presence())
            await sending.recover()
            await account_mail.recover()
            await zone_changes.begin()
            sending.wake()
            account_mail.wake()
            await interpreting.expire_due()
            await expiring.expire_due()
            await abandoning.look()
            await forget_web_sessions()
            live.watch()
            waits.set("audit", waits.now(), audit_watch.check_again)
        clockworks = {clockwork, waits}
        runners = [asyncio.create_task(each.run(), name="clockwork") for each in clockworks]
        yield
        sending.close()
        account_mail.close()
        for runner in runners:
            runner.cancel()
        for runner in runners:
            with contextlib.suppress(asyncio.CancelledError):
                await runner
        await asyncio.gather(*(each.close() for each in clockworks))
        await changes.forwarding.close()
        for provider in providers:
            await provider.close()
        try:
            await failed_sign_ins.close()
        finally:  # a full disk loses those lines and no others
            await audit_watch.close()

    app.cleanup_ctx.append(running)
    app.cleanup_ctx.append(relay.running)
    app.cleanup_ctx.append(relay.trace.running)

    async def stop_reports(_: web.Application) -> None:
        report_workers.stop()

    add_files(app, config)
    add_provider(app, config)
    app.on_shutdown.append(say_goodbye)
    app.on_shutdown.append(stop_reports)
    app.on_response_prepare.append(add_headers)
    add_routes(app)
    return app
