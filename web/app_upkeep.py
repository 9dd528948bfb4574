"""Assembly of what runs by itself: recovery at a start, timers, and the stop beside the start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta

from aiohttp import web

from signaling.delivery import Provider
from signaling.flows.retention.expiring import Expiring
from signaling.flows.retention.purging import Purging
from web import keys
from web.access.web_sessions import LATE
from web.hosts.duty import DUTY, DUTY_TIMERS, LOOK_EVERY, DutyTimers
from web.zones.rule_changes import ZoneChanges

LOOK_FOR_EXPIRED = timedelta(hours=1)
"Shorter than any web session lasts, so that each one ends on time."
LATE_ELSEWHERE = timedelta(hours=12)
"As LATE, for web sessions on whose strength something may be open on another host."
SWEEP_EVERY = timedelta(days=1)
"How often files that no row knows are looked for, where a host that starts is not alone."

Action = Callable[[], Awaitable[None]]


def add_upkeep(app: web.Application, providers: Iterable[Provider]) -> None:
    """Add the flows that timers start. `providers` of notices are closed at the end."""
    config, store, clock = app[keys.CONFIG], app[keys.STORE], app[keys.CLOCK]
    timers, timekeeping, rooms = app[DUTY_TIMERS], app[keys.TIMEKEEPING], app[keys.ROOMS]
    timekeeping.beats = lambda: app[DUTY].held
    app[keys.PURGING] = Purging(
        store,
        rooms,
        clock,
        timers,
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
        timers,
        timekeeping,
        timedelta(hours=config.expiry_hours),
    )
    store.hooks.notice_due = app[keys.SENDING].wake
    app.cleanup_ctx.append(_running(app, expiring, providers))


def _forget_web_sessions(app: web.Application) -> Action:
    clockwork, clock, live = app[keys.CLOCKWORK], app[keys.CLOCK], app[keys.REVOCATION]
    duty, sessions = app[DUTY], app[keys.WEB_SESSIONS]

    async def forget() -> None:
        # set first, so that a failure below is retried
        clockwork.set("web sessions", clock.now() + LOOK_FOR_EXPIRED, forget)
        if not app[keys.TIMEKEEPING].sure:
            return
        await live.check()  # first, so that pages hear why they end; those of each host from itself
        if duty.held:
            late = LATE if duty.is_alone else LATE_ELSEWHERE
            over = await sessions.forget_expired(live.held(), late)
        else:
            over = await app[keys.STORE].read.web_sessions.next_expiry(clock.now())
        if over is not None and over < clock.now() + LOOK_FOR_EXPIRED:
            clockwork.set("web sessions", over, forget)

    return forget


def _look_again(
    app: web.Application, expiring: Expiring, forget_web_sessions: Action
) -> Callable[[], None]:
    def look_again() -> None:
        """The clock was set: let everything that follows it check what is due."""
        _look_at_all(app, expiring)
        app[keys.CLOCKWORK].set("web sessions", app[keys.CLOCK].now(), forget_web_sessions)
        app[keys.SENDING].wake()
        app[keys.ACCOUNT_MAIL_SENDING].wake()

    return look_again


def _look_at_all(app: web.Application, expiring: Expiring) -> None:
    """Let what runs once in all check what is due."""
    for name, action in (
        ("interpreters", app[keys.INTERPRETING].expire_due),
        ("expire", expiring.expire_due),
        ("abandoned", app[keys.ABANDONING].look),
        ("purge", app[keys.PURGING].purge_again),
    ):
        app[DUTY_TIMERS].set(name, app[keys.CLOCK].now(), action)


def _looking_elsewhere(app: web.Application, expiring: Expiring) -> Callable[[bool], None]:
    """Begins what a host that runs the timers of all looks at again and again: at once, or later."""
    timers = app[DUTY_TIMERS]

    async def look() -> None:
        timers.set("all", timers.now() + LOOK_EVERY, look)
        _look_at_all(app, expiring)

    async def sweep() -> None:
        timers.set("sweep", timers.now() + SWEEP_EVERY, sweep)
        await app[keys.PURGING].sweep()

    def begin(at_once: bool) -> None:
        for name, every, action in (("all", LOOK_EVERY, look), ("sweep", SWEEP_EVERY, sweep)):
            timers.set(name, timers.now() + (timedelta() if at_once else every), action)

    return begin


def _prepare_duty(
    app: web.Application, expiring: Expiring, zone_changes: ZoneChanges
) -> Callable[[bool], None]:
    """Say what a host does that runs the timers of all from now on; what it looks at is returned."""
    timers, waits = app[DUTY_TIMERS], DutyTimers(app[keys.WAITS], app[DUTY])
    look_elsewhere = _looking_elsewhere(app, expiring)

    def taken() -> None:
        look_elsewhere(True)
        timers.set("zones", timers.now(), zone_changes.begin)
        waits.set("audit", waits.now(), app[keys.AUDIT_WATCH].check_again)

    app[DUTY].taken = taken
    return look_elsewhere


async def _begin(app: web.Application, expiring: Expiring, zone_changes: ZoneChanges) -> None:
    """Before anybody is served: what a killed server had begun, and what is due by now."""
    await app[keys.TIMEKEEPING].look()  # that this host stores the time is known only now
    await app[keys.PURGING].begin()
    await app[keys.STORE].write(lambda records: records.consultations.forget_presence())
    await zone_changes.begin()
    await app[keys.INTERPRETING].expire_due()
    await expiring.expire_due()
    await app[keys.ABANDONING].look()


def _running(
    app: web.Application, expiring: Expiring, providers: Iterable[Provider]
) -> Callable[[web.Application], AsyncIterator[None]]:
    store, waits, duty = app[keys.STORE], app[keys.WAITS], app[DUTY]
    sending, account_mail = app[keys.SENDING], app[keys.ACCOUNT_MAIL_SENDING]
    forget_web_sessions = _forget_web_sessions(app)
    zone_changes = ZoneChanges(store, app[keys.PLANNING], app[keys.CLOCK])
    look_elsewhere = _prepare_duty(app, expiring, zone_changes)

    async def running(_: web.Application) -> AsyncIterator[None]:
        """From before the first request to after the last: timers run, state is recovered."""
        with store.starting():
            await app[keys.TIMEKEEPING].begin(_look_again(app, expiring, forget_web_sessions))
            await app[keys.ROOMS].load_teams()
            await sending.recover()
            await account_mail.recover()
            if duty.is_alone or await duty.ask():
                await _begin(app, expiring, zone_changes)
                waits.set("audit", waits.now(), app[keys.AUDIT_WATCH].check_again)
            else:
                await app[keys.OUTBOX].discard_halves()
            if not duty.is_alone:
                if duty.held:
                    look_elsewhere(False)
                duty.start()
            sending.wake()
            account_mail.wake()
            await forget_web_sessions()
            app[keys.REVOCATION].watch()
        clockworks = {app[keys.CLOCKWORK], waits}
        runners = [asyncio.create_task(each.run(), name="clockwork") for each in clockworks]
        yield
        await duty.stop()
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
            await app[keys.FAILED_SIGN_IN_LOG].close()
        finally:  # a full disk loses those lines and no others
            await app[keys.AUDIT_WATCH].close()

    return running
