"""Where the new messages begin, how many there are, and how the reader gets to them."""

import re

from playwright.async_api import Page, expect

from tests.browser.chat.test_long_chat import Line, numbered, opened
from tests.browser.conftest import NewContext
from tests.people import Person
from tests.serving import Server
from tests.web.pages.long_chat import planned, write
from web.keys import STORE

COUNTED = "Go to the newest messages \u20682\u2069 new messages"
LOOK = """
(visible) => {
  Object.defineProperty(document, "visibilityState", {
    configurable: true, get: () => (visible ? "visible" : "hidden") });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


async def marked(page: Page) -> list[str]:
    """What stands below each mark."""
    found: list[str] = await page.locator(".unread + .line .text").all_text_contents()
    return found


async def test_new_messages_are_marked_counted_and_reached(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse, Person(server) as phone:
        laid = await planned(server, nurse, phone)
        stored = [(laid.scheduler_id, text) for text in numbered(1, 120)]
        await write(server, laid.consultation_id, stored)
        desk = await nurse.enter(consultation_id=laid.consultation_id)
        page = await opened(laid, new_context, Line())
        # what is below the screen of a phone is not read
        await page.get_by_role("textbox", name="Message").scroll_into_view_if_needed()
        await expect(page.get_by_text("line 120", exact=True)).to_be_in_viewport()
        await desk.until("seen_changed", participant_id=laid.seat)
        await expect(page.locator(".unread")).to_have_count(0)
        jump = page.get_by_role("button", name="Go to the newest messages")
        await expect(jump).to_be_hidden()

        # away from the page: what came meanwhile begins at a mark, until the reader answers
        await page.evaluate(LOOK, False)
        for text in numbered(121, 123):
            third = await desk.say(text)
        await expect(page.get_by_text("line 123", exact=True)).to_be_attached()
        assert await marked(page) == []
        await expect(page).to_have_title(re.compile(r"^\(3\) "))
        await page.evaluate(LOOK, True)
        await expect(page.locator(".unread")).to_have_text("New messages")
        await expect(page).not_to_have_title(re.compile(r"\("))
        assert await marked(page) == ["line 121"]
        await desk.until("seen_changed", participant_id=laid.seat, position=third["position"])
        await page.get_by_role("textbox", name="Message").fill("Thank you")
        await page.keyboard.press("Enter")
        await expect(page.locator(".unread")).to_have_count(0)

        # reading older lines: nothing moves, the new ones are counted, and not seen yet
        scroll = page.locator("#chat-scroll")
        await scroll.evaluate("scroll => scroll.scrollTo(0, 0)")
        await expect(page.get_by_text("line 30", exact=True)).to_be_attached()
        await expect(jump).to_have_accessible_name("Go to the newest messages")
        place = await scroll.evaluate("scroll => scroll.scrollHeight - scroll.scrollTop")
        first = await desk.say("line 124")
        last = await desk.say("line 125")
        await expect(jump).to_have_accessible_name(COUNTED)
        assert await scroll.evaluate("scroll => scroll.scrollHeight - scroll.scrollTop") > place
        assert await marked(page) == ["line 124"]
        chat = server.app[STORE].read.chat
        assert (await chat.seen(laid.consultation_id))[laid.seat] < first["position"]
        await jump.press("Enter")
        await expect(page.get_by_text("line 125", exact=True)).to_be_in_viewport()
        await expect(jump).to_be_hidden()
        assert await page.evaluate("document.activeElement.id") == "chat-scroll"
        await desk.until("seen_changed", participant_id=laid.seat, position=last["position"])

        # opened again: from the first message that was not seen
        await page.goto("about:blank")
        for text in numbered(126, 127):
            await desk.say(text)
        await page.goto(f"{server.url}/seat/{laid.seat}")
        await expect(page.locator(".unread")).to_be_attached()
        assert await marked(page) == ["line 126"]
