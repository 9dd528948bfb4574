"""A host without workers, and relay-only hosts beside it that can be killed."""

import base64
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from media.relay.host_links import RelayElsewhere
from tests.engines.databases import database_url
from tests.media.support import until
from tests.web.calling import StartedSession, started_session
from tests.web_hosts import free_port
from tests.web_process import Running, web_process
from web.keys import RELAY


@dataclass
class RelayHosts:
    """What runs, by name."""

    folder: Path
    key: str
    url: str
    "Of the database."
    running: dict[str, Running] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    stacks: dict[str, AsyncExitStack] = field(default_factory=dict)

    async def start(self, name: str, **settings: str) -> None:
        port = self.ports[name] = free_port()
        said = {
            "TELECONNECT_HOST_ROLE": "relay",
            "TELECONNECT_HOST_NAME": name,
            "TELECONNECT_DATABASE_URL": self.url,
            "TELECONNECT_MASTER_KEY": self.key,
            "TELECONNECT_RELAY_PORT": "0",
            "TELECONNECT_RELAY_ADDRESS": "127.0.0.1",
        }
        stack = self.stacks[name] = AsyncExitStack()
        process = web_process(self.folder / name, port, **said | settings)
        self.running[name], printed = await stack.enter_async_context(process)
        assert printed == (
            f"TeleConnect relays calls for the hosts that reach it at https://127.0.0.1:{port}\n"
        )

    async def ask(self, name: str, path: str) -> aiohttp.ClientResponse:
        """As somebody who is no host."""
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        url = f"https://127.0.0.1:{self.ports[name]}{path}"
        async with aiohttp.ClientSession() as http, http.get(url, ssl=anybody) as answer:
            await answer.read()
            return answer

    async def end(self, name: str, number: int) -> None:
        """Send a signal, and wait for its end."""
        self.running[name].send_signal(number)
        await self.running[name].wait()
        await self.stacks.pop(name).aclose()

    async def close(self) -> None:
        for stack in self.stacks.values():
            await stack.aclose()


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
    hosts = RelayHosts(folder, key, await database_url(web))
    opened = started_session(web, "lee", "kim", relay=False, TELECONNECT_MASTER_KEY=key, **settings)
    try:
        async with opened as session:
            for name in names:
                await hosts.start(name)
            await until(lambda: len(links(session)._links) == len(names), "all are connected")
            yield session, hosts
    finally:
        await hosts.close()
