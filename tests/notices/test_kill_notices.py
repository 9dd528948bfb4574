"""A hundred times kill -9 while 1,000 notices go out: each arrives, and the exceptions are counted.

The exceptions, as docs/delivery.md states them. A mail that the mail server has taken, whose answer
the killed server never heard, leaves once more with the same Message-ID. An SMS that may have left
when the server was killed stays "unknown" and is never sent again by itself.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from signaling.flows.invites.inviting import Plan
from signaling.flows.notices.sending import AT_ONCE
from signaling.invite import Person
from storage.store import Store
from tests.serving import serving
from web.keys import INVITING, SENDING

NOTICES = int(os.environ.get("NOTICES", "1000"))
EACH = 250
"Per scheduler, who may send at most 300 an hour."
KILLS = int(os.environ.get("KILLS", "100"))
SMTP_DELAY_S = 0.08
SMS_DELAY_S = 0.05
MAIL_LIFE_S = (0.0, 0.6)
"Least and most seconds that a server lives after it is ready."
SMS_LIFE_S = (0.5, 3.0)
"The provider's package takes a second or more to import."
PATIENCE_S = 240.0


@dataclass
class Log:
    """What an outside server has taken: lines of "recipient identifier"."""

    path: Path

    def lines(self) -> list[tuple[str, str]]:
        found = (line.split() for line in self.path.read_text().splitlines())
        return [(recipient, identifier) for recipient, identifier in found]


def check_reached(log: Log) -> Counter[str]:
    """Each recipient was reached, under one Message-ID of its own: how many copies each of these has."""
    copies = Counter(log.lines())
    reached = {recipient for recipient, _ in copies}
    print(
        f"{len(reached)} of {NOTICES} recipients reached; {copies.total() - len(copies)} second "
        f"copies, each with the Message-ID of the first; most copies of one: {max(copies.values())}"
    )
    found = Counter({message_id: count for (_, message_id), count in copies.items()})
    assert len(reached) == len(copies) == len(found) == NOTICES
    return found


async def _queue(data_dir: Path, person: Callable[[int], Person], **settings: str) -> None:
    async with serving(data_dir, **settings) as server:
        # what is queued leaves only later, from the servers to be killed
        server.app[SENDING].close()
        for number in range(NOTICES):
            if number % EACH == 0:
                nurse = await server.account(f"nurse{number}@example.org")
            plan = Plan("remote", (("service_user", person(number)),))
            while True:
                # a host on a busy machine may lose its lease
                with contextlib.suppress(Unavailable):
                    await server.app[INVITING].invite(nurse, plan)
                    break


@contextlib.asynccontextmanager
async def _outside(module: str, *arguments: str) -> AsyncIterator[str]:
    """A mail or message server as a process of its own; returns its first line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.notices.{module}", *arguments,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode()
    finally:
        process.kill()
        await process.wait()


async def _started(
    environment: dict[str, str], log: Path = Path(os.devnull)
) -> asyncio.subprocess.Process:
    with log.open("ab") as errors:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "web", env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    assert running.stdout is not None
    assert b"TeleConnect" in await running.stdout.readline()
    return running


async def _kill(
    environment: dict[str, str], log: Log, life_s: tuple[float, float], is_over: Callable[[], bool]
) -> tuple[int, int]:
    """Start and kill, then let one server finish: (kills during hand-overs, sent by then)."""
    chance = random.Random(20261122)
    while_sending = 0
    for _ in range(KILLS):
        running = await _started(environment)
        before = len(log.lines())
        await asyncio.sleep(chance.uniform(*life_s))
        running.send_signal(signal.SIGKILL)
        await running.wait()
        while_sending += len(log.lines()) > before
    halfway = len(log.lines())
    running = await _started(environment)
    async with asyncio.timeout(PATIENCE_S):
        while not is_over():  # noqa: ASYNC110
            await asyncio.sleep(0.5)  # another process writes the log
    await asyncio.sleep(3)  # for surplus copies to arrive
    running.send_signal(signal.SIGTERM)
    await running.wait()
    return while_sending, halfway


def _environment(data_dir: Path, **settings: str) -> dict[str, str]:
    return {
        **os.environ,
        "PORT": "0",
        "TELECONNECT_HOST": "127.0.0.1",
        "TELECONNECT_RELAY_WORKERS": "0",
        "TELECONNECT_DATA_DIR": str(data_dir),
        **settings,
    }


@pytest.mark.soak
async def test_killed_a_hundred_times_every_mail_arrives(tmp_path: Path) -> None:
    data_dir, log = tmp_path / "data", Log(tmp_path / "mails")
    log.path.touch()
    async with _outside("smtp_process", str(log.path), str(SMTP_DELAY_S)) as port:
        url = f"smtp://localhost:{port.strip()}?starttls=never"
        await _queue(
            data_dir, lambda number: Person(f"P{number}", "", "email", f"p{number}@a.example", "en")
        )
        while_sending, halfway = await _kill(
            _environment(data_dir, TELECONNECT_SMTP_URL=url), log, MAIL_LIFE_S,
            lambda: len({recipient for recipient, _ in log.lines()}) == NOTICES,
        )  # fmt: skip

    print(
        f"\n{KILLS} kills, {while_sending} of them while mails went out; {halfway} by the last kill;"
    )
    copies = check_reached(log)
    # at most what was being sent, for every kill
    assert copies.total() - len(copies) <= while_sending * AT_ONCE["email"]


async def _states(data_dir: Path) -> dict[str, str]:
    """Number without its plus sign -> state of the only attempt."""
    store = await Store.open(data_dir, None)
    try:
        nurse = await store.read.accounts.by_email("nurse@example.org")
        assert nurse is not None
        found = {}
        for consultation in await store.read.consultations.visible_to(nurse.id, ("planned",)):
            [notice] = await store.read.notices.of_consultation(consultation.id)
            address = (await store.read.notices.envelope(notice)).address
            attempts = await store.read.notices.attempts(notice.id)
            assert len(attempts) <= 1
            found[address.lstrip("+")] = attempts[0].state if attempts else "none"
        return found
    finally:
        await store.close()


@pytest.mark.soak
async def test_killed_a_hundred_times_no_sms_leaves_twice(tmp_path: Path) -> None:
    data_dir, log, authority = tmp_path / "data", Log(tmp_path / "texts"), tmp_path / "ca.pem"
    log.path.touch()
    arguments = (str(log.path), str(authority), str(SMS_DELAY_S))
    async with _outside("vonage_process", *arguments) as line:
        settings = json.loads(line)
        await _queue(
            data_dir, lambda number: Person(f"P{number}", "", "sms", f"+4179000{number:04}", "en"),
            **settings,
        )  # fmt: skip
        environment = _environment(data_dir, REQUESTS_CA_BUNDLE=str(authority), **settings)
        last = 0
        quiet = 0

        def nothing_leaves_any_more() -> bool:
            nonlocal last, quiet
            count = len(log.lines())
            quiet = quiet + 1 if count == last else 0
            last = count
            return quiet > 60  # half a minute: longer than the wait after a refusal

        while_sending, halfway = await _kill(environment, log, SMS_LIFE_S, nothing_leaves_any_more)

    reached = Counter(number for number, _ in log.lines())
    states = await _states(data_dir)
    unknown = {number for number, state in states.items() if state == "unknown"}
    print(
        f"\n{KILLS} kills, {while_sending} of them while SMS went out; {halfway} SMS by the last "
        f"kill; {len(reached)} of {NOTICES} numbers reached, none of them twice; "
        f"{len(unknown)} SMS shown as perhaps sent: {len(unknown & set(reached))} of them arrived, "
        f"{len(unknown - set(reached))} did not"
    )
    assert set(reached.values()) == {1}
    assert len(states) == NOTICES
    assert set(states.values()) <= {"sent", "unknown"}
    assert {number for number, state in states.items() if state == "sent"} <= set(reached)
    assert set(states) - set(reached) <= unknown
    # at most what was leaving, for every kill
    assert len(unknown) <= KILLS * AT_ONCE["sms"]
