"""Waiting and writing in a browser whose scripts are switched off, with a scheduler whose are not."""

import re

from playwright.async_api import FrameLocator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, sign_in
from tests.people import Person
from tests.serving import Server


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
    await phone.get_by_role("button", name="Send").click()
    await expect(lines(phone).get_by_text("Yes, I can")).to_be_visible()
    await expect(field).to_have_value("")
    await expect(desk.locator("#chat-lines").get_by_text("Yes, I can")).to_be_visible()
    await expect(desk.get_by_text("cannot take calls with the browser used there")).to_be_visible()

    await field.fill("x" * 4001)
    await phone.get_by_role("button", name="Send").click()
    await expect(phone.get_by_text("4001 characters")).to_be_visible()
    await expect(field).to_have_value("x" * 4001)

    await phone.get_by_role("button", name="Leave this device").click()
    await expect(phone.get_by_role("heading", name="You have left")).to_be_visible()
    await expect(desk.get_by_text(re.compile("Amina.? left")).first).to_be_attached()
