"""What a page does when its reader may not see it any more, and the audit log on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.browser.conftest import NewContext
from tests.browser.sessions.test_session import sign_in
from tests.serving import Server, serving
from web.keys import REVOCATION, STORE


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        await running.account(role="administrator")
        yield running


async def test_signed_out_elsewhere_a_page_goes_to_the_sign_in_unless_somebody_writes_on_it(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    first, second, writing = [await context.new_page() for _ in range(3)]
    await sign_in(first, server)
    await second.goto("/waiting-room")
    await writing.goto("/invites/new?kind=remote")
    await writing.get_by_label("First name").fill("Amina")
    while len(server.app[REVOCATION]) < 3:  # until each page's lobby is open
        await writing.title()
    await first.get_by_role("button", name="Sign out").click()
    await expect(second.get_by_label("Password")).to_be_visible()
    await expect(writing.get_by_text("You are signed out. Please sign in again.")).to_be_visible()
    await expect(writing.get_by_label("First name")).to_have_value("Amina")


async def test_the_audit_log_fits_a_phone_in_arabic(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url, viewport=(360, 740))
    page = await context.new_page()
    await sign_in(page, server)
    await context.add_cookies([{"name": "language", "value": "ar", "url": server.url}])
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    await page.goto("/admin/audit")
    await expect(page.get_by_role("heading", name="سجل التدقيق")).to_be_visible()
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    assert (await Axe().run(page)).response["violations"] == []
