"""A host without workers, and relay-only hosts beside it that can be killed."""

import asyncio
import base64
import itertools
import os
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from media.relay.host_links import RelayElsewhere
from storage import relay_user
from storage.store import Records, Store
from tests.engines import postgresql as cluster
from tests.engines.databases import database_url
from tests.media.support import until
from tests.web.calling import StartedSession, started_session
from tests.web_hosts import free_port
from tests.web_process import Running, web_process
from web.hosts.certificates import relay_key
from web.keys import RELAY, STORE

USER = "relay"
"Of PostgreSQL, for relay-only hosts."
DOCUMENT = Path("docs/several-hosts.md")


@dataclass
class RelayHosts:
    """What runs, by name."""

    folder: Path
    store: Store
    url: str
    "Of the database, for hosts with pages."
    running: dict[str, Running] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    stacks: dict[str, AsyncExitStack] = field(default_factory=dict)

    async def start(self, name: str, **settings: str) -> None:
        port = self.ports[name] = free_port()
        key, url = await admitted(self.store, self.url)
        said = documented(port) | {
            "TELECONNECT_HOST_NAME": name,
            "TELECONNECT_DATABASE_URL": url,
            "TELECONNECT_RELAY_KEY": base64.b64encode(key).decode(),
            "TELECONNECT_RELAY_PORT": "0",
            "TELECONNECT_RELAY_WORKERS": "1",
        }
        stack = self.stacks[name] = AsyncExitStack()
        process = web_process(self.folder / name, port, **said | settings)
        self.running[name], printed = await stack.enter_async_context(process)
        assert printed == (
            f"TeleConnect relays calls for the hosts that reach it at https://127.0.0.1:{port}\n"
        )

    async def ask(self, name: str, path: str) -> tuple[int, str]:
        """Status and text, as somebody asks who is no host."""
        url = f"https://127.0.0.1:{self.ports[name]}{path}"
        async with aiohttp.ClientSession() as http, http.get(url, ssl=anybody()) as answer:
            return answer.status, await answer.text()

    async def figure(self, name: str, metric: str) -> float:
        """The sum over its workers."""
        _, text = await self.ask(name, "/metrics")
        return sum(map(float, re.findall(rf"^{metric}{{.*}} (\S+)$", text, re.MULTILINE)))

    async def until_figure(self, name: str, metric: str, wanted: float) -> None:
        async with asyncio.timeout(30):
            while await self.figure(name, metric) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    def worker(self, name: str) -> int:
        """The process id of its worker."""
        process_id = self.running[name].pid
        (found,) = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
        return int(found)

    async def end(self, name: str, number: int) -> None:
        """Send a signal, and wait for its end."""
        self.running[name].send_signal(number)
        await self.running.pop(name).wait()
        await self.stacks.pop(name).aclose()

    async def close(self) -> None:
        for stack in self.stacks.values():
            await stack.aclose()


async def admitted(store: Store, url: str) -> tuple[bytes, str]:
    """The key of relay-only hosts, and the URL by which they use the database: as a user of their own."""
    await store.write(_make_user)
    await relay_user.admit(url, USER)
    key = await store.write(lambda records: records.hosts.key())
    return relay_key(key), url.replace(f"//{cluster.USER}@", f"//{USER}@")


async def _make_user(records: Records) -> None:
    await records.hosts._executor.rows(
        f"DO $$ BEGIN CREATE ROLE {USER} LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    )


def documented(port: int) -> dict[str, str]:
    """The settings of a relay-only host as the document has them, on this machine."""
    text = DOCUMENT.read_text(encoding="utf-8")
    text = text[text.index("    TELECONNECT_HOST_ROLE=relay") :]
    for there, here in (("10.0.0.8:8080", f"127.0.0.1:{port}"), ("10.0.0.8", "127.0.0.1"),
                        ("198.51.100.8", "127.0.0.1")):  # fmt: skip
        text = text.replace(there, here)
    lines = itertools.takewhile(str.strip, text.splitlines())
    return dict(line.strip().split("=", 1) for line in lines)


def anybody() -> ssl.SSLContext:
    """For somebody who is no host, and looks at no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def place_of(hosts: RelayHosts) -> str:
    """The host that has the call."""
    async with asyncio.timeout(30):
        while True:
            for name in hosts.running:
                if await hosts.figure(name, "teleconnect_relay_participants"):
                    return name
            await asyncio.sleep(0.1)


def links(session: StartedSession) -> RelayElsewhere:
    """The way of the session's host to relay-only hosts."""
    found = session.server.app[RELAY].elsewhere
    assert found is not None
    return found


@asynccontextmanager
async def session_over(
    folder: Path, *names: str, **settings: str
) -> AsyncIterator[tuple[StartedSession, RelayHosts]]:
    """A session with a nurse, Amina, Lee and Kim at a host without workers, beside relay-only hosts."""
    web = folder / "web"
    key = base64.b64encode(os.urandom(32)).decode()
    started = started_session(
        web, "lee", "kim", relay=False, TELECONNECT_MASTER_KEY=key, **settings
    )
    # they end after the session, for whose calls they would wait
    async with AsyncExitStack() as ended, started as session:
        hosts = RelayHosts(folder, session.server.app[STORE], await database_url(web))
        ended.push_async_callback(hosts.close)
        for name in names:
            await hosts.start(name)
        await until(lambda: len(links(session)._links) == len(names), "all are connected")
        yield session, hosts


@asynccontextmanager
async def relay_host(folder: Path) -> AsyncIterator[tuple[RelayHosts, bytes]]:
    """A relay-only host called `relay`, alone, and what hosts of its database know each other by."""
    key, url = base64.b64encode(os.urandom(32)).decode(), await database_url(folder)
    store = await Store.open(folder / "test", key, database_url=url)
    hosts = RelayHosts(folder, store, url)
    try:
        shared, _ = await admitted(store, url)
        await hosts.start("relay")
        async with asyncio.timeout(30):
            while (await hosts.ask("relay", "/readyz"))[0] != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        yield hosts, shared
    finally:
        await hosts.close()
        await store.close()
