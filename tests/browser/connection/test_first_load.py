"""From the landing page to the waiting room: in few requests, and with the socket before all else."""

import asyncio
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, Request, Route, WebSocket, expect

from signaling.wire.messages import PROTOCOL_VERSION
from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, is_live, join, link_to
from tests.serving import Server
from web.routes import path

MOST_REQUESTS = 9
MOST_BYTES = {"en": 29_800, "uk": 32_600}
"Until somebody who has read waits, with headers, by HTTP/1.1; the second language is among the heaviest."
LATER = re.compile(r"/(worker\.js|worker/|shell|icon\.svg|room/saving/|shared/chunk-)")
"What a waiting page asks for beside what it waits for."
SEAT = re.compile(r"/seat/[\w-]+$")


async def join_by_form(page: Page, link: str) -> None:
    """As where the landing page's script has not started yet: the answer is a page of its own."""
    await page.goto(link)
    await page.evaluate("document.querySelector('form[data-seat]').submit()")


@pytest.fixture
async def other_page(other_browser: Browser, server: Server) -> Page:
    """Of Firefox, where there is one; it fails for nothing but what a test looks at."""
    context = await other_browser.new_context(base_url=server.url, locale="en-GB")
    return await context.new_page()


async def test_the_answer_to_join_is_the_session_itself_under_the_address_of_the_seat(
    server: Server, new_context: NewContext
) -> None:
    page = await (await new_context(base_url=server.url)).new_page()
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    link = await link_to(server)
    await join_by_form(page, link)
    await is_live(page)
    assert SEAT.search(page.url)
    answers = [each for each in requests if each.is_navigation_request()]
    assert [each.method for each in answers] == ["GET", "POST"], "no redirect"
    response = await answers[1].response()
    assert response is not None
    assert (await response.all_headers())["cache-control"] == "no-store"


async def comes_back(page: Page, link: str) -> None:
    await join(page, link)
    await is_live(page)
    await page.reload()
    await is_live(page)
    seat = page.url
    assert SEAT.search(seat)
    assert link not in await page.content(), "the link is no part of the page"
    await page.goto("about:blank")
    await page.go_back()
    await is_live(page)
    assert page.url == seat
    await page.go_back()
    assert link not in page.url, "going back does not lead to the link"


async def test_reloading_and_going_back_lead_to_the_seat(
    server: Server, new_context: NewContext
) -> None:
    page = await (await new_context(base_url=server.url)).new_page()
    await comes_back(page, await link_to(server))


async def test_so_they_do_in_the_other_browser(server: Server, other_page: Page) -> None:
    faults: list[str] = []
    other_page.on(
        "console", lambda line: faults.append(line.text) if line.type == "error" else None
    )
    await comes_back(other_page, await link_to(server))
    assert not [each for each in faults if "Content" in each or "CSP" in each]


async def test_the_socket_is_opened_before_any_file_of_the_page_has_come(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    link = await link_to(server)
    await page.goto(link)
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.wait_for_load_state("networkidle")
    await context.route(re.compile(r"/static/.*\.js"), hold)
    sockets: list[WebSocket] = []
    told = asyncio.Event()

    def follow(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framereceived", lambda frame: '"snapshot"' in str(frame) and told.set())

    page.on("websocket", follow)
    await page.evaluate("document.querySelector('form[data-seat]').submit()")
    await told.wait()
    [hello] = parse_qs(urlsplit(sockets[0].url).query)["hello"]
    assert f'"version":{PROTOCOL_VERSION}' in hello
    await expect(page.get_by_text("has not joined yet")).to_be_visible()
    assert await page.locator("#room").get_attribute("data-line") is None, "no script has come"
    released.set()
    await is_live(page)
    assert len(sockets) == 1, "the page goes on with the socket that it has"
    await page.get_by_role("textbox", name="Message").fill("I am here")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".line .state")).to_have_text("sent")


async def test_a_socket_that_ended_before_the_scripts_came_is_followed_by_another(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=["WebSocket connection"])
    await context.add_init_script(
        """const Native = WebSocket;
        window.WebSocket = class extends Native {
          constructor(address) {
            super(address.includes("hello=") ? address.replace("/socket?", "/no-socket?") : address);
          }
        };"""
    )
    page = await context.new_page()
    await join_by_form(page, await link_to(server))
    await is_live(page)


async def test_without_a_place_for_it_in_the_address_the_page_says_hello_itself(
    server: Server, new_context: NewContext
) -> None:
    """As where the policy of an old browser stops the first script's socket."""
    context = await new_context(base_url=server.url)
    await context.add_init_script(
        """const Native = WebSocket;
        window.WebSocket = class extends Native {
          constructor(address) {
            if (address.includes("hello")) throw new DOMException("no", "SecurityError");
            super(address);
          }
        };"""
    )
    page = await context.new_page()
    await join_by_form(page, await link_to(server))
    await is_live(page)
    assert path("socket") in await page.evaluate("document.body.dataset.socket")


@pytest.mark.parametrize("language", MOST_BYTES)
async def test_while_somebody_reads_the_session_is_fetched_ahead_in_few_bytes(
    server: Server, new_context: NewContext, language: str
) -> None:
    page = await (await new_context(base_url=server.url)).new_page()
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    asked: dict[str, str] = {}
    sent: list[str] = []
    sizes: dict[str, int] = {}
    devtools.on(
        "Network.requestWillBeSent",
        lambda event: asked.update({event["requestId"]: event["request"]["url"]}),
    )

    def finished(event: dict[str, Any]) -> None:
        if event["encodedDataLength"]:
            address = urlsplit(asked[event["requestId"]]).path
            sent.append(address)
            sizes[address] = sizes.get(address, 0) + event["encodedDataLength"]

    devtools.on("Network.loadingFinished", finished)
    await page.goto(await link_to(server, language))
    await page.wait_for_load_state("networkidle")
    await page.wait_for_function(
        """() => document.body.dataset.nextFiles.split(" ").every((file) =>
            performance.getEntriesByName(new URL(file, location.href).href).length)"""
    )
    before = len(sent)
    await page.locator("form[data-seat] button").click()
    await is_live(page)
    assert sum(sizes.values()) < MOST_BYTES[language], sizes
    await page.wait_for_load_state("networkidle")
    until_waiting = [path for path in sent[before:] if not LATER.search(path)]
    assert [path.split("/")[1] for path in until_waiting] == ["i"], until_waiting
    assert len(sent) <= MOST_REQUESTS, sent


async def test_whoever_does_not_read_needs_few_requests_too(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    requests: list[str] = []
    page.on("requestfinished", lambda request: requests.append(urlsplit(request.url).path))
    await page.goto(await link_to(server), wait_until="commit")
    await page.get_by_role("button", name="Join the session").click()
    await is_live(page)
    files = {each for each in requests if not LATER.search(each)}
    assert len(files) + 1 <= MOST_REQUESTS, files


async def test_the_landing_page_is_styled_as_soon_as_it_comes(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
    page = await context.new_page()
    await context.route(re.compile(r"/static/"), lambda route: route.abort())
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text))
    await page.goto(await link_to(server))
    button = page.get_by_role("button", name="Join the session")
    assert await button.evaluate("each => getComputedStyle(each).borderRadius") != "0px"
    assert not [each for each in faults if "Content Security Policy" in each]
