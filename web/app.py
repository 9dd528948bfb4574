"""Assembly: everything that runs, and its stop beside its start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from math import ceil

from aiohttp import web
from aiohttp_session import session_middleware

from signaling.ports.clock import Clock
from storage.store import Store
from web import keys
from web.access.audit_watch import AuditWatch
from web.access.failed_sign_in_log import FailedSignInLog
from web.access.growing_delays import Delays
from web.access.guessing_alarm import GuessingAlarm
from web.access.passkeys import Passkeys
from web.access.passwords import Passwords
from web.access.rate_limits import RateLimits
from web.access.revocation import RevocationWatch
from web.access.setup_token import SetupToken
from web.access.web_sessions import WebSessionStorage
from web.app_files import add_files
from web.app_notices import add_notices
from web.app_rooms import add_attendance, add_rooms
from web.app_sign_in import add_provider
from web.app_upkeep import add_upkeep
from web.clockwork import Clockwork, SteadyClock, SystemClock
from web.config import Config, harmless_environment
from web.connections.http_server import CONNECTIONS, ConnectionManager
from web.connections.sockets import SOCKETS
from web.handlers import add_routes
from web.health.measuring import measure
from web.health.shared_measurement import HEALTH, SharedMeasurement
from web.hosts.duty import DUTY, DUTY_TIMERS, Duty, DutyTimers
from web.hosts.starting import add_hosts
from web.http.bodies import check_before_reading
from web.http.clean_addresses import clean_address
from web.http.errors import errors
from web.http.file_request_turns import in_turns
from web.http.same_origin import same_origin
from web.http.security_headers import add_headers
from web.pages.provider.only import by_provider_alone
from web.report.workers import ReportWorkers
from web.settings.runtime_settings import RuntimeSettings
from web.sign_in.throttling import GROWTHS
from web.socket import say_goodbye
from web.static_files import StaticFiles
from web.texts import directions
from web.texts.catalogs import Catalogs
from web.texts.page_texts import PageTexts
from web.websocket_warnings import WebSocketWarnings

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
        store = await opened.enter_async_context(
            Store.serving(
                config.data_dir, config.master_key, config.files, database_url=config.database_url
            )
        )
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
    app[keys.STORE] = store
    app[keys.WEB_SESSIONS] = web_sessions
    _add_timers(app, clock, steady)
    app[keys.RUNTIME_SETTINGS] = RuntimeSettings(config)
    await app[keys.RUNTIME_SETTINGS].load(store)
    await _add_texts(app)
    _add_access(app, passwords)
    add_rooms(app)
    providers = await add_notices(app, config)
    add_attendance(app)
    app[keys.GUESSING_ALARM] = GuessingAlarm(
        store, app[keys.ACCOUNT_MAIL], app[keys.WAITS], app[keys.WAITS]
    )
    add_upkeep(app, providers)
    app.cleanup_ctx.append(app[keys.TURN].running)
    app.cleanup_ctx.extend((app[keys.RELAY].running, app[keys.RELAY].trace.running))
    add_files(app, config)
    add_provider(app, config)
    app[HEALTH] = SharedMeasurement(partial(measure, app))
    app.on_shutdown.append(say_goodbye)
    _add_reports(app)
    app.on_response_prepare.append(add_headers)
    await add_hosts(app)
    add_routes(app)
    return app


def _add_timers(app: web.Application, clock: Clock, steady: Clock | None) -> None:
    app[keys.CLOCK] = clock
    app[keys.CLOCKWORK] = Clockwork(clock)
    app[keys.WAITS] = app[keys.CLOCKWORK] if steady is None else Clockwork(steady)
    app[DUTY] = Duty(app[keys.STORE])
    app[DUTY_TIMERS] = DutyTimers(app[keys.CLOCKWORK], app[DUTY])


async def _add_texts(app: web.Application) -> None:
    """What pages are made of."""
    app[keys.CATALOGS] = await asyncio.to_thread(Catalogs.load)
    hours = ceil(app[keys.CONFIG].retention_hours)
    app[keys.PAGE_TEXTS] = page_texts = PageTexts(app[keys.CATALOGS], hours)
    await page_texts.load(app[keys.STORE])
    app[keys.STATIC] = await asyncio.to_thread(StaticFiles.load, app[keys.CONFIG].data_dir)
    await asyncio.to_thread(directions.table)


def _add_access(app: web.Application, passwords: Passwords) -> None:
    """Who may come in, and how often somebody may try."""
    config, store, waits = app[keys.CONFIG], app[keys.STORE], app[keys.WAITS]
    clock = app[keys.CLOCK]
    app[keys.PASSWORDS] = passwords
    app[keys.PASSKEYS] = Passkeys(config.public_url, config.brand, waits)
    app[keys.WEBSOCKET_WARNINGS] = WebSocketWarnings(waits)
    app[keys.LIMITS] = RateLimits(waits)
    app[keys.DELAYS] = Delays(waits, GROWTHS)
    app[keys.SETUP_TOKEN] = SetupToken()
    app[SOCKETS] = set()
    app[keys.AUDIT_WATCH] = AuditWatch(store, clock, waits)
    app[keys.FAILED_SIGN_IN_LOG] = FailedSignInLog(store, clock, waits)
    app[keys.REVOCATION] = live = RevocationWatch(store, clock, waits, app[keys.WEB_SESSIONS])
    store.hooks.access_lost = live.lost
    app[CONNECTIONS] = ConnectionManager(app)


def _add_reports(app: web.Application) -> None:
    app[keys.REPORT_WORKERS] = workers = ReportWorkers(harmless_environment())

    async def stop(_: web.Application) -> None:
        workers.stop()

    app.on_shutdown.append(stop)
