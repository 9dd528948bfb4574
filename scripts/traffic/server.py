"""A server in a process of its own, its initial data, and sockets to it.

What is measured is the server as operators run it (`python -m web`); only its first data are put
there directly, through the store.
"""

import asyncio
import contextlib
import json
import re
import resource
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp

from scripts.traffic.processes import cpu_seconds, resident_bytes
from signaling.account import Account
from signaling.consultation import Consultation, ConsultationState
from signaling.flows.people.accounts import new_account
from signaling.identifier import new_id
from signaling.invite import Invite, Person
from signaling.token import new_token, token_digest
from signaling.wire.messages import PROTOCOL_VERSION
from storage.store import Records, Store
from web.access.passwords import Passwords
from web.routes import path

COOKIE = "teleconnect"
"The name of the web session's cookie where there is no TLS."
PASSWORD = "correct horse battery staple"
START_WITHIN = 60.0
PATIENCE = 30.0
"Seconds for a socket of a server that is unavailable for a moment."


class Refused(RuntimeError):
    """The server refused a socket; the code of its error."""


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """On the disk of temporary files, so that all figures of a run come from one disk."""
    with tempfile.TemporaryDirectory(prefix="teleconnect-bench-") as folder:
        yield Path(folder)


@dataclass(frozen=True)
class Place:
    """One consultation with its two people, and the cookies by which they are known."""

    consultation_id: str
    invite_id: str
    invite_token: str
    service_user_cookie: str
    scheduler_id: str
    scheduler_cookie: str


async def furnish(
    data_dir: Path,
    count: int,
    *,
    state: ConsultationState = "active",
    languages: Sequence[str] = ("en",),
    seated: bool = True,
    database_url: str = "",
    master_key: str | None = None,
) -> list[Place]:
    """Make `count` consultations, each of a scheduler of its own, with a seat taken in each."""
    store = await Store.open(data_dir, master_key, database_url=database_url)
    now = datetime.now(UTC)
    password_hash = await Passwords().hash(PASSWORD)

    async def one(records: Records, number: int) -> Place:
        language = languages[number % len(languages)]
        scheduler = new_account(
            email=f"scheduler{number}@example.org",
            name=f"Scheduler {number}",
            role="scheduler",
            password_hash=password_hash,
            language="en",
            time_zone="UTC",
            now=now,
        )
        await records.accounts.add(scheduler)
        scheduler_cookie = await _web_session(records, {"account_id": scheduler.id}, now)
        consultation = Consultation(
            id=new_id(),
            scheduler_id=scheduler.id,
            kind="remote",
            state=state,
            created_at=now,
            started_at=now if state == "active" else None,
        )
        await records.consultations.add(consultation)
        invite_id = new_id()
        token = await records.invites.token(consultation.id, invite_id)
        person = Person("Amina", f"Number {number}", "none", "", language)
        invite = Invite(
            invite_id, consultation.id, "service_user", person, token_digest(token), now
        )
        cookie = ""
        if seated:
            invite = invite.redeem(now)
            cookie = await _web_session(records, {"seated": True}, now)
        await records.invites.add(invite)
        if seated:
            await records.invites.take_seat(invite_id, token_digest(cookie), now)
        return Place(consultation.id, invite_id, token, cookie, scheduler.id, scheduler_cookie)

    try:
        places: list[Place] = []
        while len(places) < count:
            first = len(places)

            async def some(records: Records, first: int = first) -> list[Place]:
                return [
                    await one(records, number) for number in range(first, min(first + 100, count))
                ]

            places += await store.write(some)
        return places
    finally:
        await store.close()


async def add_scheduler(store: Store, email: str = "nurse@example.org") -> Account:
    """Add a scheduler for consultations written directly; an account may send 300 invites an hour."""
    scheduler = new_account(
        email=email,
        name="Nurse Joy",
        role="scheduler",
        password_hash=None,
        language="en",
        time_zone="UTC",
        now=datetime.now(UTC),
    )
    await store.write(lambda records: records.accounts.add(scheduler))
    return scheduler


async def _web_session(records: Records, data: dict[str, object], now: datetime) -> str:
    token = new_token()
    account_id = data.get("account_id")
    await records.web_sessions.save(
        token_digest(token),
        account_id if isinstance(account_id, str) else None,
        json.dumps(data),
        now,
        now + timedelta(hours=12),
    )
    return token


@dataclass(frozen=True)
class Server:
    url: str
    process: asyncio.subprocess.Process

    def memory_bytes(self) -> int:
        """Resident memory of the process (VmRSS of Linux)."""
        return resident_bytes(self.process.pid)

    def cpu_seconds(self) -> float:
        """Processor time that the process has used so far (Linux)."""
        return cpu_seconds(self.process.pid)

    async def settled_memory_bytes(self) -> int:
        """Resident memory once it has not moved by 64 KiB for two seconds."""
        before = self.memory_bytes()
        for _ in range(15):
            await asyncio.sleep(2)
            after = self.memory_bytes()
            if abs(after - before) < 64 * 1024:
                return after
            before = after
        return before


@contextlib.asynccontextmanager
async def serving(
    data_dir: Path, *, descriptors: int | None = None, **settings: str
) -> AsyncIterator[Server]:
    """`python -m web` on a free port; its log goes to the file `server.log` beside the data.

    `descriptors` limits its open files (RLIMIT_NOFILE).
    """
    log = data_dir.parent / "server.log"
    with log.open("wb") as opened:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "web",
            cwd=Path(__file__).parents[2],
            env={
                "PORT": "0",
                "TELECONNECT_HOST": "127.0.0.1",
                "TELECONNECT_DATA_DIR": str(data_dir),
                **settings,
            },
            preexec_fn=None if descriptors is None else partial(_limit_descriptors, descriptors),
            stdout=asyncio.subprocess.PIPE,
            stderr=opened,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_WITHIN):
            line = (await process.stdout.readline()).decode()
        found = re.search(r"http://\S+", line)
        if found is None:
            raise RuntimeError(f"The server did not start: {log.read_text()[-2000:]}")
        yield Server(found[0], process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


def _limit_descriptors(most: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.asynccontextmanager
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that sends only the cookies it is given and opens any number of sockets."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


async def connect(
    session: aiohttp.ClientSession, server: Server, place: Place, *, scheduler: bool
) -> aiohttp.ClientWebSocketResponse:
    """Open a socket to a room and take everything up to the snapshot."""
    cookie = place.scheduler_cookie if scheduler else place.service_user_cookie
    socket = await session.ws_connect(
        server.url + path("socket"), headers={"Cookie": f"{COOKIE}={cookie}"}, compress=0
    )
    hello = {
        "type": "hello",
        "version": PROTOCOL_VERSION,
        "stream": "room",
        "peer_id": secrets.token_urlsafe(12),
        "consultation_id": place.consultation_id,
    }
    if not scheduler:
        hello["invite_id"] = place.invite_id
    await socket.send_str(json.dumps(hello))
    async with asyncio.timeout(30):
        while True:
            message = json.loads(await socket.receive_str())
            if message["type"] == "error":
                await socket.close()
                raise Refused(message["code"])
            if message["type"] == "snapshot":
                return socket


async def connect_all(
    session: aiohttp.ClientSession, server: Server, places: Sequence[Place], *, scheduler: bool
) -> list[aiohttp.ClientWebSocketResponse]:
    """Open one socket for each place, some at a time; as pages do, again where a host asks for it."""
    gate = asyncio.Semaphore(32)

    async def one(place: Place) -> aiohttp.ClientWebSocketResponse:
        async with gate, asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await connect(session, server, place, scheduler=scheduler)
                except Refused as refused:
                    if str(refused) != "unavailable":
                        raise
                await asyncio.sleep(0.5)

    return list(await asyncio.gather(*(one(place) for place in places)))
