"""Hosts that carry relay workers only: calls of other hosts go over them."""

from pathlib import Path

import pytest

from tests.media.support import until
from tests.web.calling import Page, StartedSession
from tests.web.hosts.relay_hosts import session_over

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


async def call_of_three(session: StartedSession) -> tuple[Page, Page, Page]:
    """Three people who hear each other over the relay."""
    nurse, amina = await session.pair(speaking=True)
    lee = await session.come("lee")
    lee.speak()
    await session.join(lee)
    pages = (nurse, amina, lee)
    await all_hear(*pages)
    await session.ready(*pages)
    for page in pages:
        await page.goes("forwarded")
    return pages


async def all_hear(*pages: Page) -> None:
    """Everybody is heard from now on."""
    before = {page.peer_id: page.heard for page in pages}
    for page in pages:
        await until(
            lambda page=page: page.heard > before[page.peer_id] + 20, f"{page.peer_id} hears"
        )


async def test_a_call_of_three_goes_over_a_relay_only_host(tmp_path: Path) -> None:
    async with session_over(tmp_path, "relay") as (session, _):
        await call_of_three(session)
