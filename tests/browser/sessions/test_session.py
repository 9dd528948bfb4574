"""One session from the invitation to the PDF, in two real browsers."""

import asyncio
import re
from io import BytesIO
from pathlib import Path

from playwright.async_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import NewContext
from tests.browser.harness.probes import audio_arrives, video_moves
from tests.browser.harness.visits import sign_in
from tests.serving import Server
from web.keys import CLOCKWORK, OUTBOX
from web.notices.outbox import read_outbox


async def mailed_link(server: Server) -> str:
    """The personal link in the only mail of the outbox."""
    await server.app[CLOCKWORK].run_due()
    notices = await read_outbox(server.app[OUTBOX])
    assert len(notices) == 1
    found = re.search(r"http://\S+/i/[\w-]+", notices[0].text)
    assert found is not None
    return found.group()


async def invite(page: Page, name: str = "Amina") -> None:
    await page.get_by_role("link", name="Invites", exact=True).click()
    await page.get_by_role("button", name="New invite").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Remote").click()
    await dialog.get_by_label("First name").fill(name)
    await dialog.get_by_label("Email or mobile number").fill("amina@example.org")
    await dialog.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("The invitation is on its way")).to_be_visible()


async def test_a_session_goes_from_the_invitation_to_the_pdf(
    server: Server, new_context: NewContext
) -> None:
    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    await invite(desk)
    link = await mailed_link(server)

    phone = await (
        await new_context(base_url=server.url, viewport=(360, 740), has_touch=True)
    ).new_page()
    await phone.goto(link)
    await phone.get_by_role("button", name="Join the session").click()
    await expect(phone.get_by_text("You are in the waiting room")).to_be_visible()
    token = link.rpartition("/")[2]
    assert token not in phone.url

    await desk.get_by_role("link", name="Waiting room").click()
    await expect(desk.get_by_text("Amina").first).to_be_visible()
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()

    await phone.get_by_role("textbox", name="Message").fill("Good morning, I have a question")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.get_by_text("Good morning, I have a question")).to_be_visible()
    await expect(phone.get_by_text("seen", exact=True).first).to_be_visible()
    await desk.get_by_role("textbox", name="Message").fill("مرحبا، كيف حالك؟")
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(phone.get_by_text("مرحبا، كيف حالك؟")).to_be_visible()

    await desk.get_by_role("button", name="Start video call").click()
    await phone.get_by_role("button", name="Accept").click()
    for page in (desk, phone):
        assert await video_moves(page, "#tiles video[data-participant-id]")
        assert await audio_arrives(page)

    await desk.get_by_role("button", name="Terminate the session").click()
    await desk.get_by_role("button", name="Close", exact=True).click()
    await expect(phone.get_by_text("closed").first).to_be_visible()

    await desk.get_by_role("link", name="History").click()
    async with desk.expect_download() as downloading:
        await desk.get_by_role("button", name="Export").click()
    path = await (await downloading.value).path()
    text = PdfReader(BytesIO(await asyncio.to_thread(Path(path).read_bytes))).pages[0]
    assert "Good morning, I have a question" in text.extract_text()


async def test_audio_only_takes_the_pictures_away_and_back(
    server: Server, new_context: NewContext
) -> None:
    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    await invite(desk)
    phone = await (await new_context(base_url=server.url, viewport=(360, 740))).new_page()
    await phone.goto(await mailed_link(server))
    await phone.get_by_role("button", name="Join the session").click()
    await desk.get_by_role("button", name="Waiting room").click()
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()
    await desk.get_by_role("button", name="Start video call").click()
    await phone.get_by_role("button", name="Accept").click()
    assert await video_moves(phone, "#tiles video")

    await phone.get_by_role("button", name="Audio only").click()
    await expect(phone.locator("#tiles .has-video")).to_have_count(0)
    await expect(phone.get_by_role("button", name="Camera", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    assert await audio_arrives(phone)
    assert await audio_arrives(desk)
    await phone.get_by_role("button", name="Camera", exact=True).click()
    await expect(phone.get_by_role("button", name="Audio only")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert await video_moves(phone, "#tiles .has-video video")
    assert await video_moves(desk, "#tiles .has-video video")

    await phone.get_by_label("Microphone, camera and speaker").click()
    microphones = phone.get_by_role("combobox", name="Microphone")
    await expect(microphones.locator("option").first).to_be_attached()
    await microphones.select_option(index=1)
    assert await audio_arrives(desk)

    await desk.get_by_role("button", name="Terminate the session").click()
    await desk.get_by_role("button", name="Terminate but keep open").click()
    await desk.get_by_role("link", name="Dashboard").click()
    await expect(desk.locator("#nobody-waits")).to_be_visible()
    await phone.reload()
    await expect(desk.locator("#waiting-list")).to_contain_text("Amina")
    await expect(desk.locator("#waiting-badge")).to_have_text("1")
