"""Pages of people whose session is on several hosts."""

import time

from playwright.async_api import Page

from tests.browser.conftest import NewContext
from tests.browser.harness.probes import SMALL_CAMERA
from tests.browser.harness.visits import FAILED_LOADS, is_live, join
from tests.people import Person
from tests.web_hosts import Fleet

ALLOWED = [*FAILED_LOADS, "503"]


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def desk_page(hosts: Fleet, nurse: Person, new_context: NewContext, session: str) -> Page:
    """The scheduler's page of a session."""
    context = await new_context(base_url=hosts.url, allowed_errors=ALLOWED)
    await context.add_init_script(SMALL_CAMERA)
    await context.add_cookies([{"name": "teleconnect", "value": nurse.cookie, "url": hosts.url}])
    page = await context.new_page()
    await page.goto(f"/sessions/{session}")
    await page.get_by_role("button", name="Start the session").click()
    return page


async def guest_page(hosts: Fleet, new_context: NewContext, link: str) -> Page:
    context = await new_context(base_url=hosts.url, allowed_errors=ALLOWED)
    await context.add_init_script(SMALL_CAMERA)
    page = await context.new_page()
    await join(page, link)
    await is_live(page)
    return page


async def kill_owner(hosts: Fleet, session: str) -> float:
    """When it was killed."""
    owner = await hosts.owner(session)
    assert owner is not None
    began = time.monotonic()
    await hosts.kill(owner)
    return began


async def call_of_three(
    hosts: Fleet, nurse: Person, new_context: NewContext
) -> tuple[str, tuple[Page, Page, Page]]:
    """The session, and the pages of its scheduler, service user and colleague, all of whom have accepted."""
    link = await nurse.invite(
        colleague="on", colleague_1_address="lee@example.org", colleague_1_name="Dr Lee"
    )
    phone = await guest_page(hosts, new_context, link)
    session = await phone.evaluate("document.body.dataset.consultationId")
    invites = await hosts.store.read.invites.of_consultation(session)
    lee = next(each for each in invites if each.role == "colleague")
    token = await hosts.store.read.invites.token(session, lee.id)
    doctor = await guest_page(hosts, new_context, f"/i/{token}")
    desk = await desk_page(hosts, nurse, new_context, session)
    pages = (desk, phone, doctor)
    await desk.get_by_role("button", name="Start video call").click()
    for page in (phone, doctor):
        await page.get_by_role("button", name="Accept", exact=True).click()
    return session, pages
