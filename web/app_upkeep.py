"""Assembly of what runs by itself: recovery at a start, timers, and the stop beside the start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta

from aiohttp import web

from signaling.delivery import Provider
from signaling.flows.retention.expiring import Expiring
from signaling.flows.retention.forgetting import Forgetting
from web import keys
from web.zones.changes import ZoneChanges

LOOK_FOR_EXPIRED = timedelta(hours=1)
"Shorter than any web session lasts, so that each one ends on time."

Action = Callable[[], Awaitable[None]]


def add_upkeep(app: web.Application, providers: Iterable[Provider]) -> None:
    """Add the flows that timers start. `providers` of notices are closed at the end."""
    config, store, clock = app[keys.CONFIG], app[keys.STORE], app[keys.CLOCK]
    clockwork, timekeeping, rooms = app[keys.CLOCKWORK], app[keys.TIMEKEEPING], app[keys.ROOMS]
    app[keys.FORGETTING] = Forgetting(
        store,
        rooms,
        clock,
        clockwork,
        timedelta(hours=config.retention_hours),
        app[keys.OUTBOX],
        app[keys.EMPTYING],
        timekeeping,
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
    store.hooks.notice_due = app[keys.SENDING].wake
    app.cleanup_ctx.append(_running(app, expiring, providers))


def _forget_web_sessions(app: web.Application) -> Action:
    clockwork, clock, live = app[keys.CLOCKWORK], app[keys.CLOCK], app[keys.REVOCATION]

    async def forget() -> None:
        # set first, so that a failure below is retried
        clockwork.set("web sessions", clock.now() + LOOK_FOR_EXPIRED, forget)
        if not app[keys.TIMEKEEPING].sure:
            return
        await live.check()  # first, so that pages hear why they end
        over = await app[keys.WEB_SESSIONS].forget_expired(live.held())
        if over is not None and over < clock.now() + LOOK_FOR_EXPIRED:
            clockwork.set("web sessions", over, forget)

    return forget


def _look_again(
    app: web.Application, expiring: Expiring, forget_web_sessions: Action
) -> Callable[[], None]:
    def look_again() -> None:
        """The clock was set: let everything that follows it check what is due."""
        for name, action in (
            ("interpreters", app[keys.INTERPRETING].expire_due),
            ("expire", expiring.expire_due),
            ("abandoned", app[keys.ABANDONING].look),
            ("purge", app[keys.FORGETTING].purge_again),
            ("web sessions", forget_web_sessions),
        ):
            app[keys.CLOCKWORK].set(name, app[keys.CLOCK].now(), action)
        app[keys.SENDING].wake()
        app[keys.ACCOUNT_MAIL_SENDING].wake()

    return look_again


def _running(
    app: web.Application, expiring: Expiring, providers: Iterable[Provider]
) -> Callable[[web.Application], AsyncIterator[None]]:
    store, waits = app[keys.STORE], app[keys.WAITS]
    sending, account_mail = app[keys.SENDING], app[keys.ACCOUNT_MAIL_SENDING]
    forget_web_sessions = _forget_web_sessions(app)
    zone_changes = ZoneChanges(store, app[keys.PLANNING], app[keys.CLOCK])

    async def running(_: web.Application) -> AsyncIterator[None]:
        """From before the first request to after the last: timers run, state is recovered."""
        with store.starting():
            await app[keys.TIMEKEEPING].begin(_look_again(app, expiring, forget_web_sessions))
            await app[keys.FORGETTING].begin()
            await store.write(lambda records: records.consultations.forget_presence())
            await app[keys.ROOMS].load_teams()
            await sending.recover()
            await account_mail.recover()
            await zone_changes.begin()
            sending.wake()
            account_mail.wake()
            await app[keys.INTERPRETING].expire_due()
            await expiring.expire_due()
            await app[keys.ABANDONING].look()
            await forget_web_sessions()
            app[keys.REVOCATION].watch()
            waits.set("audit", waits.now(), app[keys.AUDIT_WATCH].check_again)
        clockworks = {app[keys.CLOCKWORK], waits}
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
        await app[keys.FORWARDING].close()
        for provider in providers:
            await provider.close()
        try:
            await app[keys.FAILED_SIGN_INS].close()
        finally:  # a full disk loses those lines and no others
            await app[keys.AUDIT_WATCH].close()

    return running
