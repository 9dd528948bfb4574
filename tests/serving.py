"""A whole server in the test's own loop: real application, real SQLite, real sockets."""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from argon2 import PasswordHasher

from signaling.account import Account, AccountRole
from signaling.flows.people.accounts import new_account
from signaling.ports.clock import Clock
from storage.records.audit import BEGIN, AuditLine
from storage.store import Store
from tests.engines import databases
from tests.engines.beginning import begin
from tests.relay_process import ForkedWorker
from web.access.passwords import Passwords
from web.app import create_app
from web.config import Config, load
from web.connections.http_server import start_server
from web.keys import CLOCK, PASSWORDS, RELAY, STORE

PASSWORD = "correct horse battery staple"
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"Argon2id at its cheapest: at its proper cost it would take most of the tests' time."


@dataclass(frozen=True)
class Server:
    """A server that is listening."""

    app: web.Application
    url: str
    config: Config

    async def account(
        self,
        email: str = "nurse@example.org",
        name: str = "Nurse Joy",
        role: AccountRole = "scheduler",
    ) -> Account:
        """Make an account that signs in with PASSWORD."""
        account = new_account(
            email=email,
            name=name,
            role=role,
            password_hash=await self.app[PASSWORDS].hash(PASSWORD),
            language="en",
            time_zone="UTC",
            now=self.app[CLOCK].now(),
        )
        await self.app[STORE].write(lambda records: records.accounts.add(account))
        return account


async def audit_lines(store: Store) -> list[AuditLine]:
    """The audit log but for the line that begins it, oldest first."""
    return [line for line in await store.read.audit.after(0, 10_000) if line.action != BEGIN]


ended: set[str] = set()
"The addresses of servers that have stopped: a page that still asks one of them cannot be answered."


@contextlib.asynccontextmanager
async def serving(
    data_dir: Path,
    clock: Clock | None = None,
    *,
    steady: Clock | None = None,
    relay: bool = False,
    afresh: bool = False,
    also: Callable[[web.Application], None] | None = None,
    **settings: str,
) -> AsyncIterator[Server]:
    """Serve on a free port of localhost; `settings` are environment variables, `also` adds to the
    application before it starts.

    A `clock` is also that of waits, unless they have a `steady` one of their own.
    `relay` adds one on a free port. Its process is forked, or started `afresh` as operators have it.
    """
    database_url = await databases.database_url(data_dir)
    if "TELECONNECT_MASTER_KEY" not in settings and not database_url:
        await begin(data_dir)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    ended.discard(f"http://localhost:{port}")
    environment = {
        "TELECONNECT_DATA_DIR": str(data_dir),
        "TELECONNECT_DATABASE_URL": database_url,
        "TELECONNECT_RELAY_WORKERS": "1" if relay else "0",
        "TELECONNECT_RELAY_PORT": "0",
        "TELECONNECT_COTURN": "no",
        **settings,
    }
    config = load(environment, port=port)
    app = await create_app(config, clock, QUICK, steady)
    if also is not None:
        also(app)
    workers = app[RELAY].relay
    if workers is not None and not afresh:
        workers.worker_process = ForkedWorker
    runner = await start_server(app, [listener], shutdown_timeout=1)
    starting = app[RELAY].starting
    assert starting is not None
    await starting
    watch = app[RELAY].watch
    if watch is not None and watch.trying is not None:
        await watch.trying
    try:
        yield Server(app, str(config.public_url), config)
    finally:
        ended.add(str(config.public_url.origin()))
        await runner.cleanup()


def moment(text: str) -> datetime:
    """A UTC moment from "2026-12-07 14:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
