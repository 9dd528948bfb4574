"""People in a call of three over a relay-only host, which is killed: they see each other over another one."""

import asyncio
import signal
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.calls.gathering import sees
from tests.browser.conftest import NewContext
from tests.browser.harness.probes import audio_arrives
from tests.browser.sessions.pages_of_hosts import call_of_three, say
from tests.web.hosts.relay_hosts import RelayHosts, place_of
from tests.web_hosts import fleet

pytestmark = pytest.mark.postgresql
NAMES = ("east", "west")
PARTICIPANTS = "teleconnect_relay_participants"
AGAIN_WITHIN = 30.0
"Seconds until all videos move: before a call that finds no relay goes on directly, after 45."


async def test_a_call_of_three_goes_on_over_another_relay_only_host(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with fleet(tmp_path) as hosts, hosts.person() as nurse:
        relays = RelayHosts(tmp_path, hosts.store, hosts.settings["TELECONNECT_DATABASE_URL"])
        try:
            for name in NAMES:
                await relays.start(name)
            await nurse.sign_in()
            session, pages = await call_of_three(hosts, nurse, new_context)
            _, phone, _ = pages
            await asyncio.gather(*(sees(page, 2) for page in pages))
            first = await place_of(relays)
            (second,) = (name for name in NAMES if name != first)
            await relays.until_figure(first, PARTICIPANTS, 3)
            owner = await hosts.owner(session)

            began = time.monotonic()
            await relays.end(first, signal.SIGKILL)
            await say(phone, "can you see me?")
            for page in pages:
                await expect(page.get_by_text("can you see me?", exact=True)).to_be_visible()
            await relays.until_figure(second, PARTICIPANTS, 3)
            print(f"seconds from the kill to all at the other one: {time.monotonic() - began:.1f}")
            await asyncio.gather(*(sees(page, 2) for page in pages))
            took = time.monotonic() - began
            print(f"seconds from the kill to all videos: {took:.1f}")
            assert took < AGAIN_WITHIN
            for page in pages:
                await expect(page.locator("#call")).to_have_attribute("data-topology", "forwarded")
                assert await audio_arrives(page)
            assert await hosts.owner(session) == owner, "the session stays where it was"
            await relays.end(second, signal.SIGKILL)  # it would wait for the end of the call
        finally:
            await relays.close()
