"""People in a call whose host is killed: of two, while it rings, and of three over its relay."""

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.calls.gathering import sees
from tests.browser.conftest import NewContext
from tests.browser.harness.probes import audio_arrives, video_moves
from tests.browser.sessions.pages_of_hosts import (
    call_of_three,
    desk_page,
    guest_page,
    kill_owner,
    say,
)
from tests.web_hosts import fleet

pytestmark = pytest.mark.postgresql
BACK_WITHIN = 5.0
"Seconds from a kill until a message of one page stands on the other one."
PEERS = "() => window.__peers.map((peer) => peer.connectionState)"


async def test_a_call_of_two_outlives_every_host_and_no_message_is_lost(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with fleet(tmp_path) as hosts, hosts.person() as nurse:
        await nurse.sign_in()
        link = await nurse.invite()
        phone = await guest_page(hosts, new_context, link)
        session = await phone.evaluate("document.body.dataset.consultationId")
        desk = await desk_page(hosts, nurse, new_context, session)
        await say(phone, "before")
        await expect(desk.get_by_text("before", exact=True)).to_be_visible()
        await desk.get_by_role("button", name="Start video call").click()
        await phone.get_by_role("button", name="Accept", exact=True).click()
        for page in (desk, phone):
            assert await video_moves(page, "#tiles video[data-participant-id]")
        before = [await page.evaluate(PEERS) for page in (desk, phone)]

        owner = await hosts.owner(session)
        assert owner is not None
        began = time.monotonic()
        await hosts.kill(owner)
        await say(phone, "while it is away")
        await expect(desk.get_by_text("while it is away", exact=True)).to_be_visible()
        took = time.monotonic() - began
        print(f"seconds from the kill to a message on the other page: {took:.1f}")
        assert took < BACK_WITHIN
        await hosts.start(owner)

        for number in range(len(hosts.sites.hosts)):
            await hosts.stop(number)
            await say(desk, f"without {number}")
            await expect(phone.get_by_text(f"without {number}", exact=True)).to_be_visible()
            await hosts.start(number)
        for page in (desk, phone):
            assert await video_moves(page, "#tiles video[data-participant-id]")
            assert await audio_arrives(page)
            for text in ("before", "while it is away", *(f"without {n}" for n in range(3))):
                await expect(page.get_by_text(text, exact=True)).to_have_count(1)
        assert [await page.evaluate(PEERS) for page in (desk, phone)] == before


async def test_it_rings_on_when_the_host_is_killed(tmp_path: Path, new_context: NewContext) -> None:
    async with fleet(tmp_path) as hosts, hosts.person() as nurse:
        await nurse.sign_in()
        phone = await guest_page(hosts, new_context, await nurse.invite())
        session = await phone.evaluate("document.body.dataset.consultationId")
        desk = await desk_page(hosts, nurse, new_context, session)
        await desk.get_by_role("button", name="Start video call").click()
        await expect(phone.locator("#incoming-text")).to_contain_text("is calling you (video)")
        began = await kill_owner(hosts, session)
        await say(desk, "is it ringing?")
        await expect(phone.get_by_text("is it ringing?", exact=True)).to_be_visible()
        print(
            f"seconds from the kill to a message on the other page: {time.monotonic() - began:.1f}"
        )
        await phone.get_by_role("button", name="Accept", exact=True).click()
        for page in (desk, phone):
            assert await video_moves(page, "#tiles video[data-participant-id]")


async def test_a_call_of_three_comes_back_over_the_relay_of_the_next_host(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with fleet(tmp_path, TELECONNECT_RELAY_WORKERS="1") as hosts, hosts.person() as nurse:
        await nurse.sign_in()
        session, pages = await call_of_three(hosts, nurse, new_context)
        _, phone, _ = pages
        for page in pages:
            await expect(page.locator("#call")).to_have_attribute("data-topology", "forwarded")
        await asyncio.gather(*(sees(page, 2) for page in pages))
        began = await kill_owner(hosts, session)
        await say(phone, "while it is away")
        for page in pages:
            await expect(page.get_by_text("while it is away", exact=True)).to_be_visible()
        took = time.monotonic() - began
        print(f"seconds from the kill to a message on the other pages: {took:.1f}")
        assert took < BACK_WITHIN
        await asyncio.gather(*(sees(page, 2) for page in pages))
        print(f"seconds from the kill to all videos: {time.monotonic() - began:.1f}")
