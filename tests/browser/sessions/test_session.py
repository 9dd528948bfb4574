"""One session from the invitation to the PDF, in two real browsers."""

import asyncio
import re
from io import BytesIO
from pathlib import Path

from playwright.async_api import Page, Route, expect
from pypdf import PdfReader

from tests.browser.conftest import NewContext
from tests.browser.harness.probes import audio_arrives, video_moves
from tests.browser.harness.visits import join, link_to, sign_in
from tests.people import Person
from tests.serving import Server
from web.keys import CLOCKWORK, OUTBOX, STORE
from web.notices.outbox import read_outbox
from web.routes import path


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
    await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()


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
    await phone.get_by_role("button", name="Accept", exact=True).click()
    for page in (desk, phone):
        assert await video_moves(page, "#tiles video[data-participant-id]")
        assert await audio_arrives(page)

    await desk.get_by_role("button", name="Terminate the session").click()
    await desk.get_by_role("button", name="Close", exact=True).click()
    await expect(phone.get_by_text("closed").first).to_be_visible()

    await desk.get_by_role("link", name="History").click()
    async with desk.expect_download() as downloading:
        await desk.get_by_role("button", name="Export").click()
    report = await (await downloading.value).path()
    text = PdfReader(BytesIO(await asyncio.to_thread(Path(report).read_bytes))).pages[0]
    assert "Good morning, I have a question" in text.extract_text()


NOTE_WORDS = """
window.__words = new Set();
new MutationObserver(() => {
  const words = document.getElementById("other-side")?.textContent;
  if (words) window.__words.add(words);
}).observe(document, { childList: true, subtree: true, characterData: true });
"""
"Notes what the page has said about who is there."

COUNT_PRESSES = """
(() => {
  window.__presses = () => Number(sessionStorage.getItem("presses"));
  addEventListener("click", ({ isTrusted }) => {
    if (isTrusted) sessionStorage.setItem("presses", window.__presses() + 1);
  }, { capture: true });
})();
"""


async def focused(page: Page, identifier: str) -> None:
    await page.wait_for_function("(id) => document.activeElement.id === id", arg=identifier)


async def test_from_the_ring_to_seeing_each_other_each_side_presses_once(
    server: Server, new_context: NewContext
) -> None:
    phone = await (
        await new_context(base_url=server.url, viewport=(360, 740), has_touch=True)
    ).new_page()
    async with Person(server) as nurse:
        await nurse.sign_in()
        await phone.goto(await nurse.invite())
    await phone.get_by_role("button", name="Join the session").click()
    await expect(phone.locator("#other-side")).to_contain_text("Nurse Joy\u2069 has not joined yet")

    # a look at oneself, which ends with both devices off
    await phone.get_by_role("button", name="See yourself").click()
    assert await video_moves(phone, "#own-picture video")
    await phone.get_by_text("Use other devices").click()
    await expect(phone.get_by_role("combobox", name="Camera")).to_be_visible()
    await phone.wait_for_function("() => document.getElementById('preview-level').value > 0")
    for name in ("Camera", "Microphone"):
        await phone.get_by_role("button", name=name, exact=True).click()
    await expect(phone.get_by_role("button", name="See yourself")).to_be_focused()

    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    for page in (desk, phone):
        await page.add_init_script(COUNT_PRESSES)
        await page.evaluate(COUNT_PRESSES)
    await desk.get_by_role("button", name="Start with video").click()
    # while it rings one sees oneself already: this browser has allowed it before
    await expect(phone.locator("#incoming-text")).to_contain_text("is calling you (video)")
    assert await video_moves(phone, "#own-picture video")
    await phone.get_by_role("button", name="Accept", exact=True).click()
    for page in (desk, phone):
        assert await video_moves(page, "#tiles video[data-participant-id]")
        assert await page.evaluate("window.__presses()") == 1
        await focused(page, "microphone")
    assert "start=" not in desk.url

    # a link of the menu asks; who stays is in the call as before
    await desk.get_by_role("link", name="History").click()
    question = desk.get_by_role("dialog", name="You are in a call")
    await question.get_by_role("button", name="Stay").click()
    await expect(desk.locator("#call")).to_be_visible()
    await desk.get_by_role("link", name="History").click()
    await question.get_by_role("button", name="Leave the call").click()
    await expect(desk.get_by_role("heading", name="History")).to_be_visible()
    await expect(phone.locator("#call")).to_be_hidden()
    await focused(phone, "start-video")

    # without the camera; and whoever declines is named
    await desk.go_back()
    await desk.get_by_role("button", name="Start video call").click()
    await phone.get_by_role("button", name="Accept without camera").click()
    assert await audio_arrives(desk)
    await expect(phone.locator("#self-tile")).to_be_hidden()
    await desk.get_by_role("button", name="Hang up").click()
    await focused(desk, "start-video")
    await desk.get_by_role("button", name="Start audio call").click()
    await phone.get_by_role("button", name="Decline").click()
    await expect(desk.locator("#notice")).to_contain_text("Amina\u2069 declined the call")
    await focused(phone, "start-video")

    # nobody there is rung
    await phone.goto("about:blank")
    await expect(desk.locator("#other-side")).to_contain_text("Nobody else is connected")
    await desk.get_by_role("button", name="Start video call").click()
    again = desk.locator("#link-again")
    await expect(again).to_contain_text("Amina\u2069 is not here. Send the link again to:")
    await expect(again.get_by_role("button", name="Amina")).to_be_focused()
    await expect(desk.locator("#call")).to_be_hidden()
    await phone.go_back()
    await expect(again).to_be_hidden()

    # the end: thanks and until when for the one, the next steps for the other
    await desk.get_by_role("button", name="Terminate the session").click()
    await desk.get_by_role("button", name="Close", exact=True).click()
    await focused(desk, "export-report")
    await expect(desk.get_by_role("button", name="Back to the dashboard")).to_be_visible()
    await expect(phone.locator("#farewell")).to_contain_text("Thank you for coming.")
    await expect(phone.locator("#farewell")).to_contain_text("is kept until")
    # reopened, it goes on in both pages; the waiting one asks when its reader is back
    await desk.get_by_role("button", name="Reopen").click()
    await expect(desk.get_by_role("button", name="Resume the session")).to_be_visible()
    await phone.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(phone.get_by_role("heading", name="The session is paused")).to_be_visible()
    await expect(phone.locator("#farewell")).to_have_count(0)


async def test_audio_only_takes_the_pictures_away_and_back(
    server: Server, new_context: NewContext
) -> None:
    desk = await (await new_context(base_url=server.url)).new_page()
    phone = await (await new_context(base_url=server.url, viewport=(360, 740))).new_page()
    await join(phone, await link_to(server))
    await sign_in(desk, server)
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()
    await desk.get_by_role("button", name="Start video call").click()
    await phone.get_by_role("button", name="Accept", exact=True).click()
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

    await phone.locator("summary", has_text="Microphone, camera and speaker").click()
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


async def test_a_scheduler_reads_nothing_in_another_language_while_the_page_loads(
    server: Server, new_context: NewContext
) -> None:
    """The sentences of what only schedulers do are a file of their own, which may be late."""
    async with Person(server) as nurse:
        await nurse.sign_in()
        await nurse.invite()
        [held] = await server.app[STORE].read.consultations.ids()
    context = await new_context(base_url=server.url)
    desk = await context.new_page()
    await sign_in(desk, server)
    await context.add_cookies([{"name": "language", "value": "fr", "url": server.url}])
    released = asyncio.Event()

    async def late(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await desk.route("**/*-files.json", late)
    await desk.add_init_script(NOTE_WORDS)
    async with desk.expect_request("**/*-files.json"):
        await desk.goto(path("session", consultation_id=held), wait_until="commit")
    # in the meantime another page of the same server is there with all that it needs
    other = await context.new_page()
    await other.goto(path("case", consultation_id=held), wait_until="networkidle")
    released.set()
    await expect(desk.locator("#other-side")).to_have_text("Personne d’autre n’est connecté.")
    assert "Nobody else is connected." not in await desk.evaluate("() => [...window.__words]")
