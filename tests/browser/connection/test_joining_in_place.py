"""Joining without leaving the landing page, over a socket that was opened while somebody read."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, WebSocket, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, is_live, join, link_to
from tests.serving import Server
from web.keys import ROOMS, STORE

SEAT = re.compile(r"/seat/[\w-]+$")
BUTTON = "Join the session"
OPENED = """window.opened = [];
const Native = WebSocket;
window.WebSocket = class extends Native {
  constructor(address) { super(address); opened.push(this); }
};"""
"Keeps the sockets of a page."


class Followed:
    """A landing page, and what it opens and asks for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocket] = []
        self.asked: list[tuple[str, str, bool]] = []
        "(method, path, whether the browser goes there)"
        page.on("websocket", lambda socket: self.sockets.append(socket))
        page.on(
            "request",
            lambda request: self.asked.append(
                (request.method, request.url, request.is_navigation_request())
            ),
        )

    @property
    def navigations(self) -> list[str]:
        return [method for method, _url, goes in self.asked if goes]


async def reading(context: BrowserContext, link: str) -> Followed:
    """Somebody has the landing page open until its socket is."""
    followed = Followed(await context.new_page())
    async with followed.page.expect_websocket():
        await followed.page.goto(link)
    return followed


async def press(page: Page) -> None:
    await page.get_by_role("button", name=BUTTON).click()


async def test_whoever_has_read_joins_in_place_and_over_the_socket_that_is_open(
    server: Server, new_context: NewContext
) -> None:
    link = await link_to(server)
    followed = await reading(await new_context(base_url=server.url), link)
    page = followed.page
    assert "hello" not in followed.sockets[0].url
    invite = await server.app[STORE].read.invites.by_token(link.rpartition("/")[2])
    assert invite is not None
    assert server.app[ROOMS].hub.room(invite.consultation_id) is None, "nobody is announced"
    await press(page)
    await is_live(page)
    assert SEAT.search(page.url)
    assert followed.navigations == ["GET"]
    assert len(followed.sockets) == 1
    assert link not in await page.content(), "the link is no part of the page"
    assert await page.evaluate("document.activeElement.id") == "main"
    assert await page.locator("#end").count() == 1, "else js/whole.js would ask for the page again"
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are in the waiting room")
    await page.get_by_role("textbox", name="Message").fill("I am here")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".line .state")).to_have_text("sent")


async def test_so_it_is_in_the_other_browser(server: Server, other_browser: Browser) -> None:
    context = await other_browser.new_context(base_url=server.url, locale="en-GB")
    await context.add_init_script(OPENED)
    page = await context.new_page()
    await page.goto(await link_to(server))
    await page.wait_for_function("() => opened.length && opened[0].readyState === WebSocket.OPEN")
    await page.evaluate("window.isLandingPage = true")
    await press(page)
    await is_live(page)
    assert SEAT.search(page.url)
    assert await page.evaluate("[opened.length, isLandingPage]") == [1, True]


async def test_reloading_leads_to_the_seat_and_going_back_away_from_it(
    server: Server, new_context: NewContext
) -> None:
    link = await link_to(server)
    context = await new_context(base_url=server.url)
    page = (await reading(context, link)).page
    await press(page)
    await is_live(page)
    seat = page.url
    await page.reload()
    await is_live(page)
    assert page.url == seat
    await page.goto("about:blank")
    await page.go_back()
    await is_live(page)
    assert page.url == seat
    addresses = await page.evaluate("navigation.entries().map((entry) => entry.url)")
    assert not [each for each in addresses if link in each]


async def test_a_socket_that_has_ended_meanwhile_is_followed_by_another(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    await context.add_init_script(OPENED)
    followed = await reading(context, await link_to(server))
    page = followed.page
    await page.wait_for_function("() => opened[0].readyState === WebSocket.OPEN")
    await page.evaluate("opened[0].close()")
    await page.wait_for_function("() => opened[0].readyState === WebSocket.CLOSED")
    await press(page)
    await is_live(page)
    assert followed.navigations == ["GET"]
    assert len(followed.sockets) == 2


async def test_where_no_socket_opens_ahead_the_page_opens_its_own(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    await context.add_init_script(
        """const Native = WebSocket;
        window.WebSocket = class extends Native {
          constructor(address) {
            if (document.querySelector("form[data-seat]")) throw new DOMException("no");
            super(address);
          }
        };"""
    )
    followed = Followed(await context.new_page())
    page = followed.page
    async with page.expect_console_message(lambda line: "no socket ahead" in line.text):
        await page.goto(await link_to(server))
    await press(page)
    await is_live(page)
    assert followed.navigations == ["GET"]


async def test_whoever_saves_data_opens_none_while_reading(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    await context.add_init_script(
        """Object.defineProperty(navigator, "connection", {
          value: Object.assign(new EventTarget(), { saveData: true }),
        });"""
    )
    followed = Followed(await context.new_page())
    page = followed.page
    await page.goto(await link_to(server))
    await page.wait_for_function(
        """() => performance.now() > 3000
          && performance.getEntriesByType("resource").some(({ name }) =>
            name.endsWith("pages/session.js"))"""
    )
    assert followed.sockets == []
    await press(page)
    await is_live(page)


@pytest.mark.parametrize("trouble", ["no answer", "an error", "another version"])
async def test_where_anything_is_odd_the_browser_goes_to_the_session_itself(
    server: Server, new_context: NewContext, trouble: str
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
    link = await link_to(server)
    followed = await reading(context, link)
    page = followed.page

    async def disturb(route: Route) -> None:
        if route.request.resource_type != "fetch" or route.request.method != "POST":
            await route.continue_()
        elif trouble == "no answer":
            await route.abort()
        elif trouble == "an error":
            await route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")
        else:
            answer = await route.fetch()
            body = (await answer.text()).replace("js/pages/session.js", "js/pages/newer.js")
            await route.fulfill(response=answer, body=body)

    await page.route(re.compile(re.escape(link)), disturb)
    await press(page)
    await is_live(page)
    assert SEAT.search(page.url)
    assert len(followed.navigations) == 2
    assert link not in await page.content()


async def test_a_question_that_comes_up_meanwhile_is_asked(
    server: Server, new_context: NewContext
) -> None:
    """The browser has taken another seat since the landing page came."""
    context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
    first, second = await link_to(server), await link_to(server)
    page = (await reading(context, first)).page
    beside = await context.new_page()
    await join(beside, second)
    await is_live(beside)
    await press(page)
    await expect(page.get_by_role("alert")).to_contain_text("Another session is open")
    await page.get_by_role("button", name="Both sessions are mine").click()
    await is_live(page)


async def test_a_second_tab_takes_the_seat_from_the_first(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    link = await link_to(server)
    tabs = [(await reading(context, link)).page for _ in range(2)]
    await press(tabs[0])
    await is_live(tabs[0])
    await press(tabs[1])
    await is_live(tabs[1])
    await expect(tabs[0].get_by_role("heading", level=1)).to_have_text(
        "This session continues in another tab"
    )
    await expect(tabs[0].get_by_text("This session is closed")).to_be_hidden()
