"""Writing to people, as the scheduler sees it: the price before, the state after, answers."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from signaling.interpreter_request import InterpretingOrganization
from tests.browser.conftest import NewContext
from tests.browser.harness.visits import sign_in as sign_in_at
from tests.browser.pages.test_forms import open_form, plan
from tests.delivery.certificates import certificates
from tests.notices.desk import NUMBER, Desk, answer_of, desk, outside, receipt
from web.keys import STORE


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

    # it was read: a second message is asked about, and what came of it stands at the button
    again = page.get_by_role("button", name="Send again")
    await again.click()
    await page.get_by_role("button", name="Not now").click()
    await again.click()
    await page.get_by_role("button", name="Send it again").click()
    await expect(page.locator("#row-status")).to_have_text("On its way.")
    assert await distance(page, "Send again") < 40
    await nurse.deliver()
    assert len(nurse.outside.phones.messages) == 3
    link = nurse.outside.texts[-1].split()[-1]
    copy = page.get_by_role("button", name="Copy link")
    await copy.click()
    await expect(page.locator("#row-status")).to_have_text("Copied.")
    assert await distance(page, "Copy link") < 40
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.rpartition("/")[2] == link.rpartition("/")[2]
    await page.get_by_role("button", name="Show QR code").click()
    dialog = page.get_by_role("dialog", name="Amina")
    await expect(dialog).to_contain_text("Let them scan this with the phone's camera.")
    await expect(dialog.get_by_role("img")).to_be_visible()
    await page.wait_for_function("() => document.getElementById('qr-image').naturalWidth > 100")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_the_page_of_a_session_follows_its_messages_and_asks_what_only_a_person_can_decide(
    nurse: Desk, page: Page
) -> None:
    nurse.outside.phones.answers = [402]
    await nurse.invite(address=NUMBER, channel="sms")
    await page.goto(f"{nurse.server.url}/invites")
    await page.get_by_role("link", name="Amina").click()
    await expect(page.get_by_role("heading", name="Amina", level=1)).to_be_visible()
    sent = page.locator(".messages li")
    await expect(sent).to_contain_text("The provider account has no credit left.")
    nurse.move(minutes=1)
    await nurse.deliver()
    await expect(sent).to_contain_text("SMS · Sent")
    message = nurse.outside.phones.messages[-1]
    assert (await nurse.hook("status", receipt(message, "delivered"))).status == 200
    await expect(sent).to_contain_text("SMS · Delivered")

    # a phone: the rarer actions are behind "More", which stays open when the list changes
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{nurse.server.url}/invites")
    await expect(page.locator("body[data-line=live]")).to_be_attached()
    row = page.locator(".row")
    await expect(row.get_by_role("button", name="Copy link")).to_be_visible()
    await expect(row.get_by_role("button", name="Show QR code")).to_be_hidden()
    await row.get_by_text("More").press("Enter")
    await expect(row.get_by_role("button", name="Cancel session")).to_be_visible()
    assert (await nurse.hook("status", receipt(message, "read"))).status == 200
    await expect(row).to_contain_text("Read")
    await expect(row.get_by_role("button", name="Cancel session")).to_be_visible()

    consultation_id, decline = await nobody_interprets(nurse)
    await page.goto(f"{nurse.server.url}/sessions/{consultation_id}/case")
    await expect(page.get_by_text("Waiting for an interpreter")).to_be_visible()
    await expect(page.locator("body[data-line=live]")).to_be_attached()
    await decline()
    question = page.locator(".notice", has_text="No interpreter is available")
    await expect(question.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    await question.get_by_role("button", name="Invite without interpreter").click()
    await expect(page.get_by_text("Without interpreter.")).to_be_visible()
    await expect(question).to_be_hidden()
    await nurse.deliver()
    assert "fatima@example.org" in nurse.outside.mail.received[-1].recipients


async def distance(page: Page, button: str) -> float:
    """Pixels between the button of a row and the answer to it, both of one moment.

    The list follows what happens: a row may be replaced between two questions to the page.
    """
    pixels = await page.evaluate(
        """(name) => {
          const buttons = [...document.querySelectorAll(".row button")];
          const pressed = buttons.find((each) => each.textContent.trim() === name)
            .getBoundingClientRect();
          const answer = document.querySelector("#row-status").getBoundingClientRect();
          return Math.abs(answer.y - pressed.bottom) +
            Math.max(0, pressed.x - answer.right, answer.x - pressed.right);
        }""",
        button,
    )
    assert isinstance(pixels, int | float)
    return pixels


async def nobody_interprets(nurse: Desk) -> tuple[str, Callable[[], Awaitable[None]]]:
    """The id of a session that an interpreter is sought for, and the refusal of all who are asked."""
    app = nurse.server.app
    only = InterpretingOrganization("organization", "Lingua", "office@example.org", ("ar",), 1)
    await app[STORE].write(lambda records: records.interpreters.put_organization(only))
    await nurse.invite(
        first_name="Fatima", address="fatima@example.org", language="ar", interpreter="on"
    )
    found = {
        each: await app[STORE].read.interpreters.requests_of(each)
        for each in await app[STORE].read.consultations.ids()
    }
    [(consultation_id, [asked])] = [(key, value) for key, value in found.items() if value]
    token = await app[STORE].read.interpreters.token(consultation_id, asked.id)

    async def decline() -> None:
        answer = await nurse.person.post(f"/r/{token}", {"answer": "decline"})
        assert answer.status == 303

    return consultation_id, decline


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
    await page.get_by_role("button", name="Remove", exact=True).first.click()
    await page.get_by_role("button", name="Remove this person").click()
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
