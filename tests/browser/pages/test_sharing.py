"""A team's session in browsers: seen waiting, taken on, held by two, and taken away again."""

import re

from playwright.async_api import expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, join, sign_in
from tests.people import Person
from tests.serving import Server
from web.keys import STORE

HEADING = re.compile("^Session of .?Nurse Joy")


async def test_a_colleague_takes_part_and_both_hold_the_session(
    server: Server, new_context: NewContext
) -> None:
    joy = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    remi = await server.account("remi@example.org", "Dr Remi")
    await server.account("boss@example.org", "The Boss", "administrator")
    assert joy is not None
    async with Person(server) as nurse, Person(server) as boss:
        await nurse.sign_in()
        await boss.sign_in("boss@example.org")
        phone = await (await new_context(base_url=server.url)).new_page()
        await join(phone, await nurse.invite("Amina"))
        awaited = phone.locator("#other-side")
        await expect(awaited).to_have_text(re.compile("^.?Nurse Joy.? has not joined yet"))
        context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
        desk = await context.new_page()
        await sign_in(desk, server, "remi@example.org")
        await expect(desk.locator("#nobody-waits")).to_be_visible()
        team = (await boss.post("/admin/teams", {"name": "Ward"})).location
        for member in (joy, remi):
            await boss.post(f"{team}/add-member", {"member": member.id})

        # the row comes by itself, and says whose it is
        row = desk.locator("#waiting-list > li")
        await expect(row.locator(".whose")).to_have_text(re.compile("^Waits for .?Nurse Joy"))
        await row.get_by_role("link", name="Amina").click()
        await expect(desk.get_by_role("heading", name=HEADING)).to_be_visible()
        await desk.get_by_role("button", name="Take part").click()
        await expect(desk.get_by_role("heading", name="Amina")).to_be_visible()
        session = desk.url.removeprefix(server.url)

        # whoever waits is told who is there, not who planned it
        await expect(awaited).to_have_text(re.compile("^.?Dr Remi.? is here"))
        await expect(phone.locator("#host")).to_have_text("Dr Remi")
        await desk.get_by_role("button", name="Start the session").click()
        await expect(phone.get_by_text("You are in the session")).to_be_visible()

        # the page ends for the one from whom it is taken, who is asked again, and then knows of nothing
        assert (await nurse.post(f"{session}/share/{remi.id}/end")).status == 303
        await expect(desk.get_by_role("heading", name=HEADING)).to_be_visible()
        await boss.post(f"{team}/remove-member", {"member": remi.id})
        gone = await desk.goto(session)
        assert gone is not None and gone.status == 404
