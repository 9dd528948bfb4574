"""Creating an invite, with 100,000 past consultations in the database.

From the call of the flow to its durable result (session, key, invite, sealed words of the mail), one
after the other; without HTTP and without sending. The past is written directly, with rows of the
usual sizes whose sealed parts are random bytes.
"""

import asyncio
import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.benchmarks._figures import lines, percentile
from scripts.traffic.server import add_scheduler, temporary_folder
from signaling.flows.invites.inviting import Inviting, Plan
from signaling.identifier import new_id
from signaling.invite import Person
from storage.engine.master_key import DATABASE_NAME
from storage.store import Store
from web.app import create_app
from web.config import load
from web.keys import INVITING, STORE

PAST = 100_000
INVITES = 1000


def write_past(database: Path, scheduler_id: str, count: int) -> None:
    """Closed consultations, each with key, invite, two lines of chat, notice and its attempt."""
    now = time.time_ns() // 1_000_000
    ids = [secrets.token_urlsafe(12) for _ in range(count)]

    def rows(*columns: Any) -> Iterator[tuple[Any, ...]]:
        for number, identifier in enumerate(ids):
            yield tuple(
                column(number, identifier) if callable(column) else column for column in columns
            )

    def at(number: int, _: str) -> int:
        return now - number * 800

    def own(prefix: str) -> Any:
        return lambda number, identifier: prefix + identifier

    def same(number: int, identifier: str) -> str:
        return identifier

    def sealed(size: int) -> Any:
        return lambda number, identifier: os.urandom(size)

    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO consultation (id, scheduler_id, kind, state, created_at, time_zone,"
            " started_at, closed_at) VALUES (?, ?, 'remote', 'closed', ?, 'UTC', ?, ?)",
            rows(same, scheduler_id, at, at, at),
        )
        connection.executemany(
            "INSERT INTO vault_key (consultation_id, wrapped) VALUES (?, ?)",
            rows(same, sealed(60)),
        )
        connection.executemany(
            "INSERT INTO invite (id, consultation_id, role, state, token_digest, person,"
            " created_at, joined_at) VALUES (?, ?, 'service_user', 'expired', ?, ?, ?, ?)",
            rows(own("i"), same, sealed(32), sealed(180), at, at),
        )
        for position in (1, 2):
            connection.executemany(
                "INSERT INTO chat_message (consultation_id, position, id, participant_id, kind,"
                f" text, sent_at) VALUES (?, {position}, ?, ?, 'text', ?, ?)",
                rows(same, own(f"m{position}"), own("i"), sealed(120), at),
            )
        connection.executemany(
            "INSERT INTO notice (id, consultation_id, invite_id, occasion, dedupe_key, envelope,"
            " created_at, due_at, state) VALUES (?, ?, ?, 'invitation', ?, ?, ?, ?, 'handed_over')",
            rows(own("n"), same, own("i"), own("d"), sealed(2500), at, at),
        )
        connection.executemany(
            "INSERT INTO delivery_attempt (id, notice_id, number, channel, state, tries, reason,"
            " code) VALUES (?, ?, 0, 'email', 'sent', 1, '', '')",
            rows(own("a"), own("n")),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.asynccontextmanager
async def assembled(data_dir: Path) -> AsyncIterator[tuple[Store, Inviting]]:
    """Store and flow as the server assembles them, without anything running."""
    app = await create_app(load({"TELECONNECT_DATA_DIR": str(data_dir)}, port=8080))
    try:
        yield app[STORE], app[INVITING]
    finally:
        await app[STORE].close()


def plan(number: int, planned_at: datetime | None = None) -> Plan:
    person = Person("Amina", f"Number {number}", "email", f"amina{number}@example.org", "en")
    return Plan("remote", (("service_user", person),), planned_at)


async def _create(data_dir: Path) -> dict[str, float]:
    async with assembled(data_dir) as (store, inviting):
        schedulers = [await add_scheduler(store, f"{new_id()}@example.org") for _ in range(5)]
        for number in range(20):
            await inviting.invite(schedulers[0], plan(number))
        took = []
        for number in range(INVITES):
            started = time.perf_counter()
            await inviting.invite(schedulers[number % len(schedulers)], plan(number))
            took.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": percentile(took, 0.5), "p99_ms": percentile(took, 0.99)}


async def _prepare(data_dir: Path) -> str:
    store = await Store.open(data_dir, None)
    try:
        return (await add_scheduler(store)).id
    finally:
        await store.close()


def run() -> dict[str, Any]:
    with temporary_folder() as folder:
        data_dir = folder / "data"
        scheduler_id = asyncio.run(_prepare(data_dir))
        empty = asyncio.run(_create(data_dir))
        write_past(data_dir / DATABASE_NAME, scheduler_id, PAST)
        size = (data_dir / DATABASE_NAME).stat().st_size
        full = asyncio.run(_create(data_dir))
    return {
        "past_consultations": PAST,
        "database_bytes": size,
        "invites": INVITES,
        "p50_ms": full["p50_ms"],
        "p99_ms": full["p99_ms"],
        "empty_p50_ms": empty["p50_ms"],
        "empty_p99_ms": empty["p99_ms"],
    }


def table(result: dict[str, Any]) -> str:
    past = f"{result['past_consultations']:,} past consultations"
    return lines(
        [
            [f"{result['invites']:,} invites", "p50 ms", "p99 ms"],
            [
                f"{past}, {result['database_bytes'] / 1e6:,.0f} MB (p99 at most 50)",
                result["p50_ms"],
                result["p99_ms"],
            ],
            ["empty database", result["empty_p50_ms"], result["empty_p99_ms"]],
        ]
    )
