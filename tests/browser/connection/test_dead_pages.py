"""No page looks alive that is not: each says so, and what to do."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from signaling.account import Account
from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, is_live, join, link_to, sign_in
from tests.people import Person
from tests.serving import Server, serving
from web.connections.sockets import SOCKETS
from web.keys import ROOMS, STORE


async def nurse_of(server: Server) -> Account:
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    return account


async def fail_once(context: BrowserContext, *files: str) -> list[str]:
    """Make these files fail the first time they are asked for; what was asked for, in order."""
    asked: list[str] = []

    async def answer(route: Route) -> None:
        name = next(file for file in files if file in route.request.url)
        first = name not in asked
        asked.append(name)
        if not first:
            await route.continue_()
        elif name.endswith(".css"):
            await route.fulfill(status=503)
        else:
            await route.abort("connectionreset")

    for file in files:
        await context.route(re.compile(re.escape(file)), answer)
    return asked


async def arrives_though_files_fail(page: Page, server: Server) -> None:
    files = ("js/shared/core.js", "js/pages/session.js", "css/seat.css",
             "js/room/call/call-controller.js", "-call.html", "js/shared/text/user-text.js")  # fmt: skip
    asked = await fail_once(page.context, *files)
    async with Person(server) as nurse:
        await nurse.sign_in()
        await join(page, server.url + await nurse.invite())
        await is_live(page)
        [room] = server.app[ROOMS].hub.rooms_of((await nurse_of(server)).id)
        desk = await nurse.enter(consultation_id=room.consultation.id)
        await desk.command("start_consultation")
        await expect(page.get_by_role("button", name="Start video call")).to_be_visible()
        await desk.say("See https://example.org/a")
        await expect(page.get_by_text("See https://example.org/a")).to_be_visible()
        await expect(page.get_by_role("link", name="https://example.org/a")).to_be_visible()
    await expect(page.locator("#starting")).to_be_hidden()
    assert set(asked) == set(files)
    display = await page.locator("#chat-lines").evaluate("e => getComputedStyle(e).display")
    assert display == "flex", "seat.css was asked for again"


async def test_what_does_not_arrive_is_asked_for_again(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
    await arrives_though_files_fail(await context.new_page(), server)


@pytest.mark.soak
async def test_a_browser_that_remembers_what_did_not_arrive_gets_it_too(
    server: Server, other_browser: Browser
) -> None:
    page = await other_browser.new_page()
    await arrives_though_files_fail(page, server)
    await page.close()


async def test_a_page_whose_scripts_never_arrive_says_so_and_offers_to_try_again(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
    page = await context.new_page()
    down = True

    async def answer(route: Route) -> None:
        await (route.abort("connectionreset") if down else route.continue_())

    await context.route("**/js/pages/session.js", answer)
    await join(page, server.url + await link_to(server))
    await expect(page.locator('[data-says^="A part of this page could not"]')).to_be_visible()
    await expect(page.get_by_text("has not joined yet")).to_be_visible()
    down = False
    await page.get_by_role("link", name="Try again").click()
    await is_live(page)
    await expect(page.get_by_role("link", name="Try again")).to_be_hidden()


async def test_without_scripts_each_page_says_so(server: Server, new_context: NewContext) -> None:
    link = await link_to(server)
    context = await new_context(base_url=server.url, java_script_enabled=False)
    page = await context.new_page()
    # Playwright finds no text inside <noscript>
    sentence = page.locator("noscript p")
    for address in (link, link + "/test"):
        await page.goto(address)
        await expect(sentence).to_be_visible()
    await join(page, server.url + link)
    # there it works without them, see tests/web/pages/plain
    await page.wait_for_url("**/plain")
    await expect(page.get_by_text("Loading…")).to_be_hidden()
    await expect(page.locator('[data-says^="This is taking long"]')).to_be_hidden()
    await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    await sign_in(page, server)
    await expect(sentence).to_be_visible()
    await expect(page.get_by_text("Nobody is waiting.")).to_be_hidden()


async def test_a_dashboard_without_its_line_says_so_and_shows_nothing_stale(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
    page = await context.new_page()
    await sign_in(page, server)
    await expect(page.locator("#line")).to_have_text("Live")
    await expect(page.get_by_text("Nobody is waiting.")).to_be_visible()
    await context.set_offline(True)
    cut(server)
    said = page.get_by_role("status").filter(has_text="You will not hear when somebody arrives")
    await expect(said).to_contain_text("No connection since")
    await expect(page.locator("#line")).to_have_text(re.compile(r"^Reconnecting since .?\d"))
    await expect(page).to_have_title(re.compile("^No connection - Dashboard"))
    await expect(page.get_by_text("Nobody is waiting.")).to_be_hidden()
    async with Person(server) as phone:
        wire = await phone.enter(invite_id=await phone.join(await link_to(server)))
        asked = await fail_list_once(context, server)
        await context.set_offline(False)
        await expect(page.locator("#waiting-list")).to_contain_text("Amina")
        await expect(said).to_be_hidden()
        await expect(page.locator("#line")).to_have_text("Live")
        await expect(page).to_have_title(re.compile(r"^\(1\) Dashboard"))
        await wire.ws.close()
    await expect(page.locator("#planned")).to_contain_text("Amina")
    assert len(asked) > 1
    # the sign-in is over while the line is down, as after twelve hours or when it was disabled
    await context.set_offline(True)
    cut(server)
    await expect(said).to_be_visible()
    account = await nurse_of(server)
    await server.app[STORE].write(lambda records: records.web_sessions.remove_all_of(account.id))
    await context.set_offline(False)
    await expect(page.get_by_label("Password")).to_be_visible()


async def fail_list_once(context: BrowserContext, server: Server) -> list[str]:
    """Let the next look at the lists of the dashboard be in vain; what was asked for."""
    asked: list[str] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        await (route.fulfill(status=503) if len(asked) == 1 else route.continue_())

    await context.route(server.url + "/", answer)
    return asked


def cut(server: Server) -> None:
    """Every line is down."""
    for socket in server.app[SOCKETS].copy():
        socket.close("restart")


async def test_a_page_whose_line_is_blocked_says_so_and_one_under_another_name_where_it_works(
    tmp_path: Path, new_context: NewContext
) -> None:
    home = "http://tele.example"
    async with serving(tmp_path, TELECONNECT_PUBLIC_URL=home) as server:
        await server.account()
        here = f"http://127.0.0.1:{server.config.port}"
        context = await new_context(base_url=here, allowed_errors=FAILED_LOADS)
        page = await context.new_page()
        link = await link_to(server)
        await page.goto(link)
        await expect(page.locator("#elsewhere")).to_contain_text(here)
        await expect(page.get_by_role("link", name=home + link)).to_be_visible()
        await page.get_by_role("button", name="Join the session").click()
        await expect(page.locator("#connection")).to_contain_text(home)
    async with serving(tmp_path, TELECONNECT_OTHER_HOSTS="here.example") as server:
        context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
        await context.route_web_socket("**/socket*", lambda socket: socket.close(code=1011))
        page = await context.new_page()
        await join(page, server.url + await link_to(server))
        await expect(page.get_by_text("Live connections are blocked")).to_be_visible()
        await sign_in(page, server)
        await expect(page.get_by_text("Live connections are blocked")).to_be_visible()


async def test_the_session_page_holds_its_seat_in_one_place_and_nothing_dead(
    server: Server, new_context: NewContext
) -> None:
    link = await link_to(server)
    phone_context, desk_context = [
        await new_context(base_url=server.url, allowed_errors=FAILED_LOADS) for _ in range(2)
    ]
    phone, desk, second = [
        await phone_context.new_page(), await desk_context.new_page(),
        await desk_context.new_page(),
    ]  # fmt: skip
    await join(phone, server.url + link)
    await sign_in(desk, server)
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").dblclick()
    await expect(desk.get_by_role("button", name="Terminate the session")).to_be_visible()
    await expect(phone.get_by_text("You are in the session")).to_be_visible()
    await expect(desk.locator("#terminate-dialog")).to_be_hidden()
    await expect(desk.locator("#notice")).to_be_hidden()

    await second.goto(desk.url)
    await expect(second.get_by_role("button", name="Terminate the session")).to_be_visible()
    await expect(
        desk.get_by_role("heading", name="This session continues in another tab")
    ).to_be_visible()
    for name in ("Terminate the session", "Start video call", "Send"):
        await expect(desk.get_by_role("button", name=name)).to_be_hidden()
    # whoever looks at it again still sees so
    await desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(desk.locator("#heading")).to_have_text("This session continues in another tab")
    await desk.get_by_role("button", name="Use here").click()
    await expect(desk.get_by_role("button", name="Terminate the session")).to_be_visible()
    await expect(second.get_by_role("button", name="Use here")).to_be_visible()
    await desk.close()
    await expect(second.get_by_role("button", name="Terminate the session")).to_be_visible()

    await second.get_by_role("button", name="Terminate the session").click()
    await second.get_by_role("button", name="Terminate but keep open").click()
    await second.get_by_role("button", name="Resume the session").dblclick()
    await expect(phone.get_by_text("You are in the session")).to_be_visible()
    await expect(second.locator("#notice")).to_be_hidden()

    await phone.clock.install()
    await phone.reload()
    await phone.get_by_role("textbox", name="Message").fill("A secret of mine")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(second.get_by_text("A secret of mine")).to_be_visible()
    await second.get_by_role("button", name="Terminate the session").click()
    await second.get_by_role("button", name="Close", exact=True).click()
    await expect(phone.get_by_role("heading", name="This session is over.")).to_be_visible()
    await phone.clock.fast_forward("23:59:00")
    await expect(phone.get_by_text("A secret of mine")).to_be_visible()
    await phone.clock.fast_forward("02:00")
    await expect(phone.get_by_text("A secret of mine")).to_have_count(0)
    await expect(phone.get_by_text("This link no longer works")).to_be_visible()
