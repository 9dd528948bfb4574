"""Several hosts in one process, over one PostgreSQL database of their own."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signaling.ports.clock import Clock
from tests.engines.databases import database_url
from tests.people import PATIENCE
from tests.serving import Server, serving
from web.hosts.membership import Membership
from web.hosts.starting import MEMBERSHIP


@dataclass(frozen=True)
class Shared:
    """What the hosts of a test have in common."""

    folder: Path
    settings: dict[str, str]

    @asynccontextmanager
    async def host(
        self, name: str, clock: Clock | None = None, **settings: str
    ) -> AsyncIterator[Server]:
        """One of them, with a data folder of its own."""
        said: dict[str, Any] = self.settings | {"TELECONNECT_HOST_NAME": name} | settings
        async with serving(self.folder / name, clock, **said) as server:
            yield server


async def shared(folder: Path) -> Shared:
    key = base64.b64encode(os.urandom(32)).decode()
    return Shared(
        folder,
        {
            "TELECONNECT_DATABASE_URL": await database_url(folder),
            "TELECONNECT_MASTER_KEY": key,
        },
    )


@asynccontextmanager
async def hosts(folder: Path, count: int) -> AsyncIterator[list[Server]]:
    """So many hosts that know of each other; the first has an account, nurse@example.org."""
    common = await shared(folder)
    async with AsyncExitStack() as running:
        servers = [
            await running.enter_async_context(common.host(f"host-{number}"))
            for number in range(1, count + 1)
        ]
        await servers[0].account()
        await soon(lambda: all(len(member(server).hosts) == count for server in servers))
        yield servers


async def soon(true: Callable[[], bool]) -> None:
    """Waits until it is."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def until_alone(server: Server) -> None:
    """Where hosts share the database: until those are ended that were killed."""
    if MEMBERSHIP in server.app:
        await soon(lambda: len(member(server).hosts) == 1)


def member(server: Server) -> Membership:
    return server.app[MEMBERSHIP]
