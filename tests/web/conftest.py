"""A server and the browsers of two people; a file that needs other ones defines them itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, serving


@pytest.fixture
def clock() -> MovableClock | None:
    """The clock of `server`; None is the machine's. Files whose time stands still define it."""
    return None


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock | None) -> AsyncIterator[Server]:
    """A server with the account of a scheduler, nurse@example.org."""
    async with serving(tmp_path, clock) as running:
        await running.account()
        yield running


@pytest.fixture
async def nurse(server: Server) -> AsyncIterator[Person]:
    """The scheduler, signed in."""
    async with Person(server) as person:
        await person.sign_in()
        yield person


@pytest.fixture
async def phone(server: Server) -> AsyncIterator[Person]:
    """A browser that has not been here before."""
    async with Person(server) as person:
        yield person
