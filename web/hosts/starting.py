"""Assembly of this host among several: from before the first request to after the last."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from aiohttp import web

from signaling.errors import Unavailable
from signaling.wire import messages as wire
from storage.engine.commit_hooks import WebSessionMoved
from web import keys
from web.hosts.certificates import client_context, relay_key
from web.hosts.duty import DUTY
from web.hosts.elsewhere import Elsewhere
from web.hosts.figures import Measuring
from web.hosts.hand_over import PASSING, add_owners
from web.hosts.list_changes import ListChanges
from web.hosts.membership import Membership, this_host
from web.hosts.ports import ELSEWHERE
from web.hosts.relay_links import RelayLinks
from web.hosts.telling import Telling
from web.version import program_version

MEMBERSHIP = web.AppKey("membership", Membership)
"Absent where there is one host."


class Line(Protocol):
    async def tell(self, what: str) -> None:
        """Tell all hosts, this one included. Raises Unavailable."""
        ...


LINE: web.AppKey[Line] = web.AppKey("line", Line)
"""Absent where there is one host."""
TLS: web.AppKey[ssl.SSLContext] = web.AppKey("tls", ssl.SSLContext)
"Of a relay-only host, which is reached by TLS alone."
DRAIN_WITHIN = 60.0
"Seconds that calls through the relay have to end before their rooms move to another host."
CHECKED_WITHIN = 1.0
"Seconds that a room which another process has changed stays, so that whoever lost access is told so."
_log = logging.getLogger(__name__)


async def add_hosts(app: web.Application) -> None:
    """Make this one of the hosts that share the database. Nothing, with SQLite. Raises Unavailable."""
    config, store = app[keys.CONFIG], app[keys.STORE]
    if not config.database_url:
        return
    from storage.hosts_line import HostsLine  # it imports the driver of PostgreSQL

    line = HostsLine(config.database_url)
    program = await asyncio.to_thread(program_version)
    row = this_host(config, program, app[keys.CLOCK].now)
    key = await store.write(lambda records: records.hosts.key())
    app[LINE] = line
    app[MEMBERSHIP] = membership = Membership(store, line, row, key)
    add_owners(app, membership)
    app[keys.ROOMS].own, app[keys.ROOMS].owns = membership.own, membership.owns
    app[DUTY].host_id = lambda: membership.host_id if membership.ready else None
    for sending in (app[keys.SENDING], app[keys.ACCOUNT_MAIL_SENDING]):
        sending.host_id = lambda: membership.host_id if membership.acts else None
    links = await _relay_links(app, membership, key)
    elsewhere = _follow(app, membership, links)
    telling = _listening(app, membership, elsewhere)
    changes = ListChanges(membership, line.tell)
    app[keys.ROOMS].hub.told = changes.note

    def told(process: int, what: str) -> None:
        if not store.is_own(process):
            telling.hear(what)

    def doubted(consultation_ids: frozenset[str] | None) -> None:
        _log.warning("a commit had no answer: what it was about is read again")
        membership.doubt(consultation_ids)
        telling.hear_everything()

    line.told = told
    line.connected = telling.hear_everything
    store.on_doubt(doubted)

    async def running(_: web.Application) -> AsyncIterator[None]:
        await membership.start()
        yield
        for each in (telling, changes, elsewhere):
            await each.close()
        if links is not None:
            await links.close()
        await membership.stop()

    app.cleanup_ctx.insert(0, running)
    app.on_shutdown.insert(0, _release_all)


async def _release_all(app: web.Application) -> None:
    """The server stops: what is asked from now on is the others' to answer."""
    membership = app[MEMBERSHIP]
    membership.draining = True
    try:
        await membership.release(membership.rooms)
    except Unavailable:
        return  # then they wait until this host's lease is over


async def _relay_links(
    app: web.Application, membership: Membership, key: bytes
) -> RelayLinks | None:
    """The way to relay-only hosts, for a host that has no workers of its own."""
    relay = app[keys.RELAY].elsewhere
    if relay is None:
        return None
    return RelayLinks(relay, membership, await asyncio.to_thread(client_context, relay_key(key)))


def _follow(app: web.Application, membership: Membership, links: RelayLinks | None) -> Elsewhere:
    """What becomes of rooms that are not this host's any more, and of what was on its way to others."""
    rooms, passing = app[keys.ROOMS], app[PASSING]
    app[ELSEWHERE] = elsewhere = Elsewhere(rooms.hub, membership, passing)
    membership.figures = Measuring(
        rooms.hub.room_count, lambda: sum(1 for _ in rooms.hub.connections())
    ).now
    membership.is_live = lambda each: rooms.hub.room(each) is not None

    def give_up(consultation_ids: set[str]) -> None:
        for each in consultation_ids:
            rooms.give_up(each)

    def lost(host_id: str) -> None:
        passing.lose(host_id)
        rooms.hub.forget_elsewhere(host_id)
        app[keys.SENDING].watch_now()
        app[keys.ACCOUNT_MAIL_SENDING].watch_now()

    membership.give_up = give_up
    membership.lost = lost

    def found(host_id: str) -> None:
        elsewhere.changed_on(host_id)
        if links is not None:
            links.found(host_id)

    membership.found = found
    return elsewhere


def _listening(app: web.Application, membership: Membership, elsewhere: Elsewhere) -> Telling:
    """What follows from what other hosts tell."""
    telling, rooms, live = Telling(), app[keys.ROOMS], app[keys.REVOCATION]
    telling.on("settings", lambda: _settings(app))
    telling.on("texts", lambda: _texts(app))
    telling.on("teams", rooms.load_teams)
    telling.on("access", live.check)
    telling.on("sessions", lambda: _compare(app, membership))
    telling.on("lists", lambda: _ask_for_all(app))

    telling.on_each("session", _session_changed(app))

    def moved(digests: str) -> None:
        before, after = digests.split()
        live.lost(WebSessionMoved(bytes.fromhex(before), bytes.fromhex(after)))

    tasks: set[asyncio.Task[None]] = set()

    def lobby(where: str) -> None:
        host_id, account_id = where.split()
        elsewhere.changed(host_id, account_id)

    def lists(where: str) -> None:
        host_id, account_id = where.split()
        if host_id != membership.host_id:
            rooms.hub.notify_here(account_id, wire.ListChanged())

    def drain(host_id: str) -> None:
        if host_id == membership.host_id:
            _log.info("an administrator empties this host: others take its rooms")
            task = asyncio.create_task(leave(app, DRAIN_WITHIN), name="draining")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    def stay(host_id: str) -> None:
        if host_id == membership.host_id:
            _log.info("an administrator lets this host take rooms again")
            membership.draining = False

    telling.on_each("moved", moved)
    telling.on_each("lobby", lobby)
    telling.on_each("list", lists)
    telling.on_each("drain", drain)
    telling.on_each("stay", stay)
    return telling


def _session_changed(app: web.Application) -> Callable[[str], None]:
    """To be called with a session that another process has changed."""
    tasks: set[asyncio.Task[None]] = set()

    def session(consultation_id: str) -> None:
        app[keys.STORE].drop_keys([consultation_id])
        if app[keys.ROOMS].hub.room(consultation_id) is not None:
            task = asyncio.create_task(_give_up(app, consultation_id), name="session changed")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    return session


async def leave(app: web.Application, patience: float) -> None:
    """Give this host's rooms to the others; see `Membership.drain`."""
    if MEMBERSHIP not in app:
        return
    hub = app[keys.ROOMS].hub

    def has_relayed_call(consultation_id: str) -> bool:
        room = hub.room(consultation_id)
        call = None if room is None else room.call
        return call is not None and not call.over and call.path.forwarded

    await app[MEMBERSHIP].drain(patience, has_relayed_call)


async def _give_up(app: web.Application, consultation_id: str) -> None:
    """Have pages come back to a room that another process has changed, but for those that may not."""
    try:
        async with asyncio.timeout(CHECKED_WITHIN):
            await app[keys.REVOCATION].check()
    except (Unavailable, TimeoutError):
        _log.warning("who has lost access cannot be read")
    finally:
        app[keys.ROOMS].give_up(consultation_id)


async def _settings(app: web.Application) -> None:
    await app[keys.RUNTIME_SETTINGS].load(app[keys.STORE])
    await app[keys.NOTICE_ROUTING].load(app[keys.STORE])


async def _texts(app: web.Application) -> None:
    await app[keys.PAGE_TEXTS].load(app[keys.STORE])
    await app[keys.OPERATOR_TEXTS].load(app[keys.STORE])


async def _compare(app: web.Application, membership: Membership) -> None:
    """Give up what is in memory and not as it is stored: another process may have changed it."""
    rooms, read = app[keys.ROOMS], app[keys.STORE].read
    app[keys.STORE].drop_keys()
    for each in membership.rooms:
        room = rooms.hub.room(each)
        if room is not None:
            stored = await read.consultations.get(each)
            if stored != room.consultation and rooms.is_live(room):
                await _give_up(app, each)


async def _ask_for_all(app: web.Application) -> None:
    for account_id in app[keys.ROOMS].hub.with_lobby():
        await app[ELSEWHERE].ask_all(account_id)
