"""What only a browser shows of accounts: passwords shown on request, the ring, what was decided."""

from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import NewContext
from tests.people import Person
from tests.serving import PASSWORD, serving
from web.routes import path

COLLECT_TONES = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  window.tones.push(this.frequency.value);
  return start.apply(this, when);
};
"""
REFUSE_WHEN_ASKED = """
let permission = "default";
Object.defineProperty(Notification, "permission", { get: () => permission });
Notification.requestPermission = async () => (permission = "denied");
"""
"A headless browser has decided before anybody asks."
SOFT = [392, 494, 587]


async def test_a_password_is_shown_notifications_are_asked_for_and_the_chosen_ring_rings(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with serving(tmp_path) as server, Person(server) as guest:
        nurse = await server.account()
        async with Person(server) as desk:
            await desk.sign_in(nurse.email)
            link = await desk.invite()
        context = await new_context(base_url=server.url, permissions=())
        await context.add_init_script(COLLECT_TONES + REFUSE_WHEN_ASKED)
        page = await context.new_page()

        await page.goto(path("sign_in"))
        await page.fill("#email", nurse.email)
        await page.fill("#password", PASSWORD)
        await page.get_by_role("button", name="Show the password").click()
        await expect(page.locator("#password")).to_have_attribute("type", "text")
        await expect(page.locator("#password")).to_be_focused()
        await page.get_by_role("button", name="Hide the password").click()
        await expect(page.locator("#password")).to_have_attribute("type", "password")
        await page.get_by_role("button", name="Show the password").click()
        await page.keyboard.press("Tab")
        await page.get_by_role("button", name="Sign in", exact=True).click()

        await page.get_by_role("link", name="Your profile: Nurse Joy").click()
        await expect(page.get_by_role("heading", name="Your profile")).to_be_visible()
        await expect(page.get_by_text("This browser has not been asked yet.")).to_be_visible()
        await page.get_by_role("button", name="Ask this browser to allow them").click()
        await expect(page.get_by_text("This browser does not allow them.")).to_be_visible()
        await page.select_option("#ring_sound", "soft")
        await page.get_by_role("button", name="Test the ring").click()
        await page.wait_for_function("() => window.tones.length >= 3")
        assert await page.evaluate("window.tones.map(Math.round)") == SOFT
        await page.locator("#ring_volume").fill("0")
        await page.get_by_role("button", name="Test the ring").click()
        await expect(page.get_by_text("The volume is zero: nothing rings.")).to_be_visible()
        await page.locator("#ring_volume").fill("40")
        await page.locator("#preferences").get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved.")).to_be_visible()

        await page.goto(path("dashboard"))
        await page.get_by_role("heading", name="Dashboard").click()  # a touch allows sound
        await guest.enter(invite_id=await guest.join(link))
        await page.wait_for_function("() => window.tones.length >= 3")
        assert (await page.evaluate("window.tones.map(Math.round)"))[:3] == SOFT
