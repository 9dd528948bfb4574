"""Two people in a call, and the host of their session is killed, then every host is restarted."""

import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.probes import audio_arrives, video_moves
from tests.browser.harness.visits import FAILED_LOADS, is_live, join
from tests.web_hosts import fleet

pytestmark = pytest.mark.postgresql
BACK_WITHIN = 5.0
"Seconds from a kill until a message of one page stands on the other one."
PEERS = "() => window.__peers.map((peer) => peer.connectionState)"


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def test_a_call_of_two_outlives_every_host_and_no_message_is_lost(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with fleet(tmp_path) as hosts, hosts.person() as nurse:
        await nurse.sign_in()
        link = await nurse.invite()
        allowed = [*FAILED_LOADS, "503"]
        at_desk = await new_context(base_url=hosts.url, allowed_errors=allowed)
        at_phone = await new_context(base_url=hosts.url, allowed_errors=allowed)
        cookie = {"name": "teleconnect", "value": nurse.cookie, "url": hosts.url}
        await at_desk.add_cookies([cookie])  # type: ignore[list-item]
        phone, desk = await at_phone.new_page(), await at_desk.new_page()
        await join(phone, link)
        await is_live(phone)
        session = await phone.evaluate("document.body.dataset.consultationId")
        await desk.goto(f"/sessions/{session}")
        await desk.get_by_role("button", name="Start the session").click()
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

        for number in range(len(hosts.ports)):
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
