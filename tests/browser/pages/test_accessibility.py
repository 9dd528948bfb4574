"""Every page without an accessibility violation that axe-core knows, in both directions."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from scripts.samples import PASSWORD, Sample, sample
from tests.browser.conftest import NewContext
from tests.browser.harness.accessibility import check
from tests.browser.harness.resting import Rest
from tests.serving import Server, serving
from web.routes import path


@pytest.fixture(scope="module")
async def filled(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Server, Sample]]:
    async with serving(tmp_path_factory.mktemp("data")) as server:
        yield server, await sample(server.app)


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("ar", True)], ids=["en", "ar-dark"])
async def test_no_page_has_a_violation(
    filled: tuple[Server, Sample], new_context: NewContext, language: str, dark: bool
) -> None:
    """Colors depend on the scheme alone and places on the direction: two looks show both of each."""
    server, found = filled
    context = await new_context(
        base_url=server.url,
        dark=dark,
        allowed_errors=["status of 40[04]"],
        reduced_motion="reduce",  # a color on its way to another one is neither
    )
    await context.add_cookies([{"name": "language", "value": language, "url": server.url}])
    page = await context.new_page()
    rest = Rest(page)
    complaints: list[str] = []
    for name, address in (
        ("sign in", path("sign_in")),
        ("forgotten password", path("forgotten_password")),
        ("landing", found.landing),
        ("too early", found.early),
        ("device test", found.early_test),
        ("not found", path("dashboard") + "nowhere"),
    ):
        await page.goto(address)
        await check(rest, name, complaints)
    await page.goto(found.landing)
    await page.locator("button.huge").click()
    await expect(page.locator("#chat-lines .event").first).to_be_visible()
    await check(rest, "waiting", complaints)
    await page.goto(f"{page.url}/plain")
    await expect(page.frame_locator("iframe[name=lines]").locator(".event").first).to_be_visible()
    await check(rest, "the page without scripts", complaints)
    await page.set_viewport_size({"width": 360, "height": 740})
    await check(rest, "the page without scripts on a phone", complaints)
    await page.set_viewport_size({"width": 1280, "height": 800})

    await page.goto(path("sign_in"))
    await page.fill("#email", "nurse@example.org")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    for name, address in (
        ("dashboard", path("dashboard")),
        ("invites", path("invites")),
        ("a session's own page", path("case", consultation_id=found.consultation_id)),
        ("edit", path("edit_session", consultation_id=found.consultation_id)),
        ("link", path("invite_link", invite_id=found.invite_id)),
        ("waiting room", path("waiting_room")),
        ("opened", path("opened")),
        ("history", path("history")),
        ("session", path("session", consultation_id=found.consultation_id)),
        ("outbox", path("admin_outbox")),
        ("people", path("admin_people")),
        ("somebody's account", path("admin_person", account_id=found.colleague_id)),
        ("deletion", path("admin_delete_account", account_id=found.account_id)),
        ("teams", path("admin_teams")),
        ("sharing", path("share_session", consultation_id=found.consultation_id)),
        ("access requests", path("admin_access_requests")),
        ("interpreters", path("admin_interpreters")),
        ("routes", path("admin_routes")),
        ("texts", path("admin_texts")),
        ("templates", path("admin_templates")),
        ("audit log", path("admin_audit")),
        ("health", path("admin_health")),
        ("profile", path("profile")),
        ("invite somebody", path("admin_invite_account")),
        ("new passkey", path("new_passkey")),
        ("proof", path("proof")),
        ("new invite", path("new_invite", {"kind": "remote"})),
    ):
        await page.goto(address)
        await check(rest, name, complaints)
    await page.goto(path("invites"))
    await page.click("#open-new-invite")
    await page.click("#new-invite [data-choice=remote]")
    for box in ("plan_later", "companion", "colleague"):
        await page.check(f"#{box}")
    await check(rest, "new invite dialog", complaints)
    await page.fill("#address", "+41 44 123 45 67")  # a landline: asked about
    await page.click("#invitation [type=submit]")
    await expect(page.locator(".notice.bad[role=alert]:visible")).to_be_visible()
    await check(rest, "refused", complaints)
    await page.goto(path("admin_teams"))
    await page.fill("#name", f"Ward {language}")
    await page.press("#name", "Enter")
    await page.wait_for_url("**/teams/*")
    await check(rest, "team", complaints)
    await page.goto(path("admin_numbers"))
    await page.locator(".chart summary").first.click()
    await check(rest, "numbers", complaints)
    await page.goto(path("admin_person", account_id=found.colleague_id))
    await page.click("form[action$=password-link] button")
    await check(rest, "link to choose a password", complaints)
    await page.goto(await page.locator("#password-link").text_content() or "")
    await check(rest, "choosing a password", complaints)
    await page.fill("#password", "password1234")
    await page.click("main button[type=submit]")
    await expect(page.locator(".notice.bad:visible")).to_be_visible()
    await check(rest, "password refused", complaints)
    assert not complaints, "\n".join(complaints)


async def test_the_keyboard_alone_sends_an_invitation(
    filled: tuple[Server, Sample], new_context: NewContext
) -> None:
    server, _found = filled
    page = await (await new_context(base_url=server.url)).new_page()
    await page.goto(path("sign_in"))
    await page.fill("#email", "nurse@example.org")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()

    async def tab_to(name: str, role: str) -> None:
        """Press Tab until the control called `name` has the focus."""
        wanted = page.get_by_role(role, name=name, exact=True)
        for _press in range(60):
            await page.keyboard.press("Tab")
            if await wanted.evaluate_all("all => all.includes(document.activeElement)"):
                return
        pytest.fail(f"The keyboard does not reach {name}.")

    await tab_to("New invite", "button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await tab_to("Remote", "button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Email or mobile number")).to_be_focused()
    await page.keyboard.type("amina@example.org")
    await tab_to("First name", "textbox")
    await page.keyboard.type("Amina")
    await tab_to("Invite a loved one or another caregiver", "checkbox")
    await page.keyboard.press("Space")
    await tab_to("Email or mobile of the caregiver", "textbox")
    await page.keyboard.type("son@example.org")
    await tab_to("Send", "button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="What happens next")).to_be_visible()
