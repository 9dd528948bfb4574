"""What tests of all rooms do on the pages: sign in, get a link, follow it."""

from datetime import datetime

from playwright.async_api import Page, expect

from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from tests.serving import PASSWORD, Server
from web.keys import INVITING, STORE

FAILED_LOADS = [
    r"Failed to load resource",
    r"WebSocket connection",
    r"Failed to fetch dynamically",
]
"What Chromium writes on the console when a resource does not load."


async def sign_in(page: Page, server: Server, email: str = "nurse@example.org") -> None:
    await page.goto(server.url)
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


async def link_to(
    server: Server, language: str = "en", at: datetime | None = None, zone: str = "UTC"
) -> str:
    """The path of a personal link to a session of the nurse's, planned for `at` or for now."""
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    person = Person("Amina", "", "none", "", language)
    inviting = server.app[INVITING]
    plan = Plan("remote", (("service_user", person),), at, zone)
    _consultation, invites = await inviting.invite(account, plan)
    _invite, token = await inviting.link_of(invites[0].id, account.id)
    return f"/i/{token}"


async def join(page: Page, link: str) -> None:
    """Take the seat behind a personal link."""
    await page.goto(link)
    await page.get_by_role("button", name="Join the session").click()
