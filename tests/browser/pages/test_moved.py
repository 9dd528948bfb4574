"""A session is moved or canceled while those who are invited have its pages open."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from signaling.account import Account
from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from tests.browser.conftest import NewContext
from tests.browser.harness.resting import Rest
from tests.browser.harness.visits import is_live, join
from tests.serving import Server
from web.keys import CLOCK, INVITING, PLANNING
from web.routes import path

ANOTHER_DAY = datetime(2030, 1, 7, 10, 0, tzinfo=UTC)
A_WHILE = 610_000
"Milliseconds: longer than the page goes without asking."


@pytest.fixture
async def joy(server: Server) -> Account:
    return await server.account("joy@example.org", "Joy")


async def planned(server: Server, joy: Account, ahead: timedelta) -> tuple[str, str]:
    """The id of a session that lies so far ahead, and a personal link to it."""
    person = Person("Amina", "", "none", "", "en")
    plan = Plan("remote", (("service_user", person),), server.app[CLOCK].now() + ahead, "UTC")
    consultation, invites = await server.app[INVITING].invite(joy, plan)
    _invite, token = await server.app[INVITING].link_of(invites[0].id, joy.id)
    return consultation.id, path("landing", token=token)


async def test_who_waits_reads_the_new_date_and_that_a_session_was_canceled(
    server: Server, joy: Account, new_context: NewContext
) -> None:
    consultation_id, link = await planned(server, joy, timedelta(minutes=20))
    page = await (await new_context(base_url=server.url)).new_page()
    await join(page, link)
    await is_live(page)
    await expect(page.locator("#other-side")).to_contain_text("Joy\u2069 has not joined yet")
    await expect(page.locator("#moved")).to_have_count(0)

    await server.app[PLANNING].edit(consultation_id, joy, ANOTHER_DAY, "UTC")
    await expect(page.get_by_text("Monday, 7 January 2030, 10:00")).to_be_visible()
    await expect(page.get_by_role("status").get_by_text("has been moved")).to_be_visible()
    await expect(page.locator("#other-side")).to_have_text("You can still write messages here.")
    await page.reload()
    await expect(page.locator("#other-side")).to_have_text("You can still write messages here.")
    await is_live(page)
    await expect(page.locator("#moved")).to_have_count(0)

    await server.app[PLANNING].cancel(consultation_id, joy)
    heading = page.get_by_role("heading", name="This session was canceled.")
    await expect(heading).to_be_visible()
    await expect(page.get_by_text("This session is over.")).to_have_count(0)


async def test_a_session_for_now_that_gets_a_date_shows_it(
    server: Server, joy: Account, new_context: NewContext
) -> None:
    plan = Plan("remote", (("service_user", Person("Amina", "", "none", "", "en")),), None, "UTC")
    consultation, invites = await server.app[INVITING].invite(joy, plan)
    _invite, token = await server.app[INVITING].link_of(invites[0].id, joy.id)
    page = await (await new_context(base_url=server.url)).new_page()
    await join(page, path("landing", token=token))
    await is_live(page)
    await expect(page.locator("#planned")).to_have_count(0)
    await server.app[PLANNING].edit(consultation.id, joy, ANOTHER_DAY, "UTC")
    await expect(page.locator("#planned")).to_contain_text("Monday, 7 January 2030, 10:00")


async def test_who_is_early_is_let_in_when_the_session_is_brought_forward(
    server: Server, joy: Account, new_context: NewContext
) -> None:
    consultation_id, link = await planned(server, joy, timedelta(hours=5))
    page = await (await new_context(base_url=server.url)).new_page()
    await page.clock.install()
    rest = Rest(page)
    await page.goto(link)
    await rest.come()
    test = page.get_by_role("link", name="Test my device")
    await test.focus()
    async with page.expect_request(f"**{link}"):
        await page.clock.run_for(A_WHILE)
    await rest.come()
    await expect(test).to_be_focused()  # nothing has changed, and somebody may be reading

    soon = server.app[CLOCK].now() + timedelta(minutes=10)
    await server.app[PLANNING].edit(consultation_id, joy, soon, "UTC")
    await page.clock.run_for(A_WHILE)
    await expect(page.get_by_role("button", name="Join the session")).to_be_visible()
    await expect(page.locator("main")).to_be_focused()
