"""Several `python -m web` over one PostgreSQL behind Debian's HAProxy, with `docs/haproxy.cfg` as it is."""

import asyncio
import base64
import os
import random
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http.client import UPGRADE_REQUIRED
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp

from signaling.flows.people.accounts import new_account
from storage.store import Store
from tests.engines.databases import database_url
from tests.forking import Starter
from tests.people import PATIENCE, Person, Refused, Wire, an_id, consultation_of
from tests.serving import PASSWORD, QUICK, Server
from tests.web_process import Running, web_process
from web.clockwork import SystemClock

CONFIGURATION = Path("docs/haproxy.cfg")
BETWEEN_TRIES = 0.1
BACKOFF = 0.5
"Seconds that a page waits at most before its first attempt to connect again."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Site:
    """Where one host is, or HAProxy."""

    address: str
    port: int
    starter: Starter | None = None
    "What its process is forked from; None: this machine's."

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


def here() -> Site:
    """On this machine."""
    return Site("127.0.0.1", free_port())


@dataclass(frozen=True)
class Sites:
    """Where everything is."""

    hosts: list[Site]
    balancer: Site
    database: str = ""
    "The URL by which hosts reach PostgreSQL, if the test reaches it by another one."
    balancing: tuple[str, ...] = ()
    "The command that makes HAProxy run where it is to."
    connect: aiohttp.SocketFactoryType | None = None
    "Makes sockets that reach all of it."


@dataclass
class Fleet:
    """What runs: hosts by number, and the address people use."""

    folder: Path
    store: Store
    "Of the test itself, which is no host."
    settings: dict[str, str]
    sites: Sites
    running: dict[int, Running] = field(default_factory=dict)
    _stacks: dict[int, AsyncExitStack] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.sites.balancer.port}"

    def person(self, number: int | None = None) -> Person:
        """Somebody who goes through HAProxy, or straight to one host."""
        site = self.sites.balancer if number is None else self.sites.hosts[number]
        server = SimpleNamespace(config=SimpleNamespace(port=site.port))
        return Person(cast(Server, server), url=f"http://{site}", connect=self.sites.connect)

    async def start(self, number: int) -> None:
        stack = self._stacks[number] = AsyncExitStack()
        site = self.sites.hosts[number]
        said: dict[str, Any] = self.settings | {
            "TELECONNECT_HOST": site.address,
            "TELECONNECT_HOST_URL": f"http://{site}",
            "TELECONNECT_HOST_NAME": f"host{number + 1}",
        }
        folder = self.folder / f"host{number + 1}"
        process = web_process(folder, site.port, starter=site.starter, **said)
        self.running[number], _ = await stack.enter_async_context(process)

    async def kill(self, number: int) -> None:
        """As `kill -9`."""
        self.running[number].kill()
        await self._gone(number)

    async def stop(self, number: int) -> None:
        """SIGTERM, and wait for its end."""
        self.running[number].send_signal(signal.SIGTERM)
        await self._gone(number)

    async def _gone(self, number: int) -> None:
        await self.running[number].wait()
        await self._stacks.pop(number).aclose()
        del self.running[number]

    async def owner(self, consultation_id: str) -> int | None:
        """The number of the host whose the room is."""
        found = await self.store.read.hosts.owner_of(consultation_id)
        return None if found is None else int(found.name.removeprefix("host")) - 1

    async def close(self) -> None:
        for running in self.running.values():
            running.send_signal(signal.SIGCONT)
        await asyncio.gather(*(stack.aclose() for stack in self._stacks.values()))


@asynccontextmanager
async def fleet(
    folder: Path, sites: Sites | None = None, database: str = "", **settings: str
) -> AsyncIterator[Fleet]:
    """Hosts that serve behind HAProxy, with the account of a scheduler, nurse@example.org.

    Three on this machine, if it is not said where. `database` is one of the test's own.
    """
    sites = sites or Sites([here() for _ in range(3)], here())
    key, url = base64.b64encode(os.urandom(32)).decode(), database or await database_url(folder)
    store = await Store.open(folder / "test", key, database_url=url)
    common = {
        "TELECONNECT_DATABASE_URL": sites.database or url,
        "TELECONNECT_MASTER_KEY": key,
        "TELECONNECT_PUBLIC_URL": f"http://localhost:{sites.balancer.port}",
        "TELECONNECT_RELAY_WORKERS": "0",
        "TELECONNECT_RELAY_PORT": "0",
        "TELECONNECT_COTURN": "no",
    } | settings
    made = Fleet(folder, store, common, sites)
    await _nurse(store)
    balancer = await _balancer(made)
    try:
        await asyncio.gather(*(made.start(number) for number in range(len(sites.hosts))))
        await _is_served(made)
        yield made
    finally:
        await made.close()
        if balancer.returncode is None:
            balancer.terminate()
        await balancer.wait()
        await store.close()


async def _nurse(store: Store) -> None:
    account = new_account(
        email="nurse@example.org",
        name="Nurse Joy",
        role="scheduler",
        password_hash=await QUICK.hash(PASSWORD),
        language="en",
        time_zone="UTC",
        now=SystemClock().now(),
    )
    await store.write(lambda records: records.accounts.add(account))


async def _balancer(made: Fleet) -> asyncio.subprocess.Process:
    sites = made.sites
    hosts = {f"HOST{number}": str(site) for number, site in enumerate(sites.hosts, 1)}
    environment = {"PATH": os.environ["PATH"], "BIND": str(sites.balancer)} | hosts
    return await asyncio.create_subprocess_exec(
        *sites.balancing, "/usr/sbin/haproxy", "-db", "-f", str(CONFIGURATION),
        env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def _is_served(made: Fleet) -> None:
    """Sockets too: HAProxy gives pages to hosts that are not ready, and answers for sockets itself."""
    async with made.person() as somebody, asyncio.timeout(60):
        while True:
            try:
                if (await somebody.get("/socket")).status == UPGRADE_REQUIRED:
                    return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


@dataclass
class Meeting:
    """A session whose room one host owns; both people are connected to that host itself."""

    seat: str
    session: str
    desk: Wire
    amina: Wire
    phone: Person


@asynccontextmanager
async def meeting(hosts: Fleet, number: int) -> AsyncIterator[Meeting]:
    """Such a session of a host that owns what it is the first to be asked about."""
    async with hosts.person(number) as nurse, hosts.person(number) as phone:
        assert (await nurse.sign_in()).status == 303
        seat = await phone.join(await nurse.invite())
        amina = await phone.enter(invite_id=seat)
        session = await consultation_of(amina)
        desk = await nurse.enter(consultation_id=session)
        await desk.command("start_consultation")
        assert await hosts.owner(session) == number
        yield Meeting(seat, session, desk, amina, phone)


async def insist(person: Person, **room: str) -> Wire:
    """Enter, as a page does: again until somebody answers."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await person.enter(**room)  # type: ignore[arg-type]
            except (Refused, ConnectionError, aiohttp.ClientError):
                await asyncio.sleep(BETWEEN_TRIES)


@dataclass
class Talker:
    """Somebody who writes without pause, as a page does: each message until it is acknowledged."""

    person: Person
    room: dict[str, str]
    acknowledged: dict[str, int] = field(default_factory=dict)
    "Message id -> its position."
    heard_at: list[float] = field(default_factory=list)
    "When each was acknowledged."
    written: int = 0
    stopped: bool = False
    pause: float = 0.05

    async def talk(self) -> None:
        while not self.stopped:
            try:
                wire = await self.person.enter(**self.room)  # type: ignore[arg-type]
                await self._write(wire)
            except (ConnectionError, aiohttp.ClientError, Refused, AssertionError, TimeoutError):
                await asyncio.sleep(0.1 + random.random() * BACKOFF)

    async def _write(self, wire: Wire) -> None:
        waiting = ""
        while not self.stopped:
            waiting = waiting or f"{self._name}-{self.written:06}"
            ack = await wire.say(f"text of {waiting}", waiting)
            self.acknowledged[waiting] = ack["position"]
            self.heard_at.append(asyncio.get_running_loop().time())
            self.written += 1
            waiting = ""
            await asyncio.sleep(self.pause)

    @property
    def _name(self) -> str:
        if not hasattr(self, "_named"):
            self._named = an_id("talker")
        return self._named

    def silence(self, since: float) -> float:
        """The longest time without an answer since then."""
        times = [since, *(at for at in self.heard_at if at >= since)]
        return max((b - a for a, b in pairwise(times)), default=float("inf"))
