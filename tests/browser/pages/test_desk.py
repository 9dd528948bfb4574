"""The desk in a browser: who waits, what is unread, silence, the line, and a header of one row."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import sign_in
from tests.people import Person, Wire, consultation_of
from tests.serving import Server
from web.keys import STORE
from web.routes import path

COUNT_TONES = """
    window.tones = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
      window.tones += 1;
      return make.call(this);
    };
    Object.defineProperty(Notification, "permission", { get: () => "default" });
"""
"Counts what would sound; and as a browser that has not been asked about notifications."


@asynccontextmanager
async def desk_of(server: Server) -> AsyncIterator[dict[str, Wire]]:
    """Amina and Boris wait, Fatima's session was kept open; the sockets of their pages and the nurse's."""
    async with AsyncExitStack() as people:
        nurse = await people.enter_async_context(Person(server))
        await nurse.sign_in()
        wires = {}
        for name, language in (("Amina", "ar"), ("Boris", "uk"), ("Fatima", "en")):
            guest = await people.enter_async_context(Person(server))
            seat = await guest.join(await nurse.invite(name, language=language))
            wires[name] = await guest.enter(invite_id=seat)
        held = await nurse.enter(consultation_id=await consultation_of(wires["Fatima"]))
        await held.command("start_consultation")
        await held.command("terminate_consultation", choice="keep_open")
        wires["nurse"] = held
        # whoever reads nothing is cut off after some seconds
        reading = [asyncio.create_task(wire.end()) for wire in wires.values()]
        yield wires
        for each in reading:
            each.cancel()
        await asyncio.wait(reading)


async def tones(page: Page) -> int:
    counted: int = await page.evaluate("window.tones")
    return counted


async def test_two_wait_without_doubles_it_can_be_muted_and_what_is_unread_shows(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    await context.add_init_script(COUNT_TONES)
    async with desk_of(server) as wires:
        page = await context.new_page()
        await page.clock.install()
        await sign_in(page, server)
        await page.goto(path("dashboard"))  # the rows are in the page already
        rows = page.locator("#waiting-list > li")
        badge = page.locator("#waiting-badge")
        await expect(page.locator("#line")).to_have_text("Live")
        await expect(badge).to_have_text("2")
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text("Amina")
        tag = await rows.first.locator(".speaks").bounding_box()
        assert tag is not None and tag["width"] < 150
        first = await rows.first.bounding_box()
        above = await page.get_by_role("button", name="Start next consultation").bounding_box()
        assert first is not None and above is not None
        assert first["y"] - above["y"] - above["height"] >= 7

        # one press asks for the call
        forms = rows.first.locator("form")
        for button, start in (("Start with video", "video"), ("Start with chat", "chat")):
            pressed = rows.first.get_by_role("button", name=button)
            assert await pressed.get_attribute("value") == start
        held = await consultation_of(wires["Amina"])
        address = path("session", consultation_id=held)
        assert await forms.evaluate_all("all => all.map(f => f.getAttribute('action'))") == [
            address, address,
        ]  # fmt: skip

        await page.get_by_role("button", name="Mute for 15 minutes").click()
        await expect(page.locator("#muted")).to_have_text(re.compile(r"^Muted until .?\d"))
        silent = await tones(page)
        await page.clock.run_for(7_000)
        assert await tones(page) == silent
        await page.reload()
        await expect(page.locator("#muted")).to_have_text(re.compile(r"^Muted until .?\d"))
        await expect(badge).to_have_text("2")
        assert await tones(page) == 0
        await page.get_by_role("button", name="Unmute").click()
        await expect(page.get_by_role("button", name="Mute for 15 minutes")).to_be_focused()
        assert await tones(page) > 0
        # set by a clock that was wrong: nobody chose so long a silence
        await page.evaluate("localStorage.setItem('muted-until', Date.now() + 3 * 3600_000)")
        await page.reload()
        await expect(page.get_by_role("button", name="Mute for 15 minutes")).to_be_visible()

        await wires["Fatima"].send("chat_send", id="message-0001", text="strong chest pain")
        unread = page.locator("#unread")
        await page.clock.run_for(3_000)
        await expect(unread).to_contain_text("Fatima")
        await expect(unread).to_contain_text(re.compile(r"1 unread since .?\d"))
        await expect(badge).to_have_text("3")
        said = re.compile("2.? people waiting, .?1.? unread")
        await expect(badge).to_have_attribute("aria-label", said)
        await expect(page).to_have_title(re.compile(r"^\(3\) Dashboard"))
        await expect(page.get_by_text("chest pain")).to_have_count(0)
        [ack] = [frame for frame in wires["Fatima"].frames if frame["type"] == "ack"]
        await wires["nurse"].send("seen", position=ack["position"])
        await expect(badge).to_have_text("2")
        await expect(unread).to_be_empty()


async def test_notifications_are_asked_for_in_words_and_not_again(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    await context.add_init_script(COUNT_TONES)
    async with Person(server) as nurse:
        await nurse.sign_in()
        page = await context.new_page()
        await sign_in(page, server)
        question = page.get_by_text("Be told when somebody arrives")
        await expect(page.locator("#line")).to_have_text("Live")
        await expect(question).to_be_hidden()
        await nurse.invite()
        await page.reload()
        await expect(question).to_be_visible()
        async with page.expect_response("**" + path("profile_notifications")):
            await page.get_by_role("button", name="Not now").click()
        await expect(question).to_be_hidden()
        await page.reload()
        await expect(page.locator("#line")).to_have_text("Live")
        await expect(question).to_be_hidden()
        account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
        assert account is not None
        assert account.preferences.notifications and not account.preferences.offer_notifications


@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_the_header_is_one_row_and_the_menu_has_four_entries(
    server: Server, new_context: NewContext, width: int
) -> None:
    page = await (await new_context(base_url=server.url, viewport=(width, 740))).new_page()
    await sign_in(page, server)
    await page.goto(path("invites"))
    await expect(page.locator("#line")).to_have_text("Live")
    top = await page.locator("#top").bounding_box()
    assert top is not None and top["height"] < 70
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    entries = page.get_by_role("navigation", name="Main menu").get_by_role("link")
    if width < 400:
        await expect(entries.first).to_be_hidden()
        await page.get_by_role("button", name="Menu").click()
    await expect(entries).to_have_text(["Dashboard", "Invites", "History", "Help"])
    for name in ("Dashboard", "Help"):
        await expect(entries.filter(has_text=name)).to_be_visible()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    more = page.get_by_role("navigation", name="More pages").get_by_role("link")
    await expect(more).to_have_text(
        ["Waiting room", "Opened sessions", "Test my device", "Terms of use"]
    )
