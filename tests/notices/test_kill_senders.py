"""Three senders over one queue, killed at random while 1,000 mails go out: each arrives, and the
exceptions are counted as `test_kill_notices.py` counts them for one.
"""

import asyncio
import base64
import os
import random
import signal
from pathlib import Path

import asyncpg
import pytest

from signaling.invite import Person
from tests.engines.postgresql import cluster
from tests.notices.test_kill_notices import (
    KILLS,
    NOTICES,
    PATIENCE_S,
    Log,
    _environment,
    _outside,
    _queue,
    _started,
    check_mails,
)

SENDERS = 3
SMTP_DELAY_S = 0.8
"So slow that mails go out during all of the kills."
PAUSE_S = (0.1, 1.5)
"Least and most seconds between two kills."


async def _database(url: str) -> None:
    connection = await asyncpg.connect(url.replace("/teleconnect?", "/postgres?"))
    await connection.execute("CREATE DATABASE teleconnect TEMPLATE template0")
    await connection.close()


class Senders:
    """So many servers over one database; one that was killed is started again."""

    def __init__(self, environments: list[dict[str, str]]) -> None:
        self._environments = environments
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        self._running = list(await asyncio.gather(*map(_started, self._environments)))

    async def kill_again_and_again(self, log: Log) -> tuple[int, int]:
        """(kills while mails went out, mails by the last kill)."""
        chance = random.Random(20261129)
        while_sending = before = 0
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(*PAUSE_S))
            which = chance.randrange(len(self._running))
            self._running[which].send_signal(signal.SIGKILL)
            await self._running[which].wait()
            while_sending += len(log.lines()) > before
            before = len(log.lines())
            self._running[which] = await _started(self._environments[which])
        return while_sending, before

    async def stop(self) -> None:
        for each in self._running:
            each.send_signal(signal.SIGTERM)
        for each in self._running:
            await each.wait()


@pytest.mark.soak
async def test_three_senders_killed_at_random_reach_everybody(tmp_path: Path) -> None:
    log = Log(tmp_path / "mails")
    log.path.touch()
    with cluster() as postgresql:
        shared = {
            "TELECONNECT_DATABASE_URL": postgresql.url("teleconnect"),
            "TELECONNECT_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
        }
        await _database(shared["TELECONNECT_DATABASE_URL"])
        async with _outside("smtp_process", str(log.path), str(SMTP_DELAY_S)) as port:
            url = f"smtp://localhost:{port.strip()}?starttls=never"
            await _queue(
                tmp_path / "first",
                lambda number: Person(f"P{number}", "", "email", f"p{number}@a.example", "en"),
                **shared,
            )
            senders = Senders(
                [
                    _environment(tmp_path / f"sender-{number}", TELECONNECT_SMTP_URL=url, **shared)
                    for number in range(SENDERS)
                ]
            )
            await senders.start()
            while_sending, halfway = await senders.kill_again_and_again(log)
            async with asyncio.timeout(PATIENCE_S):
                while len({recipient for recipient, _ in log.lines()}) < NOTICES:  # noqa: ASYNC110
                    await asyncio.sleep(0.5)  # another process writes the log
            await asyncio.sleep(35)  # what a killed sender had in hand is due again after 30 s
            await senders.stop()

    print(
        f"\n{SENDERS} senders, {KILLS} kills, {while_sending} of them while mails went out; "
        f"{halfway} mails by the last kill;"
    )
    check_mails(log, while_sending)
