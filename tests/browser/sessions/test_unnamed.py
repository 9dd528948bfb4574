"""Somebody who was invited without a name, as the pages of the others show them."""

from playwright.async_api import Page, expect

from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from tests.browser.conftest import NewContext
from tests.browser.harness.visits import is_live, sign_in
from tests.serving import Server
from web.keys import INVITING, STORE
from web.routes import path


async def links(server: Server) -> list[str]:
    """The links of Amina, who reads French, and of a relative without a name."""
    nurse = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert nurse is not None
    inviting = server.app[INVITING]
    amina = Person("Amina", "", "none", "", "fr")
    plan = Plan(
        "remote", (("service_user", amina), ("companion", Person("", "", "none", "", "en")))
    )
    _session, invites = await inviting.invite(nurse, plan)
    found = [await inviting.link_of(each.id, nurse.id) for each in invites]
    return [path("landing", token=token) for _invite, token in found]


async def reads(page: Page, role: str) -> None:
    """The role stands once beside a message, and once among the people."""
    line = page.get_by_role("log").locator(".author", has_text=role)
    await expect(line).to_have_count(1)
    await page.locator("#people summary, .people summary").first.click()
    person = page.locator("#people-list li", has_text=role)
    await expect(person.locator(".name")).to_have_text(role)
    await expect(person.locator(".role")).to_be_hidden()


async def test_each_page_calls_somebody_without_a_name_by_the_role_in_its_own_language(
    server: Server, new_context: NewContext
) -> None:
    to_amina, to_relative = await links(server)
    contexts = [await new_context(base_url=server.url) for _ in range(3)]
    phone, relative, desk = [await each.new_page() for each in contexts]
    for page, link in ((phone, to_amina), (relative, to_relative)):
        await page.goto(link)
        await page.locator("form button.huge").click()
        await is_live(page)
    await relative.get_by_role("textbox", name="Message").fill("I am here")
    await relative.get_by_role("button", name="Send", exact=True).click()
    await reads(phone, "Proche")
    await sign_in(desk, server)
    await desk.get_by_role("button", name="Start next consultation").click()
    await is_live(desk)
    await reads(desk, "Companion")
