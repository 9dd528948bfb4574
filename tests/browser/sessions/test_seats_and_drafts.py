"""Where what a page says, what somebody wrote and whose a device is meet."""

import asyncio
import json

from playwright.async_api import BrowserContext, Route, WebSocketRoute, expect

from tests.browser.calls.test_devices import given, live, meeting
from tests.browser.chat.test_unsent_messages import CUTTABLE_LINE, STORED
from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, is_live, link_to, sign_in
from tests.people import Person
from tests.serving import Server
from web.connections.sockets import SOCKETS
from web.keys import STORE


async def test_what_is_written_before_the_scripts_run_stays_in_the_field(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    arrived = await hold_scripts(context)
    await page.goto(await link_to(server))
    await page.get_by_role("button", name="Join the session").click(no_wait_after=True)
    text = page.get_by_role("textbox", name="Message")
    await text.fill("I am early")
    arrived.set()
    await is_live(page)
    await expect(text).to_have_value("I am early")
    await page.reload()
    await expect(text).to_have_value("I am early")


async def test_what_is_sent_before_the_scripts_run_arrives_once_and_the_page_goes_on(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    arrived = await hold_scripts(context)
    await page.goto(await link_to(server))
    await page.get_by_role("button", name="Join the session").click(no_wait_after=True)
    text = page.get_by_role("textbox", name="Message")
    await text.fill("I am early")
    sent = asyncio.Event()
    page.on("framenavigated", lambda frame: "/plain" in frame.url and sent.set())
    await page.get_by_role("button", name="Send", exact=True).click(no_wait_after=True)
    await sent.wait()
    arrived.set()
    await is_live(page)
    await expect(page.get_by_role("log").get_by_text("I am early")).to_have_count(1)
    await expect(text).to_have_value("")


async def hold_scripts(context: BrowserContext) -> asyncio.Event:
    """Keep the scripts of the session page back until the event is set."""
    arrived = asyncio.Event()

    async def hold(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await context.route("**/js/pages/session.js", hold)
    return arrived


async def test_what_is_written_before_the_script_that_keeps_it_is_there_outlives_a_reload(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=[*FAILED_LOADS, "no-socket"])
    page = await context.new_page()
    await page.add_init_script(CUTTABLE_LINE)
    keeping = "**/js/room/chat/keeping.js"
    await context.route(keeping, lambda route: route.abort("connectionreset"))
    await page.goto(await link_to(server))
    await page.get_by_role("button", name="Join the session").click()
    await is_live(page)
    await page.evaluate("__setLine(false)")
    text = page.get_by_role("textbox", name="Message")
    await text.fill("I am on my way")
    await text.press("Enter")
    await text.fill("Half a message")
    await page.reload()
    # nothing that this page does before that script is there takes away what the last one held
    await is_live(page)
    await text.press_sequentially("Another")
    await context.unroute(keeping)
    await page.reload()
    await expect(page.locator(".line .text")).to_have_text("I am on my way")
    await expect(page.locator(".line .state")).to_have_text("sent")
    await expect(text).to_have_value("Half a message\nAnother")


async def test_a_line_that_hangs_while_it_is_opened_is_lost_all_the_same(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    sockets: list[WebSocketRoute] = []

    async def carry(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if len(sockets) == 1:
            socket.connect_to_server()

    await context.route_web_socket("**/socket*", carry)
    await page.goto(await link_to(server))
    await page.get_by_role("button", name="Join the session").click()
    await is_live(page)
    await sockets[0].close(code=1012)
    await expect(page.locator("#connection")).to_contain_text("Connection lost")
    await expect(page.locator("#room")).to_have_attribute("data-line", "connecting")
    assert await page.locator("#connection").is_visible()


async def test_what_is_not_sent_goes_to_the_tab_that_has_the_seat(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page, other = await context.new_page(), await context.new_page()
    await page.goto(await link_to(server))
    await page.get_by_role("button", name="Join the session").click()
    text = page.get_by_role("textbox", name="Message")
    await is_live(page)
    await text.fill("Half a first")
    await other.goto(page.url)
    second = other.get_by_role("textbox", name="Message")
    await expect(second).to_have_value("Half a first")
    await expect(page.get_by_role("heading", name="continues in another tab")).to_be_visible()
    await expect(page.locator(".line")).to_have_count(0)
    await second.fill("Half a second")
    await page.get_by_role("button", name="Use here").click()
    await expect(text).to_have_value("Half a second")
    await expect(other.get_by_role("heading", name="continues in another tab")).to_be_visible()
    await page.close()
    await expect(second).to_have_value("Half a second")
    await second.press("Enter")
    await expect(other.locator(".line .state")).to_have_text("sent")
    assert await other.evaluate(STORED) == []


async def test_messages_queued_in_one_tab_are_sent_once_by_the_next_one(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=["no-socket"])
    page = await context.new_page()
    await page.add_init_script(CUTTABLE_LINE)
    await page.goto(await link_to(server))
    await page.get_by_role("button", name="Join the session").click()
    await is_live(page)
    await page.evaluate("__setLine(false)")
    text = page.get_by_role("textbox", name="Message")
    for message in ("one", "two"):
        await text.fill(message)
        await text.press("Enter")
    await expect(page.locator(".line .state")).to_have_text(["sending", "sending"])
    other = await context.new_page()
    await other.goto(page.url)
    await expect(other.locator(".line .state")).to_have_text(["sent", "sent"])

    # written by the one while the other has the seat; it is sent by whoever has it next
    await text.fill("three")
    await text.press("Enter")
    await page.evaluate("__setLine(true)")
    await expect(page.get_by_role("heading", name="continues in another tab")).to_be_visible()
    await page.get_by_role("button", name="Use here").click()
    await expect(page.locator(".line .state")).to_have_text(["sent"] * 3)
    await other.get_by_role("button", name="Use here").click()
    await expect(other.locator(".line .text")).to_have_text(["one", "two", "three"])
    await expect(page.get_by_role("heading", name="continues in another tab")).to_be_visible()
    assert await other.evaluate(STORED) == []


async def test_a_session_that_ends_over_an_open_question_offers_no_call(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await meeting(server, new_context)
    await desk.get_by_role("button", name="Start audio call").click()
    await phone.evaluate("__shut()")
    await phone.get_by_role("button", name="Accept", exact=True).click()
    await expect(phone.locator("#device-words")).to_contain_text("Your browser asks")
    await desk.get_by_role("button", name="Terminate the session").click()
    await desk.get_by_role("button", name="Close", exact=True).click()
    await expect(phone.get_by_role("heading", name="This session is over.")).to_be_visible()
    await phone.evaluate("__open()")
    await given(phone, 1)
    await live(phone, "")
    await live(desk, "")
    await expect(phone.locator("#notice")).to_be_hidden()


async def test_a_sign_in_that_ends_takes_no_draft_that_a_reload_brought_back(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    await sign_in(page, server)
    async with Person(server) as guest:
        wire = await guest.enter(invite_id=await guest.join(await link_to(server)))
        await page.get_by_role("button", name="Start next consultation").click()
        text = page.get_by_role("textbox", name="Message")
        await expect(page.locator("#room")).to_have_attribute("data-line", "open")
        await text.fill("A long report")
        await page.reload()
        await expect(page.get_by_role("button", name="Start the session")).to_be_visible()
        await expect(text).to_have_value("A long report")
        account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
        assert account is not None
        await server.app[STORE].write(
            lambda records: records.web_sessions.remove_all_of(account.id)
        )
        for socket in server.app[SOCKETS].copy():
            socket.close("restart")
        await expect(page.get_by_role("alert").get_by_text("You are signed out")).to_be_visible()
        await expect(page.locator(".line .text")).to_have_text("A long report")
        await wire.ws.close()


async def test_calls_that_had_to_be_asked_for_again_understand_a_refusal(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
    page = await context.new_page()

    async def answer(route: Route) -> None:
        there = "-again-" in route.request.url
        await (route.continue_() if there else route.abort("connectionreset"))

    def refuse(socket: WebSocketRoute) -> None:
        line = socket.connect_to_server()

        def hear(frame: str | bytes) -> None:
            message = json.loads(frame)
            refusal = {"type": "error", "code": "invalid_message", "text": "Not now."}
            if message["type"] == "call_start":
                socket.send(json.dumps({**refusal, "id": message["id"]}))
            else:
                line.send(frame)

        socket.on_message(hear)

    await context.route("**/js/room/call/call-controller.js", answer)
    await context.route_web_socket("**/socket*", refuse)
    async with Person(server) as nurse:
        await nurse.sign_in()
        await page.goto(await nurse.invite())
        await page.get_by_role("button", name="Join the session").click()
        await is_live(page)
        invite = await server.app[STORE].read.invites.get(page.url.rpartition("/")[2])
        assert invite is not None
        desk = await nurse.enter(consultation_id=invite.consultation_id)
        await desk.command("start_consultation")
        await page.get_by_role("button", name="Start audio call").click()
        await expect(page.locator("#notice")).to_have_text("Not now.")
        await expect(page.locator("#call")).to_be_hidden()
