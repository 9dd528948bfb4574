"""What somebody wrote: never cut, never lost, never stuck, and nowhere when the session is over."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from scripts.traffic.browser import until
from tests.browser.conftest import NewContext
from tests.browser.harness.visits import is_live, join, link_to, sign_in
from tests.files import photo
from tests.people import Person
from tests.serving import Server, serving
from web.keys import STORE

CUTTABLE_LINE = """
(() => {
  const Native = window.WebSocket;
  const all = new Set();
  let up = true;
  window.WebSocket = class WebSocket extends Native {
    constructor(address) {
      super(up ? address : address.replace("/socket", "/no-socket"));
      all.add(this);
    }
  };
  window.__setLine = (way) => {
    up = way;
    for (const socket of all) if (!up) socket.close();
    if (up) dispatchEvent(new Event("online"));
  };
})();
"""
ENTERS = """
(text) => {
  const press = (code) => text.dispatchEvent(new KeyboardEvent("keydown", {
    key: "Enter", keyCode: code, bubbles: true, cancelable: true }));
  press(229);
  text.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
  press(13);
}
"""
"Safari ends a word with a code of its own, others with its end and a plain Enter."
STORED = """
async () => {
  const { src } = document.querySelector("script[type=module]");
  const { openStore } = await import(new URL("../shared/browser-store.js", src));
  const store = await openStore();
  const kept = await Promise.all(["commands", "drafts", "uploads"].map((name) => store.entries(name)));
  return kept.flat().filter(([key]) => !/:(whole|small):/.test(key));
}
"""
"What the browser keeps of what is not sent."
LONG = "a" * 3990 + " dose 5 mg, NOT 50 mg. " + "b" * 1000


async def composed(page: Page, word: str) -> None:
    """A word is written with a real input method, and Enter ends it."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send(
        "Input.imeSetComposition",
        {"text": word, "selectionStart": len(word), "selectionEnd": len(word)},
    )
    await cdp.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    await cdp.send("Input.insertText", {"text": word})
    await cdp.detach()


async def test_what_somebody_wrote_is_never_lost_cut_or_stuck(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with serving(tmp_path) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        context = await new_context(
            base_url=server.url, allowed_errors=["no-socket", "status of 410"]
        )
        await context.add_init_script(CUTTABLE_LINE)
        page = await context.new_page()
        await page.goto(server.url + await nurse.invite())
        await page.get_by_role("button", name="Join the session").click()
        await is_live(page)
        invite_id = page.url.rpartition("/")[2]
        invite = await server.app[STORE].read.invites.get(invite_id)
        assert invite is not None
        desk = await nurse.enter(consultation_id=invite.consultation_id)
        await desk.command("start_consultation")
        text = page.get_by_role("textbox", name="Message")
        lines = page.locator(".line")
        states = page.locator(".line .state")

        # Enter ends a word, however the input method says so; and a reload takes nothing away
        await text.focus()
        await composed(page, "ሰላም")
        await text.evaluate(ENTERS)
        await expect(text).to_have_value("ሰላም")
        await expect(lines).to_have_count(0)
        await page.reload()
        await expect(text).to_have_value("ሰላም")

        # a text that is too long stays whole, with its length, and goes out in parts
        await text.fill("")
        await page.keyboard.insert_text(LONG)
        await expect(page.locator("#too-long")).to_contain_text("5013")
        await text.press("Enter")
        await expect(text).to_have_value(LONG)
        await page.get_by_role("button", name="Send in parts").click()
        await expect(states).to_have_text(["sent", "sent"])
        await expect(page.locator("#too-long")).to_be_hidden()
        assert " ".join(await texts(server, invite.consultation_id)) == LONG

        # half a character ends nothing
        await text.evaluate("(text) => (text.value = 'cut: \\ud83d')")
        await text.press("Enter")
        await expect(states).to_have_text(["sent", "sent", "sent"])

        # written while the line is down, and closed meanwhile: said, kept, and left nowhere
        await page.evaluate("__setLine(false)")
        await expect(page.locator("#connection")).to_contain_text("Reconnecting")
        await text.fill("On its way")
        await text.press("Enter")
        await expect(states.last).to_have_text("sending")
        await text.fill("Half a")
        await desk.command("terminate_consultation", choice="close")
        await page.evaluate("__setLine(true)")
        await expect(page.get_by_role("heading", name="This session is over.")).to_be_visible()
        await expect(page.locator("#farewell")).to_contain_text("Thank you for coming.")
        not_sent = "not sent: \u2068This session is over.\u2069"
        await expect(states).to_have_text(["sent", "sent", "sent", not_sent, not_sent])
        await expect(lines.last.locator(".text")).to_have_text("Half a")
        await expect(text).to_be_hidden()
        await page.evaluate(
            "navigator.clipboard.writeText = (text) => ((window.__copied = text), undefined)"
        )
        await lines.nth(3).get_by_role("button", name="Copy").click()
        await expect(lines.nth(3)).to_contain_text("Copied.")
        assert await page.evaluate("__copied") == "On its way"
        assert await page.evaluate("Object.values(sessionStorage).join()") == ""
        assert await page.evaluate("Object.values(localStorage).join()") == ""
        assert await page.evaluate(STORED) == []
        # what the page is told of the end stays when it is looked at again
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(page.get_by_role("heading", name="This session is over.")).to_be_visible()

        # reopened: the page is in again without a reload, and the text can be sent
        await nurse.post(f"/sessions/{invite.consultation_id}/reopen")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.get_by_role("heading", name="The session is paused")).to_be_visible()
        await is_live(page)
        await expect(text).to_be_visible()  # it pushes the lines up, away from under a pointer
        again = lines.filter(has_text="On its way").get_by_role("button", name="Send again")
        await again.press("Enter")
        await expect(states).to_have_text(["sent", "sent", "sent", "sent", not_sent])
        assert (await texts(server, invite.consultation_id))[-1] == "On its way"

        # a list that is open follows; and whoever signs out leaves nothing of theirs in the tab
        await page.goto("about:blank")  # else the seat's page leaves while the dashboard loads
        await sign_in(page, server)
        await page.get_by_role("link", name="History").click()
        await expect(
            page.get_by_text("No session was closed in the last 24 hours.")
        ).to_be_visible()
        desk = await nurse.enter(consultation_id=invite.consultation_id)
        await desk.command("terminate_consultation", choice="close")
        await expect(page.get_by_role("button", name="Reopen")).to_be_visible()
        await nurse.post(f"/sessions/{invite.consultation_id}/reopen")
        await expect(
            page.get_by_text("No session was closed in the last 24 hours.")
        ).to_be_visible()
        await page.evaluate("sessionStorage.setItem('unsent:seat', 'Half a')")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        assert await page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("way", ["the address of the seat", "the link of the invitation"])
async def test_what_was_left_in_a_session_that_is_over_is_shown_once_and_deleted(
    server: Server, new_context: NewContext, way: str
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        context = await new_context(
            base_url=server.url, allowed_errors=["no-socket", "status of 410"]
        )
        page = await context.new_page()
        await page.add_init_script(CUTTABLE_LINE)
        link = await nurse.invite()
        await page.goto(link)
        await page.get_by_role("button", name="Join the session").click()
        await is_live(page)
        address = page.url
        invite = await server.app[STORE].read.invites.get(address.rpartition("/")[2])
        assert invite is not None
        desk = await nurse.enter(consultation_id=invite.consultation_id)
        await desk.command("start_consultation")
        await page.evaluate("__setLine(false)")
        text = page.get_by_role("textbox", name="Message")
        for message in ("It hurts", "since Monday"):
            await text.fill(message)
            await text.press("Enter")
        await page.route(re.compile("/uploads"), lambda _route: None)
        files = page.locator("#choose-files")
        for name in ("sent.jpg", "chosen.jpg"):
            await files.set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": photo()})
            await page.get_by_role("textbox", name="Caption").fill(f"of {name}")
            if name == "sent.jpg":
                await page.get_by_role("button", name="Send", exact=True).click()
        await text.fill("and I")
        await until(page, f"async () => (await ({STORED})()).length === 6")
        await page.close()
        await desk.command("terminate_consultation", choice="close")

        page = await context.new_page()
        await page.goto(address if way == "the address of the seat" else link)
        await expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
        await expect(page.locator("#left-behind li")).to_have_text(
            [
                *("It hurts", "since Monday", "of chosen.jpg", "and I"),
                *("sent.jpg of sent.jpg", "chosen.jpg "),
            ]
        )
        for name in ("sent.jpg", "chosen.jpg"):
            async with page.expect_download() as saved:
                await page.get_by_role("link", name=name).click()
            file = await saved.value
            found = await asyncio.to_thread(Path(await file.path()).read_bytes)
            assert (file.suggested_filename, found) == (name, photo())
        await until(page, f"async () => (await ({STORED})()).length === 0")
        await page.reload()
        await expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
        await expect(page.get_by_text("It hurts")).to_have_count(0)


async def test_a_browser_that_keeps_nothing_says_so_and_a_reload_still_sends(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=["no-socket"])
    page = await context.new_page()
    await page.add_init_script(
        "Object.defineProperty(window, 'indexedDB', { value: undefined });" + CUTTABLE_LINE
    )
    await join(page, await link_to(server))
    await is_live(page)
    text = page.get_by_role("textbox", name="Message")
    await text.fill("Half a")
    await page.evaluate("__setLine(false)")
    await expect(page.locator("#connection")).to_contain_text("Keep this page open until then.")
    await text.press("Enter")
    await expect(page.locator(".line .state")).to_have_text("sending")
    await page.reload()
    await expect(page.locator(".line .state")).to_have_text("sent")
    await expect(page.locator(".line .text")).to_have_text("Half a")


async def texts(server: Server, consultation_id: str) -> list[str]:
    """What people wrote, as it is stored."""
    chat = await server.app[STORE].read.chat.of_consultation(consultation_id)
    return [line.text for line in chat if line.kind == "text"]
