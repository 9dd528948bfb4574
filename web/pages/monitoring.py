"""What monitoring asks: health, readiness, metrics."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from aiohttp import web

from media.relay.client import Relay
from signaling.errors import Unavailable
from storage.backup.backup_set import last_backup
from storage.files.folder_parts import RESERVE_BYTES
from web.hosts.ports import OWNERS
from web.http.client_address import is_loopback, remote
from web.keys import (
    CLOCK,
    CONFIG,
    EMPTYING,
    RELAY,
    ROOMS,
    SCANNER,
    SENDING,
    STORE,
    TIMEKEEPING,
    TURN,
)
from web.zones.rules import in_force

ANSWER_WITHIN = 2.0
"Seconds that the database has to answer; one that cannot be reached says nothing."

RELAY_FIGURES = {
    "teleconnect_relay_rooms": ("gauge", "rooms"),
    "teleconnect_relay_participants": ("gauge", "peers"),
    "teleconnect_relay_datagrams_received_total": ("counter", "received"),
    "teleconnect_relay_datagrams_sent_total": ("counter", "sent"),
    "teleconnect_relay_datagrams_refused_total": ("counter", "refused"),
    "teleconnect_relay_datagrams_strange_total": ("counter", "strangers"),
    "teleconnect_relay_datagrams_dropped_total": ("counter", "dropped"),
    "teleconnect_relay_errors_total": ("counter", "errors"),
    "teleconnect_relay_cpu_seconds_total": ("counter", "cpu_seconds"),
    "teleconnect_relay_resident_memory_bytes": ("gauge", "resident_bytes"),
}
"Metric -> (type, field of `media.messages.Figures`); counters restart with a worker."


async def health(request: web.Request) -> web.Response:
    """The event loop is running."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Ready if the database answers, the disk has room and notices are sent; else 503.

    One of several hosts is not while it leaves, or may not act for its rooms.

    A provider's outage does not count, as its notices become due later. The states of the relay, of
    TURN and of the virus scanner are only reported, as the server is useful without them. Raises Unavailable.
    """
    app = request.app
    if OWNERS in app and not app[OWNERS].ready:
        raise Unavailable  # another host is to be asked
    next_due = await _next_due(app)
    usage = await asyncio.to_thread(shutil.disk_usage, app[CONFIG].data_dir)
    full = usage.free < RESERVE_BYTES
    late = 0.0 if next_due is None else (app[CLOCK].now() - next_due).total_seconds()
    stuck = app[SENDING].is_stuck(next_due)
    return web.json_response(
        {
            "status": "disk" if full else "outbox" if stuck else "ok",
            "outbox_late_s": round(max(late, 0.0), 1),
            "forgetting_late_s": round(app[EMPTYING].late.total_seconds(), 1),
            "clock": "ok" if app[TIMEKEEPING].sure else "doubted",
            "relay": app[RELAY].state,
            "relay_tcp": app[RELAY].tcp,
            "turn": app[TURN].state,
            "relay_packet_loop": app[RELAY].packet_loop,
            "scanner": await app[SCANNER].state() if SCANNER in app else "off",
            "database": app[STORE].engine,
            "backup_age_s": await _backup_age(app),
            "time_zone_rules": in_force().version,
        },
        status=503 if full or stuck else 200,
    )


async def _next_due(app: web.Application) -> datetime | None:
    """When the next notice is due. Raises Unavailable if the database does not answer in time."""
    read = app[STORE].read
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            await read.accounts.exists()
            return await read.notices.next_due()
    except TimeoutError as error:
        raise Unavailable from error


async def _backup_age(app: web.Application) -> float | None:
    """Seconds since the newest backup; None if no backup is known."""
    made_at = await asyncio.to_thread(last_backup, app[CONFIG].data_dir)
    return None if made_at is None else round((app[CLOCK].now() - made_at).total_seconds(), 1)


async def metrics(request: web.Request) -> web.Response:
    """Counts in the Prometheus text format, for this machine only."""
    if not is_loopback(remote(request)):
        raise web.HTTPNotFound
    hub = request.app[ROOMS].hub
    figures = {
        "teleconnect_rooms": hub.room_count(),
        "teleconnect_connections": sum(1 for _ in hub.connections()),
        "process_resident_memory_bytes": await asyncio.to_thread(resident_bytes),
    }
    return exposed(figures, request.app[RELAY].relay)


def exposed(figures: Mapping[str, int], relay: Relay | None) -> web.Response:
    """These gauges, and what the workers of this host have last told."""
    lines = [f"# TYPE {name} gauge\n{name} {value}" for name, value in figures.items()]
    workers = [] if relay is None else relay.figures
    for name, (kind, field) in RELAY_FIGURES.items() if workers else ():
        lines.append(f"# TYPE {name} {kind}")
        for index, said in enumerate(workers):
            lines.append(f'{name}{{worker="{index}"}} {getattr(said, field)}')
    return web.Response(
        body="\n".join(lines).encode() + b"\n",
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
