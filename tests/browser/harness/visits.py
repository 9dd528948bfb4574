"""What tests of all rooms do on the pages: sign in, get a link, follow it."""

from datetime import datetime

from playwright.async_api import Page, expect

from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from tests.serving import PASSWORD, Server
from web.http.request import ZONE_COOKIE
from web.keys import INVITING, STORE
from web.routes import path

FAILED_LOADS = [
    r"Failed to load resource",
    r"WebSocket connection",
    r"Failed to fetch dynamically",
]
"What Chromium writes on the console when a resource does not load."


async def sign_in(page: Page, server: Server, email: str = "nurse@example.org") -> None:
    """Sign in without the page for it, which has tests of its own, and look at the dashboard."""
    zone = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    # which any page of ours would have told by now
    await page.context.add_cookies([{"name": ZONE_COOKIE, "value": zone, "url": server.url}])
    answer = await page.context.request.post(
        f"{server.url}{path('sign_in')}",
        form={"email": email, "password": PASSWORD},
        max_redirects=0,
    )
    assert answer.status == 303, await answer.text()
    await page.goto(f"{server.url}{path('dashboard')}")
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


async def is_live(page: Page) -> None:
    """Wait until the room has come over the socket: its first sentences stand in the page before."""
    await expect(page.locator("#room")).to_have_attribute("data-line", "open")


async def join(page: Page, link: str) -> None:
    """Take the seat behind a personal link."""
    await page.goto(link)
    await page.get_by_role("button", name="Join the session").click()
