"""Writing to people, as the scheduler sees it: the price before, the state after, answers."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import sign_in as sign_in_at
from tests.browser.pages.test_forms import open_form, plan
from tests.delivery.certificates import certificates
from tests.notices.desk import NUMBER, Desk, answer_of, desk, outside, receipt


@pytest.fixture
async def nurse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """The server, with mail and message servers of its own beside it."""
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(certificates().authority_pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    async with outside() as around, desk(tmp_path / "data", around) as sitting:
        yield sitting


@pytest.fixture
async def page(nurse: Desk, new_context: NewContext) -> Page:
    context = await new_context(
        base_url=nurse.server.url,
        timezone="Europe/Zurich",
        permissions=("clipboard-read", "clipboard-write"),
        allowed_errors=["status of 400"],
    )
    page = await context.new_page()
    await sign_in_at(page, nurse.server)
    return page


def costs(count: int, price: str) -> re.Pattern[str]:
    """The sentence below the number; its values are isolated from the text around them."""
    return re.compile(rf"The invitation takes \W?{count}\W? SMS\. It costs about \W?{price}\W?\.")


async def test_what_changes_before_a_page_is_connected_is_shown_on_it(
    nurse: Desk, page: Page
) -> None:
    changed = asyncio.Event()

    async def hold(socket: WebSocketRoute) -> None:
        await changed.wait()
        socket.connect_to_server()

    await page.route_web_socket("**/socket", hold)
    await page.get_by_role("link", name="Invites", exact=True).click()
    await expect(page.get_by_role("heading", name="Invites")).to_be_visible()
    await expect(page.locator(".row")).to_have_count(0)
    assert (await nurse.invite(first_name="Samira", address=NUMBER, channel="sms")).status == 303
    changed.set()
    await expect(page.locator(".row")).to_contain_text("Samira")


async def test_an_sms_shows_its_price_before_and_what_became_of_it_after(
    nurse: Desk, page: Page
) -> None:
    await open_form(page)
    await page.get_by_label("First name").fill("Amina")
    await page.get_by_label("Email or mobile number").fill(NUMBER)
    preview = page.locator("#preview")
    await expect(preview).to_have_text(costs(1, "0.07 CHF"))
    await page.get_by_label("Language").select_option("ar")
    await expect(preview).to_have_text(costs(2, "0.14 CHF"))
    assert nurse.outside.phones.messages == []
    nurse.outside.phones.answers = [402]
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()

    # nothing is pressed from here on: the list follows
    await page.get_by_role("link", name="Invites", exact=True).click()
    row = page.locator(".row")
    await nurse.deliver()
    await expect(row).to_contain_text("The provider account has no credit left.")
    nurse.move(minutes=1)
    await nurse.deliver()
    await expect(row).not_to_contain_text("no credit")
    await expect(row).to_contain_text("Sent")
    message = nurse.outside.phones.messages[-1]
    for status, word in (("delivered", "Delivered"), ("read", "Read"), ("submitted", "Read")):
        assert (await nurse.hook("status", receipt(message, status))).status == 200
        await expect(row).to_contain_text(word)
    assert (await nurse.hook("inbound", answer_of(NUMBER, "سأتأخر <b>"))).status == 200
    await expect(row.locator("q")).to_have_text("سأتأخر <b>")

    await page.get_by_role("button", name="Send again").click()
    await nurse.deliver()
    assert len(nurse.outside.phones.messages) == 3
    link = nurse.outside.texts[-1].split()[-1]
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.locator("#row-status")).to_have_text("Copied.")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.rpartition("/")[2] == link.rpartition("/")[2]
    await page.get_by_role("button", name="Show QR code").click()
    code = page.get_by_role("dialog").get_by_role("img")
    await expect(code).to_be_visible()
    await page.wait_for_function("() => document.getElementById('qr-image').naturalWidth > 100")


async def test_a_form_sent_by_two_presses_invites_once(nurse: Desk, page: Page) -> None:
    await open_form(page)
    await page.get_by_label("First name").fill("Amina")
    await page.get_by_label("Email or mobile number").fill("amina@example.org")
    await page.get_by_role("button", name="Send", exact=True).dblclick()
    await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
    await nurse.deliver()
    assert len(nurse.outside.mail.received) == 1
    await page.get_by_role("link", name="Invites", exact=True).click()
    await expect(page.locator(".row")).to_have_count(1)


async def test_people_are_added_and_removed_on_the_page_behind_edit(
    nurse: Desk, page: Page
) -> None:
    await plan(page)
    await page.get_by_role("button", name="Edit").click()
    await page.get_by_label("Invite a loved one or another caregiver").check()
    await page.get_by_label("Email or mobile of the caregiver").fill("sami@example.org")
    await page.get_by_label("Invite a colleague").check()
    await page.get_by_label("Email or mobile of expert 1").fill("lee@example.org")
    await page.get_by_role("button", name="Add another expert").click()
    await page.get_by_label("Email or mobile of expert 2").fill("nowhere")
    await page.get_by_role("button", name="Invite", exact=True).click()
    await expect(page.locator("#colleague_2_address-error")).to_be_visible()
    await expect(page.locator("li.row")).to_have_count(1)
    await page.get_by_label("Email or mobile of expert 2").fill("ada@example.org")
    await page.get_by_role("button", name="Invite", exact=True).click()
    await expect(page.locator("li.row")).to_have_count(4)
    await page.get_by_role("button", name="Remove").first.click()
    await expect(page.get_by_role("heading", name="Edit", exact=True)).to_be_visible()
    await expect(page.locator("li.row")).to_have_count(3)
    await nurse.deliver()
    reached = {each.recipients[0] for each in nurse.outside.mail.received}
    assert reached >= {"ada@example.org", "amina@example.org", "lee@example.org"}


async def test_more_experts_are_invited_from_a_session_in_progress(nurse: Desk, page: Page) -> None:
    await nurse.invite(address="amina@example.org")
    listed = await nurse.list()
    session = listed.split('data-consultation-id="')[1].split('"')[0]
    await page.goto(f"{nurse.server.url}/sessions/{session}/people/new")
    await page.get_by_label("Email or mobile of expert 1").fill("lee@example.org")
    await expect(page.get_by_label("Email or mobile of expert 2")).to_be_hidden()
    await page.get_by_role("button", name="Add another expert").click()
    await page.get_by_label("Email or mobile of expert 2").fill("ada@example.org")
    await page.get_by_role("button", name="Invite", exact=True).click()
    await page.wait_for_url(f"**/sessions/{session}")
    await nurse.deliver()
    assert len(nurse.outside.mail.received) == 3
