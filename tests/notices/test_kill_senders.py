"""Three senders over one queue, killed at random while 1,000 mails go out: each arrives, and a second
copy only of what a killed sender had in hand, as the database says it.
"""

import asyncio
import base64
import os
import random
import signal
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from signaling.flows.notices.sending import IN_HAND
from signaling.invite import Person
from tests.engines.postgresql import cluster
from tests.notices.test_kill_notices import (
    KILLS,
    PATIENCE_S,
    Log,
    _environment,
    _outside,
    _queue,
    _started,
    check_reached,
)

SENDERS = 3
SMTP_DELAY_S = 2.4
"So slow that mails go out during all of the kills."
PAUSE_S = (0.1, 1.5)
"Least and most seconds between two kills."
ENDED = "another host has ended this one"
"What a sender logs that has lost its lease and lives."


async def _database(url: str) -> None:
    connection = await asyncpg.connect(url.replace("/teleconnect?", "/postgres?"))
    await connection.execute("CREATE DATABASE teleconnect TEMPLATE template0")
    await connection.close()


class Queue:
    """The table of notices, as any program may read it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def in_hand(self, sender: str) -> list[str]:
        """The ids of the notices that a sender has claimed and not settled."""
        rows = await self._connection.fetch(
            "SELECT id FROM notice WHERE claimed_by IN (SELECT id FROM host WHERE name = $1)",
            sender,
        )
        return [row["id"] for row in rows]

    async def pending(self) -> int:
        count: int = await self._connection.fetchval(
            "SELECT COUNT(*) FROM notice WHERE state = 'pending'"
        )
        return count


class Senders:
    """So many servers over one database; one that was killed is started again."""

    def __init__(self, folder: Path, queue: Queue, **settings: str) -> None:
        self._queue = queue
        self._logs = [folder / f"sender-{number}.log" for number in range(SENDERS)]
        self._environments = [
            _environment(folder / log.stem, TELECONNECT_HOST_NAME=log.stem, **settings)
            for log in self._logs
        ]
        self._running: list[asyncio.subprocess.Process] = []

    async def _start(self, which: int) -> asyncio.subprocess.Process:
        return await _started(self._environments[which], self._logs[which])

    async def start(self) -> None:
        self._running = list(await asyncio.gather(*map(self._start, range(SENDERS))))

    async def kill_again_and_again(self) -> list[list[str]]:
        """For each kill, the ids of the notices that the killed sender had in hand."""
        chance = random.Random(20261129)
        had = []
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(*PAUSE_S))
            which = chance.randrange(SENDERS)
            self._running[which].send_signal(signal.SIGKILL)
            await self._running[which].wait()
            # before the others end the host: its lease is over two seconds later
            had.append(await self._queue.in_hand(self._logs[which].stem))
            self._running[which] = await self._start(which)
        return had

    async def stop(self) -> None:
        for each in self._running:
            each.send_signal(signal.SIGTERM)
        for each in self._running:
            await each.wait()

    def ended(self) -> int:
        """How often one was ended by another while it lived."""
        return sum(log.read_text().count(ENDED) for log in self._logs)


@pytest.mark.soak
async def test_three_senders_killed_at_random_reach_everybody(tmp_path: Path) -> None:
    log = Log(tmp_path / "mails")
    log.path.touch()
    async with AsyncExitStack() as over:
        postgresql = over.enter_context(cluster())
        shared = {
            "TELECONNECT_DATABASE_URL": postgresql.url("teleconnect"),
            "TELECONNECT_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
        }
        await _database(shared["TELECONNECT_DATABASE_URL"])
        port = await over.enter_async_context(
            _outside("smtp_process", str(log.path), str(SMTP_DELAY_S))
        )
        await _queue(
            tmp_path / "first",
            lambda number: Person(f"P{number}", "", "email", f"p{number}@a.example", "en"),
            **shared,
        )
        connection = await asyncpg.connect(shared["TELECONNECT_DATABASE_URL"])
        over.push_async_callback(connection.close)
        queue = Queue(connection)
        url = f"smtp://localhost:{port.strip()}?starttls=never"
        senders = Senders(tmp_path, queue, TELECONNECT_SMTP_URL=url, **shared)
        await senders.start()
        had = await senders.kill_again_and_again()
        halfway = len(log.lines())
        async with asyncio.timeout(PATIENCE_S):
            while await queue.pending():  # noqa: ASYNC110
                await asyncio.sleep(0.5)  # other processes write it
        await senders.stop()

    doubtful = Counter(notice_id for notices in had for notice_id in notices)
    print(
        f"\n{SENDERS} senders, {KILLS} kills, {sum(map(bool, had))} of them with notices in hand "
        f"({doubtful.total()} in all, at most {max(map(len, had))}); {halfway} mails by the last "
        f"kill; hosts that were ended and lived: {senders.ended()};"
    )
    # one more for each kill of a sender that had it in hand, and none for any other reason
    surplus = {
        message_id: count - 1 - doubtful[message_id.strip("<>").partition("@")[0]]
        for message_id, count in check_reached(log).items()
    }
    assert {each: count for each, count in surplus.items() if count > 0} == {}
    assert max(map(len, had)) <= IN_HAND["email"]
