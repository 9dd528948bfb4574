"""Amina's seat, without scripts."""

from collections.abc import AsyncIterator

import pytest

from tests.clock import MovableClock
from tests.people import Person
from tests.serving import moment
from tests.web.pages.plain.seat import Plain

NOW = moment("2026-12-07 14:30")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
async def plain(nurse: Person, phone: Person) -> AsyncIterator[Plain]:
    """Amina has joined."""
    yield Plain(phone, await phone.join(await nurse.invite()))
