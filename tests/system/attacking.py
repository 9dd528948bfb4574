"""What the attacks share: a session with something to steal in it, and a log that must not tell."""

import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from signaling.ports.clock import Clock
from tests.people import Person, consultation_of
from tests.serving import Server, serving
from web.logs import JsonFormatter

SECRETS = ["Zubaida", "zubaida@example.org", "203.0.113.77", "Half past nine, in the garden"]
"The name, the address, the network and the words of somebody who has a session here."


@dataclass
class Target:
    """A running session, and everybody who has to do with it."""

    server: Server
    nurse: Person
    boss: Person
    zubaida: Person
    stranger: Person
    link: str
    seat: str
    consultation_id: str

    @property
    def ids(self) -> list[str]:
        return [self.seat, self.consultation_id, self.link.rpartition("/")[2]]

    @property
    def secrets(self) -> list[str]:
        cookies = [person.cookie for person in self.everybody]
        return [*SECRETS, *self.ids[2:], *cookies, "127.0.0.1"]

    @property
    def everybody(self) -> list[Person]:
        return [self.nurse, self.boss, self.zubaida, self.stranger]


@contextlib.asynccontextmanager
async def target(data_dir: Path, clock: Clock | None = None) -> AsyncIterator[Target]:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(data_dir, clock))
        await server.account()
        await server.account("boss@example.org", "The Boss", "administrator")
        nurse, boss, zubaida, stranger = [
            await stack.enter_async_context(Person(server)) for _ in range(4)
        ]
        await nurse.sign_in()
        await boss.sign_in("boss@example.org")
        link = await nurse.invite(SECRETS[0], address=SECRETS[1])
        seat = await zubaida.join(link)
        wire = await zubaida.enter(invite_id=seat)
        await wire.say(SECRETS[3])
        room = await consultation_of(wire)
        await wire.ws.close()
        yield Target(server, nurse, boss, zubaida, stranger, link, seat, room)


def nothing_is_told(caplog: pytest.LogCaptureFixture, words: list[str]) -> None:
    """The log has no error, and nothing that belongs to somebody."""
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    assert records, "the log was listened to"
    for record in records:
        line = JsonFormatter().format(record)
        assert record.levelno < logging.ERROR, line
        assert record.exc_info is None, line
        for word in filter(None, words):
            assert word not in line
