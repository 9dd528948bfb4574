"""Inviting as schedulers do it: counted presses, a city that is typed, and a button always in view."""

import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import sign_in
from tests.clock import MovableClock
from tests.serving import serving
from web.keys import CLOCKWORK

SIZES = ((360, 740), (740, 360), (1280, 720), (1440, 900))
COUNT = """
window.counted = {clicks: 0, fields: new Set()};
document.addEventListener("click", (event) => event.isTrusted && window.counted.clicks++, true);
document.addEventListener("input", ({target}) => window.counted.fields.add(target.id), true);
"""


async def is_in_view(control: Locator) -> bool:
    """Whether all of it is in the viewport, and nothing lies over its middle."""
    return bool(
        await control.evaluate(
            """(element) => {
              const {left, right, top, bottom} = element.getBoundingClientRect();
              const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
              const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
              return inside && element.contains(above);
            }"""
        )
    )


async def test_inviting_from_the_address_to_what_happens_next(
    tmp_path: Path, new_context: NewContext
) -> None:
    clock = MovableClock(datetime.now(UTC).replace(hour=9, minute=10))
    async with serving(tmp_path, clock) as server:
        await server.account()
        context = await new_context(
            base_url=server.url, timezone="Europe/Zurich", allowed_errors=["status of 400"]
        )
        page = await context.new_page()
        await sign_in(page, server)
        await page.goto("/invites")
        await everything_wrong(page)
        await quickly(page)
        await server.app[CLOCKWORK].run_due()
        await expect(page.locator("#sent .notice")).to_contain_text("Kept here, not sent")
        await planned(page, clock)
        await page.close()  # before the server goes


async def everything_wrong(page: Page) -> None:
    """In the dialog, which stays one; each field that is corrected loses its sentence."""
    await page.get_by_role("button", name="New invite").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Email or mobile number")).to_be_focused()
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await is_in_view(dialog.get_by_role("button", name="Send", exact=True))
    await dialog.get_by_label("Email or mobile number").fill("no body@example.org")
    await dialog.get_by_label("First name").fill("x" * 81)
    await dialog.get_by_label("Plan later").check()
    await dialog.get_by_label("Date").fill("2001-01-11")
    await dialog.get_by_role("button", name="Send", exact=True).click()
    summary = dialog.get_by_role("alert")
    await expect(summary).to_be_focused()
    await expect(summary.get_by_role("link")).to_have_text(
        ["Email or mobile number", "First name", "Date"]
    )
    assert await is_in_view(dialog.get_by_role("button", name="Send", exact=True))
    await dialog.get_by_label("First name").fill("Fatima")
    await expect(dialog.locator("#first_name-error")).to_have_count(0)
    await expect(summary.get_by_role("link")).to_have_count(2)
    await dialog.get_by_label("Plan later").uncheck()
    await dialog.get_by_label("Email or mobile number").fill("fatima@example.org")
    await expect(summary).to_have_count(0)
    await page.reload()


async def quickly(page: Page) -> None:
    """Three presses and one field: New invite, Remote, the address, Send."""
    await page.evaluate(COUNT)
    await page.get_by_role("button", name="New invite").click()
    await page.get_by_role("button", name="Remote", exact=True).click()
    address = page.get_by_label("Email or mobile number")
    await expect(address).to_be_focused()
    await page.keyboard.type("+41 79 123 45 67")
    await expect(page.get_by_role("radio", name="SMS")).to_be_checked()
    await expect(page.get_by_label("By email")).to_be_hidden()
    await address.clear()
    await page.keyboard.type("fatima@example.org")
    await expect(page.get_by_role("radio", name="By email")).to_be_checked()
    await expect(page.get_by_label("WhatsApp")).to_be_hidden()
    await expect(page.locator("#no-way")).to_contain_text("will be kept here, not sent")
    counted = "[window.counted.clicks + 1, [...window.counted.fields]]"
    assert await page.evaluate(counted) == [3, ["address"]]
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Invitation of fatima")


async def planned(page: Page, clock: MovableClock) -> None:
    """The next half hour, in a city that is found under its former name."""
    await page.get_by_role("button", name="Invite another person").click()
    await page.get_by_label("Email or mobile number").fill("olena@example.org")
    await page.get_by_label("Language", exact=True).select_option("uk")
    await page.get_by_label("Plan later").check()
    zone = page.get_by_label("Time zone")
    await expect(zone).to_have_value("Europe/Zurich")
    before = await page.get_by_label("Time", exact=True).input_value()
    assert before.endswith((":00", ":30"))
    search = page.get_by_label("Find a city or country")
    await search.fill("calcutta")
    await expect(zone).to_have_value("Asia/Kolkata")
    await search.fill("")
    await expect(zone).to_have_value("Europe/Zurich")
    await search.fill("kiev")
    await expect(zone.locator("option")).to_have_text(["Kyiv · Ukraine"])
    await search.press("Enter")
    await expect(search).to_have_value("")
    await expect(zone).to_have_value("Europe/Kyiv")
    await expect(zone.locator("optgroup").first).to_have_attribute(
        "label", re.compile(r"Where \W?Українська\W? is spoken")
    )
    after = await page.get_by_label("Time", exact=True).input_value()
    assert (int(after[:2]) - int(before[:2])) % 24 == 1
    await expect(page.locator("#clocks")).to_contain_text("Kyiv")
    await expect(page.locator("#clocks")).to_contain_text("for you")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".when")).to_contain_text("Kyiv")
    await page.get_by_role("button", name="See this session").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("olena")
