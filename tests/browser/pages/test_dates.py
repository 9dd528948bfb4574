"""Dates in a real browser that knows half of the language, and whose own tag is none."""

import re
from datetime import timedelta

from playwright.async_api import expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import link_to
from tests.serving import Server
from web.keys import CLOCK
from web.texts.dates import day_and_time

ZONE = "Africa/Asmara"
TAGS = ("en-US@posix", "en_US", "c", "")
TAG = "Object.defineProperty(Navigator.prototype, 'language', {get: () => '%s'})"


async def test_a_browser_with_half_a_language_shows_the_date_of_the_mail(
    server: Server, new_context: NewContext
) -> None:
    at = server.app[CLOCK].now().replace(second=0, microsecond=0) + timedelta(days=9, hours=5)
    early, now = await link_to(server, "ti", at, ZONE), await link_to(server, "ti")
    context = await new_context(
        base_url=server.url, locale="ti-ER", timezone="Asia/Kabul", viewport=(360, 740)
    )
    page = await context.new_page()
    await page.goto(early)
    when = page.locator(".when")
    await expect(when).to_have_text(f"{day_and_time(at, 'Asia/Kabul', 'ti')} (UTC+4:30)")
    await expect(page.locator("#countdown")).to_have_text(re.compile(r"\W9 መዓልታት\W"))
    # the next time the server knows where this phone is
    await page.reload()
    await expect(when).to_have_text(re.compile(re.escape(day_and_time(at, "Asia/Kabul", "ti"))))
    await expect(when).not_to_contain_text("UTC")

    for number, tag in enumerate(TAGS):
        page = await context.new_page()
        await page.add_init_script(TAG % tag)
        await page.goto(now)
        await page.locator("form button.huge").click()
        await expect(page.locator("#room")).to_have_attribute("data-line", "open")
        await page.locator("#chat-text").fill(f"ሰላም {number}")
        await page.keyboard.press("Enter")
        line = page.locator("#chat-lines .mine").nth(number)
        await expect(line).to_contain_text(f"ሰላም {number}")
        await expect(line.locator("time")).to_have_text(re.compile(r"\d\d:\d\d"))
        await page.close()
