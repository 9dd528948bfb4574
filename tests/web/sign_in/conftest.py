"""A server on a Monday in December, with a nurse and an administrator."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, moment, serving

BOSS = "boss@example.org"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:30"))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    """Without a mail server: its mails are in the outbox folder."""
    async with serving(tmp_path, clock) as running:
        await running.account()
        await running.account(BOSS, "The Boss", "administrator")
        yield running


@pytest.fixture
async def owner(server: Server) -> AsyncIterator[Person]:
    """Nurse Joy, signed in at a browser of hers."""
    async with Person(server) as person:
        await person.sign_in()
        yield person


@pytest.fixture
async def boss(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as person:
        await person.sign_in(BOSS)
        yield person
