"""Waiting and writing in a browser whose scripts are switched off, with a scheduler whose are not."""

import re

from playwright.async_api import FrameLocator, Page, expect

from scripts.traffic.browser import until
from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, join, link_to, sign_in
from tests.files import photo
from tests.people import Person
from tests.serving import Server
from web.keys import STORE
from web.routes import path


def lines(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name=lines]")


async def show_new(page: Page) -> None:
    await page.get_by_role("link", name="Show new messages").click()


async def test_somebody_without_scripts_waits_writes_and_reads(
    server: Server, new_context: NewContext
) -> None:
    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    async with Person(server) as nurse:
        await nurse.sign_in()
        link = await nurse.invite()
    phone = await (
        await new_context(
            base_url=server.url,
            viewport=(360, 740),
            java_script_enabled=False,
            allowed_errors=FAILED_LOADS,  # a message that is refused
        )
    ).new_page()
    await phone.goto(link)
    await phone.get_by_role("button", name="Join the session").click()
    await phone.wait_for_url(re.compile(r"/seat/[\w-]+/plain$"))
    await expect(
        lines(phone).get_by_role("heading", name="You are in the waiting room")
    ).to_be_visible()

    await desk.get_by_role("link", name="Waiting room").click()
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()
    await desk.get_by_role("textbox", name="Message").fill("Can you read this?")
    await desk.keyboard.press("Enter")

    field = phone.get_by_role("textbox", name="Message")
    await field.fill("Half a sen")
    # the frame refreshes by itself, and what is being typed stays
    await expect(lines(phone).get_by_text("Can you read this?")).to_be_visible()
    await expect(lines(phone).get_by_text("You are in the session")).to_be_visible()
    await expect(field).to_have_value("Half a sen")
    await field.fill("Yes, I can")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(lines(phone).get_by_text("Yes, I can")).to_be_visible()
    await expect(field).to_have_value("")
    await expect(desk.locator("#chat-lines").get_by_text("Yes, I can")).to_be_visible()
    await expect(desk.get_by_text("cannot take calls with the browser used there")).to_be_visible()

    photo_file = {"name": "wound.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    await phone.get_by_label("Attach a photo or PDF").set_input_files(files=[photo_file])
    await phone.get_by_role("button", name="Send the photo or PDF").click()
    await expect(lines(phone).get_by_role("img", name="Photo from")).to_be_visible()
    await expect(desk.get_by_role("img", name="Photo from")).to_be_visible()

    await field.fill("x" * 4001)
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(phone.get_by_text("4001 of 4000 characters")).to_be_visible()
    await expect(field).to_have_value("x" * 4001)

    await phone.get_by_role("button", name="Leave this device").click()
    await expect(phone.get_by_role("heading", name="You have left")).to_be_visible()
    await expect(desk.get_by_text(re.compile("Amina.? left")).first).to_be_attached()


async def test_a_frame_whose_line_was_dead_comes_back_by_one_press(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        link = await nurse.invite()
    context = await new_context(
        base_url=server.url, java_script_enabled=False, allowed_errors=FAILED_LOADS
    )
    phone = await context.new_page()
    await phone.goto(link)
    await phone.get_by_role("button", name="Join the session").click()
    waiting = lines(phone).get_by_text("You are in the waiting room")
    await expect(waiting).to_be_visible()
    await phone.get_by_label("Message").fill("half a sentence")
    await context.set_offline(True)
    await show_new(phone)
    await expect(waiting).to_be_hidden()
    await context.set_offline(False)
    await show_new(phone)
    await expect(waiting).to_be_visible()
    await expect(phone.get_by_label("Message")).to_have_value("half a sentence")


FORBIDDEN_STORAGE = """
for (const name of ["sessionStorage", "localStorage", "indexedDB"]) {
  const get = () => { throw new DOMException("forbidden", "SecurityError"); };
  Object.defineProperty(window, name, { get });
}
"""


WITHOUT_TLS = """
Object.defineProperty(window, "isSecureContext", { value: false });
delete Navigator.prototype.mediaDevices;
"""
NO_WEBSOCKET = """
window.WebSocket = class extends WebSocket {
  constructor(address) {
    super(address.replace("/socket", "/blocked"));
  }
};
"""
KEPT = """
() => new Promise((done) => {
  const opened = indexedDB.open("teleconnect");
  opened.onsuccess = () => {
    const found = [];
    const stores = [...opened.result.objectStoreNames];
    const transaction = opened.result.transaction(stores);
    for (const name of stores) {
      const all = transaction.objectStore(name).getAll();
      all.onsuccess = () => found.push(...all.result.map(({ value }) => value));
    }
    transaction.oncomplete = () => {
      opened.result.close();
      done(found);
    };
  };
})
"""
"What the browser keeps of what is not sent."


async def waiting_phone(server: Server, new_context: NewContext, script: str) -> tuple[Page, Page]:
    """(the scheduler's waiting room, the page of somebody in a browser that lacks something)."""
    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    context = await new_context(base_url=server.url, viewport=(360, 740))
    await context.add_init_script(script)
    phone = await context.new_page()
    await join(phone, await link_to(server))
    await desk.get_by_role("link", name="Waiting room").click()
    await expect(desk.locator("li.row", has_text="Amina")).to_be_visible()
    return desk, phone


async def test_where_storage_is_forbidden_the_page_works_and_says_so(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await waiting_phone(server, new_context, FORBIDDEN_STORAGE)
    await phone.get_by_role("textbox", name="Message").fill("Nothing is kept here")
    await expect(phone.get_by_text("This browser keeps nothing")).to_be_visible()
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(phone.get_by_text("sent", exact=True)).to_be_visible()
    await desk.get_by_role("button", name="Start next consultation").click()
    await expect(desk.get_by_text("Nothing is kept here")).to_be_visible()


async def test_who_cannot_call_asks_for_a_call_by_phone(
    server: Server, new_context: NewContext
) -> None:
    """Without WebRTC nobody is offered a call, and the waiting room rings with the wish."""
    desk, phone = await waiting_phone(server, new_context, "delete window.RTCPeerConnection;")
    context = desk.context
    watching = await context.new_page()
    await watching.goto(path("waiting_room"))
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()
    await expect(desk.get_by_text("cannot take calls with the browser used there")).to_be_visible()
    await expect(desk.get_by_role("button", name="Start video call")).to_be_hidden()
    await expect(phone.locator("#no-calls-ways .ways-out")).to_be_visible()
    ask = phone.get_by_role("button", name="Ask for a call by phone")
    await ask.click()
    await expect(desk.get_by_text("asks for a call by phone")).to_be_visible()
    # back on the full page, for scripts do run
    await phone.wait_for_url(re.compile(r"/seat/[\w-]+$"))
    await expect(phone.get_by_text("asks for a call by phone")).to_be_visible()


async def test_no_other_browser_is_named_on_a_page_that_none_calls_on(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await waiting_phone(server, new_context, WITHOUT_TLS)
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()
    await expect(phone.get_by_text("only work on a secure page (https)")).to_be_visible()
    await expect(phone.get_by_role("button", name="Ask for a call by phone")).to_be_visible()
    await expect(phone.locator("#no-calls-ways .ways-out")).to_be_hidden()


async def test_what_is_written_where_the_scripts_do_not_come_is_sent_by_the_form(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, viewport=(360, 740), allowed_errors=[".*"])
    phone = await context.new_page()
    await phone.goto(await link_to(server))
    await context.route(re.compile(r"\.js"), lambda route: route.abort())
    await phone.get_by_role("button", name="Join the session").click()
    # after some seconds the page says so, by its style sheet alone
    await expect(phone.locator('[data-says^="This is taking long."]')).to_be_visible()
    await expect(phone.get_by_role("link", name="Open the simple page")).to_be_visible()
    await phone.get_by_role("textbox", name="Message").fill("Does anybody hear me?")
    await phone.get_by_role("button", name="Ask for a call by phone").click()
    await phone.wait_for_url(re.compile(r"/phone-call"))
    await expect(phone.get_by_text("You have asked for a call by phone")).to_be_visible()
    await expect(phone.get_by_role("textbox", name="Message")).to_have_value(
        "Does anybody hear me?"
    )
    await phone.get_by_role("button", name="Send", exact=True).click()
    await phone.wait_for_url(re.compile(r"/plain"))
    await expect(lines(phone).get_by_text("Does anybody hear me?")).to_be_visible()


async def test_what_was_written_on_the_full_page_and_not_sent_goes_along_to_the_simple_one(
    server: Server, new_context: NewContext
) -> None:
    """A network that lets no WebSocket through leads there; what is typed there is kept as well."""
    context = await new_context(
        base_url=server.url, allowed_errors=[*FAILED_LOADS, "status of 410"]
    )
    await context.add_init_script(NO_WEBSOCKET)
    phone = await context.new_page()
    await phone.goto(await link_to(server))
    await phone.get_by_role("button", name="Join the session").click()
    text = phone.get_by_role("textbox", name="Message")
    await text.fill("My bus is late")
    await text.press("Enter")
    await text.fill("by ten min")
    await phone.get_by_role("link", name="Open the simple page").click()
    await phone.wait_for_url(re.compile(r"/plain$"))
    await expect(text).to_have_value("My bus is late\nby ten min")
    await text.fill("My bus is late\nby ten minutes")
    await until(phone, f"async () => String((await ({KEPT})())).endsWith('minutes')")
    await phone.reload()
    await expect(text).to_have_value("My bus is late\nby ten minutes")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(lines(phone).get_by_text("by ten minutes")).to_be_visible()
    await expect(text).to_have_value("")
    assert await phone.evaluate(KEPT) == []

    await text.fill("I am at the door")
    await until(phone, f"async () => (await ({KEPT})()).length === 1")
    invite = await server.app[STORE].read.invites.get(phone.url.split("/")[-2])
    assert invite is not None
    async with Person(server) as nurse:
        await nurse.sign_in()
        desk = await nurse.enter(consultation_id=invite.consultation_id)
        await desk.command("start_consultation")
        await desk.command("terminate_consultation", choice="close")
    await phone.reload()
    await expect(phone.get_by_role("heading", name="The session is over")).to_be_visible()
    await expect(phone.locator("#left-behind li")).to_have_text(["I am at the door"])
    await until(phone, f"async () => (await ({KEPT})()).length === 0")
