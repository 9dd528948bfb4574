"""A hundred times kill -9 while 1,000 notices go out: each arrives, and the exception is counted.

The exception, as docs/delivery.md states it: a mail that the mail server has taken, whose answer
the killed server never heard, leaves once more with the same Message-ID.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from signaling.flows.inviting import Plan
from signaling.invite import Person
from tests.serving import serving
from web.keys import INVITING

NOTICES = 1000
KILLS = int(os.environ.get("KILLS", "100"))
SMTP_DELAY_S = 0.08
PATIENCE_S = 240.0


async def _queue(data_dir: Path) -> None:
    async with serving(data_dir) as server:
        nurse = await server.account()
        for number in range(NOTICES):
            person = Person(f"P{number}", "", "email", f"p{number}@example.org", "en")
            await server.app[INVITING].invite(nurse, Plan("remote", (("service_user", person),)))


async def _started(environment: dict[str, str]) -> asyncio.subprocess.Process:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web", env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert running.stdout is not None
    assert b"TeleConnect" in await running.stdout.readline()
    return running


@pytest.mark.soak
async def test_killed_a_hundred_times_every_notice_arrives(tmp_path: Path) -> None:
    await _queue(tmp_path / "data")
    log = tmp_path / "mails"
    log.touch()
    smtp = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.delivering.smtp_process", str(log), str(SMTP_DELAY_S),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert smtp.stdout is not None
    port = int(await smtp.stdout.readline())
    environment = {
        **os.environ,
        "PORT": "0",
        "TELECONNECT_HOST": "127.0.0.1",
        "TELECONNECT_RELAY_WORKERS": "0",
        "TELECONNECT_DATA_DIR": str(tmp_path / "data"),
        "TELECONNECT_SMTP_URL": f"smtp://localhost:{port}?starttls=never",
    }
    chance = random.Random(20261122)

    def arrived() -> list[tuple[str, str]]:
        lines = log.read_text().splitlines()
        return [(line.split()[0], line.split()[1]) for line in lines]

    kills_while_sending = 0
    try:
        for _ in range(KILLS):
            running = await _started(environment)
            before = len(arrived())
            await asyncio.sleep(chance.uniform(0, 0.6))
            running.send_signal(signal.SIGKILL)
            await running.wait()
            kills_while_sending += len(arrived()) > before
        halfway = len(arrived())
        running = await _started(environment)
        async with asyncio.timeout(PATIENCE_S):
            while len({recipient for recipient, _ in arrived()}) < NOTICES:  # noqa: ASYNC110
                await asyncio.sleep(0.5)  # another process writes the log
        await asyncio.sleep(3)  # whatever would come too much
        running.send_signal(signal.SIGTERM)
        await running.wait()
    finally:
        smtp.kill()
        await smtp.wait()

    mails = arrived()
    ids: dict[str, set[str]] = {}
    for recipient, message_id in mails:
        ids.setdefault(recipient, set()).add(message_id)
    copies = Counter(recipient for recipient, _ in mails)
    again = sum(count - 1 for count in copies.values())
    print(
        f"\n{KILLS} kills, {kills_while_sending} of them while mails went out; {halfway} mails "
        f"by the last kill; {len(ids)} of {NOTICES} recipients reached; "
        f"{again} second copies, each with the Message-ID of the first"
    )
    assert len(ids) == NOTICES
    assert all(len(each) == 1 for each in ids.values())
    assert len({next(iter(each)) for each in ids.values()}) == NOTICES
    # at most what was under way: the connections of one process, for every kill
    assert again <= kills_while_sending * 8
