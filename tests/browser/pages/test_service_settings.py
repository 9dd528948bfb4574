"""An administrator who has never seen it changes what a service says and how it looks.

Everything is found by its visible name. The address of a third party would fail the context.
"""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from scripts.screenshot_administration import lamp
from tests.browser.conftest import NewContext
from tests.browser.harness.accessibility import check
from tests.browser.harness.resting import Rest
from tests.serving import PASSWORD, Server, serving
from web.routes import path


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("data")) as server:
        await server.account(role="administrator")
        yield server


async def at_administration(server: Server, new_context: NewContext) -> Page:
    context = await new_context(base_url=server.url, reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(path("sign_in"))
    await page.get_by_label("Email").fill("nurse@example.org")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("link", name="Administration").click()
    await expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    return page


async def test_the_terms_are_changed_with_two_clicks_from_administration(
    server: Server, new_context: NewContext
) -> None:
    page = await at_administration(server, new_context)
    complaints: list[str] = []
    rest = Rest(page)
    await check(rest, "administration", complaints)
    await page.get_by_role("main").get_by_role("link", name="Terms of use").click()
    await check(rest, "terms", complaints)
    await page.get_by_role("textbox", name="Text").fill(
        "## Ours\n\n![a picture](https://third.example.org/x.png) **Be kind.**\n\n|a|b|\n|-|-|\n|c|d|"
    )
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("This is your own text.")).to_be_visible()
    guest = await (await new_context(base_url=server.url)).new_page()
    await guest.goto(path("terms"))
    await expect(guest.get_by_text("Be kind.")).to_be_visible()
    await check(Rest(guest), "own terms", complaints)
    assert not complaints, "\n".join(complaints)


async def test_name_color_and_logo_are_changed_and_stay_readable(
    server: Server, new_context: NewContext
) -> None:
    page = await at_administration(server, new_context)
    await page.get_by_role("link", name="Settings").click()

    async def save(label: str) -> None:
        form = page.locator("form").filter(has=page.get_by_label(label, exact=True))
        await form.get_by_role("button", name="Save").click()

    await page.get_by_label("Name of the service").fill("Field Clinic")
    await save("Name of the service")
    await expect(page.get_by_role("link", name="Field Clinic")).to_be_visible()
    await page.get_by_label("Color", exact=True).fill("#FFD400")
    await save("Color")
    accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()"
    # the saved page comes in its own time; dark enough for text on white
    await page.wait_for_function(f"() => {accent} === '#816c00'")
    await page.get_by_label("Logo", exact=True).set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": lamp()}
    )
    await page.get_by_label("What the logo shows").fill("A red lamp")
    await save("Logo")
    logo = page.get_by_role("banner").get_by_role("img", name="A red lamp")
    await expect(logo).to_be_visible()
    assert await logo.evaluate("image => image.complete && image.naturalWidth > 0")
    complaints: list[str] = []
    rest = Rest(page)
    await check(rest, "settings", complaints)
    for name in ("Languages", "Interpreters", "Routes"):
        await page.get_by_role("link", name="Administration", exact=True).first.click()
        await page.get_by_role("main").get_by_role("link", name=name).click()
        await check(rest, name, complaints)
    await page.set_viewport_size({"width": 360, "height": 740})
    for address in (path("admin"), path("admin_settings"), path("help")):
        await page.goto(address)
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await page.evaluate(wide), address
    assert not complaints, "\n".join(complaints)
