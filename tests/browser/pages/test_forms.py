"""The forms as people fill them in: what is revealed, what is refused, what stays typed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import sign_in
from tests.serving import Server, serving
from web.keys import CLOCKWORK, OUTBOX
from web.notices.outbox import read_outbox

NEXT_YEAR = datetime.now(UTC).year + 1
"The forms refuse the past, so dates are counted from today."


def last_sunday(month: int) -> str:
    """When clocks change in Europe next year: the last Sunday of March and of October."""
    day = max(
        day for day in range(25, 32) if datetime(NEXT_YEAR, month, day, tzinfo=UTC).weekday() == 6
    )
    return f"{NEXT_YEAR}-{month:02}-{day:02}"


@pytest.fixture
async def desk(server: Server, new_context: NewContext) -> Page:
    context = await new_context(
        base_url=server.url, timezone="Europe/Zurich", allowed_errors=["status of 400"]
    )
    page = await context.new_page()
    await sign_in(page, server)
    return page


async def open_form(page: Page, choice: str = "Remote") -> None:
    await page.get_by_role("button", name="New invite").click()
    await page.get_by_role("button", name=choice, exact=True).click()


async def mails(server: Server) -> list[str]:
    await server.app[CLOCKWORK].run_due()
    return [notice.to for notice in await read_outbox(server.app[OUTBOX])]


async def test_an_address_is_not_asked_how_to_phone_it(desk: Page) -> None:
    await open_form(desk)
    address = desk.get_by_label("Email or mobile number")
    await address.fill("amina@example.org")
    await expect(desk.get_by_label("WhatsApp")).to_be_hidden()
    await expect(desk.get_by_label("Give the link myself")).to_be_visible()
    await address.fill("+41 79 123 45 67")
    await expect(desk.get_by_label("WhatsApp")).to_be_visible()
    await expect(desk.get_by_role("radio", name="SMS")).to_be_checked()
    await expect(desk.get_by_role("radio", name="By email")).to_be_hidden()


async def test_a_number_is_shown_as_understood_and_asked_about_once(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with serving(tmp_path, TELECONNECT_DEFAULT_REGION="CH") as server:
        await server.account()
        context = await new_context(base_url=server.url, allowed_errors=["status of 400"])
        page = await context.new_page()
        await sign_in(page, server)
        await open_form(page)
        await page.get_by_label("First name").fill("Amina")
        address = page.get_by_label("Email or mobile number")
        said = page.locator("[data-understood=address]")
        await address.fill("963931234567")
        await expect(said).to_contain_text("+41 963931234567 (Switzerland)")
        await expect(said).to_contain_text("This number is not valid (Switzerland)")
        await said.get_by_role("button", name="Use").click()
        await expect(address).to_have_value("+963 931 234 567")
        await expect(said).to_have_text("+963 931 234 567 (Syria)")
        await expect(page.locator("#preview")).to_contain_text("SMS")

        await address.fill("Office: 044 123 45 67")
        await expect(said).to_contain_text("This is a landline number")
        await page.get_by_label("First name").press("Enter")
        await expect(page.locator("#address-error")).to_contain_text("landline")
        await page.get_by_label("First name").press("Enter")
        await expect(page.locator("#address-error")).to_contain_text("landline")
        assert await mails(server) == []
        await page.get_by_role("button", name="Send anyway").click()
        await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
        await expect(page.get_by_text("+41 44 123 45 67").first).to_be_visible()
        await expect(page.get_by_text("This is a landline number").first).to_be_visible()
        assert await mails(server) == ["+41441234567"]
        await page.get_by_role("button", name="Edit").click()
        await expect(said).to_contain_text("This is a landline number")


async def test_planning_later_shows_both_clocks(desk: Page) -> None:
    await open_form(desk)
    await expect(desk.get_by_label("Date")).to_be_hidden()
    await desk.get_by_label("Plan later").check()
    await desk.get_by_label("Date").fill(f"{NEXT_YEAR}-01-11")
    await desk.get_by_label("Time", exact=True).fill("14:30")
    await expect(desk.get_by_label("Time zone")).to_have_value("Europe/Zurich")
    await desk.get_by_label("Time zone").select_option("Africa/Nairobi")
    clocks = desk.locator("#clocks")
    await expect(clocks).to_contain_text("14:30")
    await expect(clocks).to_contain_text("12:30")


async def test_a_skipped_time_is_refused_and_everything_typed_stays(desk: Page) -> None:
    await open_form(desk)
    await desk.get_by_label("First name").fill("Zoé <b>")
    await desk.get_by_label("Email or mobile number").fill("zoe@example.org")
    await desk.get_by_label("Plan later").check()
    await desk.get_by_label("Date").fill(last_sunday(3))
    await desk.get_by_label("Time", exact=True).fill("02:30")
    await desk.get_by_label("Note for the invitation").fill("Bring your letter")
    await expect(desk.locator("#clocks")).to_contain_text("does not exist")
    await desk.get_by_role("button", name="Send", exact=True).click()

    await expect(desk.locator("#time-error")).to_contain_text("does not exist")
    await expect(desk.get_by_role("alert")).to_be_focused()
    await expect(desk.get_by_label("First name")).to_have_value("Zoé <b>")
    await expect(desk.get_by_label("Date")).to_have_value(last_sunday(3))
    await expect(desk.get_by_label("Time zone")).to_have_value("Europe/Zurich")
    await expect(desk.get_by_label("Note for the invitation")).to_have_value("Bring your letter")

    await desk.get_by_label("Time", exact=True).fill("03:30")
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.get_by_role("heading", name="What happens next")).to_be_visible()


async def test_a_time_that_comes_twice_is_asked_about(desk: Page) -> None:
    await open_form(desk)
    await desk.get_by_label("First name").fill("Amina")
    await desk.get_by_label("Email or mobile number").fill("amina@example.org")
    await desk.get_by_label("Plan later").check()
    await desk.get_by_label("Date").fill(last_sunday(10))
    await desk.get_by_label("Time", exact=True).fill("02:30")
    await expect(desk.get_by_text("This time comes twice that night")).to_be_visible()
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.locator("#time-error")).to_contain_text("comes twice")

    await desk.get_by_label("The second time").check()
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.get_by_role("heading", name="What happens next")).to_be_visible()


async def test_with_the_service_user_in_person_only_others_are_written_to(
    server: Server, desk: Page
) -> None:
    await open_form(desk, "Service user in person")
    await expect(desk.get_by_label("First name")).to_be_hidden()
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.locator("#colleague_1_address-error")).to_be_visible()

    await desk.get_by_label("Email or mobile of expert 1").fill("eve@example.org")
    await desk.get_by_role("button", name="Add another expert").click()
    await expect(desk.get_by_label("Email or mobile of expert 2")).to_be_focused()
    await desk.get_by_label("Email or mobile of expert 2").fill("ada@example.org")
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.get_by_role("button", name="Copy link")).to_be_visible()
    assert sorted(await mails(server)) == ["ada@example.org", "eve@example.org"]


async def test_a_companion_gets_a_message_of_their_own(server: Server, desk: Page) -> None:
    await open_form(desk)
    await desk.get_by_label("Last name").fill("Haddad")
    await desk.get_by_label("Give the link myself").check()
    await desk.get_by_label("Invite a loved one or another caregiver").check()
    await desk.get_by_label("Email or mobile of the caregiver").fill("son@example.org")
    await desk.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.get_by_text("Give this link to the person you invite")).to_be_visible()
    assert await mails(server) == ["son@example.org"]


async def test_the_form_works_without_scripts(server: Server, new_context: NewContext) -> None:
    context = await new_context(base_url=server.url, java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, server)
    await open_form(page)
    await page.get_by_label("First name").fill("Amina")
    await page.get_by_label("Email or mobile number").fill("amina@example.org")
    await page.get_by_label("Plan later").check()
    await page.get_by_label("Date").fill(f"{NEXT_YEAR}-01-11")
    await page.get_by_label("Time", exact=True).fill("14:30")
    await page.get_by_label("Time zone").select_option("Africa/Nairobi")
    await page.get_by_label("Invite a colleague").check()
    await page.get_by_label("Email or mobile of expert 5").fill("eve@example.org")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
    assert sorted(await mails(server)) == ["amina@example.org", "eve@example.org"]


async def plan(page: Page, name: str = "Amina") -> None:
    await open_form(page)
    await page.get_by_label("First name").fill(name)
    await page.get_by_label("Email or mobile number").fill("amina@example.org")
    await page.get_by_label("Plan later").check()
    await page.get_by_label("Date").fill(f"{NEXT_YEAR}-01-11")
    await page.get_by_label("Time", exact=True).fill("14:30")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
    await page.get_by_role("link", name="Invites", exact=True).click()


async def test_a_planned_session_is_moved_and_gets_one_more_expert(desk: Page) -> None:
    await plan(desk)
    await desk.get_by_role("button", name="Edit").click()
    await expect(desk.get_by_label("First name")).to_have_value("Amina")
    await expect(desk.get_by_label("Time", exact=True)).to_have_value("14:30")

    await desk.get_by_label("Invite a colleague").check()
    await desk.get_by_label("Email or mobile of expert 1").fill("nobody")
    await desk.get_by_role("button", name="Invite", exact=True).click()
    await expect(desk.locator("#colleague_1_address-error")).to_be_visible()
    await expect(desk.get_by_label("First name")).to_have_value("Amina")
    await desk.get_by_label("Email or mobile of expert 1").fill("eve@example.org")
    await desk.get_by_label("Name of expert 1").fill("Eve")
    await desk.get_by_role("button", name="Invite", exact=True).click()
    await expect(desk.get_by_role("button", name="Remove")).to_be_visible()

    await desk.get_by_label("Time", exact=True).fill("16:45")
    await desk.get_by_role("button", name="Save").click()
    row = desk.locator(".row")
    await expect(row).to_contain_text("16:45")
    await expect(row).to_contain_text("Eve")


async def test_canceling_asks_first(server: Server, desk: Page) -> None:
    await plan(desk)
    await desk.get_by_role("button", name="Cancel session").click()
    dialog = desk.get_by_role("dialog")
    await expect(dialog).to_contain_text("Amina")
    await expect(dialog.get_by_role("button", name="Keep the session")).to_be_focused()
    await desk.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await desk.get_by_role("button", name="Cancel session").click()
    # the list is shown anew during the question
    await server.app[CLOCKWORK].run_due()
    await expect(desk.locator(".row")).to_contain_text("Kept here, not sent")
    await dialog.get_by_role("button", name="Cancel session").click()
    await expect(desk.get_by_text("No open or planned sessions.")).to_be_visible()


async def test_the_list_follows_by_itself_and_keeps_the_keyboard(
    server: Server, desk: Page
) -> None:
    await plan(desk)
    button = desk.get_by_role("button", name="Edit")
    await button.focus()
    await server.app[CLOCKWORK].run_due()
    await expect(desk.locator(".row")).to_contain_text("Kept here, not sent")
    await expect(button).to_be_focused()

    await desk.get_by_role("button", name="New invite").click()
    await desk.get_by_role("button", name="Remote").click()
    await desk.get_by_label("First name").fill("Half typ")
    other = await desk.context.new_page()
    await other.goto(f"{server.url}/invites")
    await plan(other, "Bilal")
    await server.app[CLOCKWORK].run_due()
    await expect(desk.locator(".row")).to_have_count(2)
    await expect(desk.get_by_label("First name")).to_have_value("Half typ")
