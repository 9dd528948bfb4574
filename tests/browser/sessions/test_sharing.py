"""A team's session in browsers: seen waiting, taken on, held by two, and taken away again."""

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import FAILED_LOADS, sign_in
from tests.people import Person, consultation_of
from tests.serving import Server
from web.keys import STORE
from web.routes import path


async def test_a_colleague_takes_part_and_both_hold_the_session(
    server: Server, new_context: NewContext
) -> None:
    store = server.app[STORE]
    joy = await store.read.accounts.by_email("nurse@example.org")
    remi = await server.account("remi@example.org", "Dr Remi")
    await server.account("boss@example.org", "The Boss", "administrator")
    assert joy is not None
    async with Person(server) as nurse, Person(server) as boss, Person(server) as amina:
        await nurse.sign_in()
        await boss.sign_in("boss@example.org")
        wire = await amina.enter(invite_id=await amina.join(await nurse.invite("Amina")))
        reading = asyncio.create_task(wire.end())  # whoever reads nothing is cut off
        session = path("session", consultation_id=await consultation_of(wire))
        context = await new_context(base_url=server.url, allowed_errors=FAILED_LOADS)
        desk = await context.new_page()
        await sign_in(desk, server, "remi@example.org")
        await expect(desk.locator("#nobody-waits")).to_be_visible()
        team = (await boss.post("/admin/teams", {"name": "Ward"})).location
        for member in (joy, remi):
            await boss.post(f"{team}/add-member", {"member": member.id})

        # the row comes by itself, and says whose it is
        row = desk.locator("#waiting-list > li")
        await expect(row.locator(".whose")).to_have_text("Waits for Nurse Joy")
        await row.get_by_role("button", name="Start with chat").click()
        await expect(desk.get_by_role("heading", name="Session of Nurse Joy")).to_be_visible()
        await desk.get_by_role("button", name="Take part").click()
        await expect(desk.get_by_role("heading", name="Amina")).to_be_visible()

        # both are in the room; the page ends for the one from whom it is taken
        other = await (await new_context(base_url=server.url)).new_page()
        await sign_in(other, server)
        await other.goto(session)
        await expect(other.locator("#chat")).to_contain_text("Dr Remi joined")
        await other.goto(f"{session}/case")
        await other.get_by_role("button", name="End sharing").click()
        await expect(other.get_by_role("button", name="End sharing")).to_have_count(0)
        gone = await desk.goto(session)
        assert gone is not None and gone.status == 404
        reading.cancel()
