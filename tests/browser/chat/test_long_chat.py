"""A chat of thousands of lines in a real browser: quick to open, whole to read, nothing lost."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from signaling.chat import AUTHOR_BYTES, stored_bytes
from tests.browser.conftest import NewContext
from tests.people import Person
from tests.serving import Server
from tests.web.pages.long_chat import Written, planned, write

LINES = 2500
MOST_LINES = 1000
"As in web/static/js/room/chat-history.js."


@pytest.fixture
async def laid(server: Server) -> AsyncIterator[Written]:
    async with Person(server) as nurse, Person(server) as phone:
        yield await planned(server, nurse, phone)


class Line:
    """The page's sockets pass through here, until it is cut."""

    def __init__(self) -> None:
        self.up = True
        self._open: list[WebSocketRoute] = []

    async def take(self, page: Page) -> None:
        await page.route_web_socket("**/socket*", self._connect)

    async def _connect(self, socket: WebSocketRoute) -> None:
        if self.up:
            socket.connect_to_server()
            self._open.append(socket)
        else:
            await socket.close(code=1013)

    async def cut(self) -> None:
        self.up = False
        for socket in self._open:
            await socket.close(code=1013)
        self._open.clear()


async def opened(laid: Written, new_context: NewContext, line: Line) -> Page:
    """Amina's page on a phone."""
    context = await new_context(base_url=laid.nurse.server.url, viewport=(360, 740))
    page = await context.new_page()
    await line.take(page)
    await context.add_cookies(
        [{"name": "teleconnect", "value": laid.phone.cookie, "url": laid.nurse.server.url}]
    )
    await page.goto(f"/seat/{laid.seat}")
    return page


async def texts(page: Page) -> list[str]:
    found: list[str] = await page.locator("#chat-lines .text").all_text_contents()
    return [" ".join(text.split()[:2]) for text in found if text.startswith("line ")]


def numbered(first: int, last: int) -> list[str]:
    return [f"line {number}" for number in range(first, last + 1)]


async def read_back(page: Page, last: int) -> None:
    """Press the button until there is nothing earlier; every page fits to the one before."""
    earlier = page.get_by_role("button", name="Show earlier messages")
    while (shown := await texts(page))[0] != "line 1":
        first = int(shown[0].removeprefix("line "))
        assert shown == numbered(first, first + len(shown) - 1)
        assert len(shown) <= MOST_LINES
        await earlier.press("Enter")
        top = page.locator("#chat-lines .line .text").first
        await expect(top).not_to_have_text(re.compile(rf"^{shown[0]}\b"))
    assert (await texts(page)) == numbered(1, min(last, MOST_LINES))
    await expect(earlier).to_be_hidden()


async def test_a_long_chat_opens_at_its_end_and_is_read_back_to_its_first_line(
    server: Server, laid: Written, new_context: NewContext
) -> None:
    authors = (laid.seat, laid.scheduler_id)
    stored = [(authors[number % 2], text) for number, text in enumerate(numbered(1, LINES))]
    await write(server, laid.consultation_id, stored)
    page = await opened(laid, new_context, Line())
    newest = page.get_by_text(f"line {LINES}", exact=True)
    await expect(newest).to_be_in_viewport()
    assert len(await texts(page)) <= 50
    await read_back(page, LINES)
    await expect(newest).to_be_hidden()

    await page.locator("#chat-scroll").evaluate("scroll => scroll.scrollTo(0, scroll.scrollHeight)")
    await expect(page.get_by_text(f"line {MOST_LINES + 1}", exact=True)).to_be_attached()
    await page.get_by_role("button", name="Go to the newest messages").click()
    await expect(newest).to_be_in_viewport()
    await page.get_by_role("textbox", name="Message").fill("line and end")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chat-lines .state").last).to_have_text("sent")


async def test_what_is_shown_and_written_outlives_a_long_absence(
    server: Server, laid: Written, new_context: NewContext
) -> None:
    await write(server, laid.consultation_id, [(laid.scheduler_id, one) for one in numbered(1, 50)])
    line = Line()
    page = await opened(laid, new_context, line)
    await expect(page.get_by_text("line 50", exact=True)).to_be_in_viewport()
    await line.cut()
    await page.get_by_role("textbox", name="Message").fill("written without a line")
    await page.keyboard.press("Enter")
    own = page.locator(".line", has_text="written without a line")
    await expect(own.locator(".state")).to_have_text("sending")
    desk = await laid.nurse.enter(consultation_id=laid.consultation_id)
    for text in numbered(51, 130):
        await desk.say(f"{text} {'x' * 3900}")  # together more than is kept for who is away
    line.up = True
    await expect(own.locator(".state")).to_have_text("sent")
    await expect(own).to_have_count(1)
    assert int((await texts(page))[0].removeprefix("line ")) > 51
    await read_back(page, 130)


async def test_what_is_refused_because_the_chat_is_full_stays_on_the_page(
    server: Server, laid: Written, new_context: NewContext
) -> None:
    full = AUTHOR_BYTES // stored_bytes("x" * 4000)
    await write(server, laid.consultation_id, [(laid.seat, "x" * 4000)] * full)
    page = await opened(laid, new_context, Line())
    message = page.get_by_role("textbox", name="Message")
    await message.fill("short")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This chat is nearly full.")).to_be_visible()
    await message.fill("y" * 4000)
    await page.keyboard.press("Enter")
    for _ in range(2):
        refused = page.locator(".line", has_text="yyyy")
        await expect(refused.locator(".state")).to_contain_text("not sent: ")
        await expect(refused.locator(".state")).to_contain_text("This chat is full")
        await page.reload()
