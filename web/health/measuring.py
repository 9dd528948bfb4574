"""Everything that the page "Health" shows, measured when it is asked for; each part has an end."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from signaling.delivery import provider_names
from signaling.errors import NotFound, Unavailable
from signaling.flows.notices.provider_state import HandOver
from signaling.notices.notice import Channel
from storage.backup.backup_set import last_backup
from storage.records.audit import Finding
from web.access.mail_reach import MailState
from web.config import Config
from web.health import sms_provider, stun
from web.health.certificate import Certificate, certificate_of
from web.keys import (
    AUDIT_WATCH,
    CLOCK,
    CONFIG,
    MAIL_REACH,
    OUTBOX,
    PROVIDER,
    RELAY,
    SCANNER,
    SENDING,
    STATIC,
    STORE,
    TIMEKEEPING,
    TURN,
)
from web.version import program_version

OBJECTS_WITHIN_S = 3.0
"What an object store is given to answer."


@dataclass(frozen=True)
class Disk:
    free: int
    total: int
    database: int
    "Bytes of the database; of SQLite with its write-ahead log."
    files: int
    "Bytes of photos and PDFs."


@dataclass(frozen=True)
class Delivery:
    """One channel, as it stands."""

    provider: str
    "A name of `signaling.delivery.PROVIDERS`; empty: it is not set up."
    waiting: int
    "How many notices are due and not sent."
    last: HandOver


@dataclass(frozen=True)
class Health:
    now: datetime
    version: str
    builds: tuple[str, ...]
    "Digests of the front end's files, for current and for older browsers."
    front_end: str
    "Why there is one build alone, in a few English words; empty: there are two."
    disk: Disk
    delivery: Mapping[Channel, Delivery]
    mail_reach: MailState
    "Whether the mail server lets this server in right now."
    outbox: int
    "Notices kept in the outbox folder instead of being sent."
    answer: sms_provider.Answer | None
    "Of the provider of SMS; None: there is none."
    sign_in: str | None
    "Why the provider of sign-in cannot be used; empty: it can; None: there is none."
    relay: str
    "Its state, as in `/readyz`."
    relay_problem: str
    packet_loop: str
    "Who forwards its packets, as in `/readyz`."
    turn: Mapping[str, str]
    "URI -> why its server does not answer; empty: it does."
    coturn: str | None
    "Version of the server's own coturn, empty before it ran; None: there is none."
    clock_trusted: bool
    stored_at: datetime | None
    "The newest time that was stored."
    certificate: Certificate | None
    "None: there is none, people come by HTTP."
    backup_at: datetime | None
    scanner: str
    "`ok`, `unreachable` or `off`."
    objects: str
    "The object store of photos and PDFs, likewise."
    audit: Finding


async def measure(app: web.Application) -> Health:
    """Look at everything at once, for a few seconds at most. Raises OSError, sqlite3.Error."""
    try:
        return await _measured(app)
    except ExceptionGroup as failed:  # so that it is answered as any other failure of its kind
        raise failed.exceptions[0] from failed


async def _measured(app: web.Application) -> Health:
    config, read, now = app[CONFIG], app[STORE].read, app[CLOCK].now()
    phones = config.delivery.vonage_application_id
    async with asyncio.TaskGroup() as asking:
        disk = asking.create_task(_disk(app))
        installed = asking.create_task(asyncio.to_thread(program_version))
        backup = asking.create_task(asyncio.to_thread(last_backup, config.data_dir))
        shown = asking.create_task(certificate_of(config.public_url)) if config.secure else None
        said = (
            asking.create_task(sms_provider.ask(config.delivery.vonage_api_url, app[CLOCK]))
            if phones
            else None
        )
        sign_in = asking.create_task(app[PROVIDER].trouble()) if PROVIDER in app else None
        turn = {url: asking.create_task(stun.problem_of(url)) for url in app[TURN].urls}
        scanner = asking.create_task(_scanner(app))
        objects = asking.create_task(_objects(app))
        reach = asking.create_task(app[MAIL_REACH].state())
        written = asking.create_task(app[OUTBOX].written())
        waiting = await read.notices.waiting(now)
        waiting["email"] = waiting.get("email", 0) + await read.account_mails.waiting(now)
        finding = await app[AUDIT_WATCH].check()
        stored_at = await read.clock.seen_at()
    return Health(
        now=now,
        version=installed.result(),
        builds=tuple(dict.fromkeys((app[STATIC].current.digest, app[STATIC].older.digest))),
        front_end=app[STATIC].trouble,
        disk=disk.result(),
        delivery=_deliveries(app, waiting),
        mail_reach=reach.result(),
        outbox=len(written.result()),
        answer=said.result() if said else None,
        sign_in=sign_in.result() if sign_in else None,
        relay=app[RELAY].state,
        relay_problem=app[RELAY].problem,
        packet_loop=app[RELAY].packet_loop,
        turn={url: task.result() for url, task in turn.items()},
        coturn=app[TURN].version,
        clock_trusted=app[TIMEKEEPING].sure,
        stored_at=stored_at,
        certificate=shown.result() if shown else None,
        backup_at=backup.result(),
        scanner=scanner.result(),
        objects=objects.result(),
        audit=finding,
    )


def _deliveries(app: web.Application, waiting: Mapping[Channel, int]) -> dict[Channel, Delivery]:
    """Each channel, with how many notices wait for it."""
    names, hand_overs = provider_names(app[CONFIG].delivery), app[SENDING].hand_overs
    return {
        channel: Delivery(names.get(channel, ""), waiting.get(channel, 0), hand_overs.of(channel))
        for channel in _channels(app[CONFIG])
    }


def _channels(config: Config) -> tuple[Channel, ...]:
    """Mail always; phones where they are set up, or nothing is."""
    names = provider_names(config.delivery)
    return tuple(each for each in ("email", "sms", "whatsapp") if each == "email" or each in names)


async def _scanner(app: web.Application) -> str:
    return await app[SCANNER].state() if SCANNER in app else "off"


async def _objects(app: web.Application) -> str:
    if app[CONFIG].files is None:
        return "off"
    try:
        async with asyncio.timeout(OBJECTS_WITHIN_S):
            await app[STORE].files.reach()
    except (Unavailable, NotFound, TimeoutError):
        return "unreachable"
    return "ok"


async def _disk(app: web.Application) -> Disk:
    database = await app[STORE].database_bytes()
    files = await app[STORE].read.attachments.whole_volume()  # on this disk, or in an object store
    usage = await asyncio.to_thread(shutil.disk_usage, app[CONFIG].data_dir)
    return Disk(usage.free, usage.total, database, files)
