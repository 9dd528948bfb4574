"""Somebody who saves data: audio first, a small video on request, and how much was used."""

import re

from playwright.async_api import Locator, Page, expect

from scripts.traffic.browser import until
from tests.browser.calls.gathering import VIDEO_PATIENCE_MS, Gathering
from tests.browser.conftest import NewContext
from tests.serving import Server

SENT_VIDEO = """
async () => {
  const found = [];
  for (const peer of window.__peers) {
    for (const sender of peer.getSenders()) {
      if (sender.track?.kind !== "video") continue;
      const [encoding] = sender.getParameters().encodings;
      const { height } = sender.track.getSettings();
      const lines = Math.round(height / encoding.scaleResolutionDownBy);
      const stats = [...(await sender.getStats()).values()].find((one) => one.type === "outbound-rtp");
      found.push({lines, rate: encoding.maxFramerate ?? 0, sent: stats?.frameHeight ?? 0});
    }
  }
  return found;
}
"""


async def sends_video(page: Page, lines: int, rate: int) -> None:
    """Wait until a page sends one video of so many lines and at most so many frames a second (0: any).

    They do not change all at once.
    """
    wanted = f"one.sent === {lines} && one.lines === {lines} && one.rate === {rate}"
    await until(
        page,
        f"async () => {{ const [one, ...more] = await ({SENT_VIDEO})(); return one && !more.length && {wanted}; }}",
        timeout=VIDEO_PATIENCE_MS / 1000,
    )


async def kilobytes(said: Locator) -> float:
    """How much a page says was used."""
    await expect(said).to_be_visible()
    found = re.search(r"([\d.]+)\S* ([kM])B", await said.inner_text())
    assert found is not None
    return float(found[1]) * {"k": 1, "M": 1024}[found[2]]


async def test_saving_data_means_audio_first_and_a_small_video_on_request(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context, small_cameras=False)
    await scene.invite()
    phone = await scene.arrive("phone")
    switch = phone.get_by_role("switch", name="Save data", exact=True)
    await expect(switch).not_to_be_checked()
    await switch.focus()
    await phone.keyboard.press("Space")
    await expect(switch).to_be_checked()
    await phone.reload()
    await expect(switch).to_be_enabled()
    await expect(switch).to_be_checked()

    desk = await scene.begin()
    await expect(phone.get_by_role("button", name="Start audio call")).to_be_visible()
    await expect(phone.get_by_role("button", name="Start video call")).to_be_hidden()
    await desk.get_by_role("button", name="Start video call").click()
    accept = phone.get_by_role("button", name="Accept", exact=True)
    await expect(accept).to_be_visible()
    await expect(phone.get_by_role("button", name="Accept without camera")).to_be_hidden()
    await accept.click()
    await scene.everybody_hears("desk", "phone")
    camera = phone.get_by_role("button", name="Camera", exact=True)
    await expect(camera).to_have_attribute("aria-pressed", "false")
    await expect(phone.get_by_role("button", name="Audio only")).to_have_attribute(
        "aria-pressed", "true"
    )

    # on request, both ways
    await camera.click()
    for page in (phone, desk):
        await sends_video(page, 160, 8)
    await scene.everybody_sees("desk", "phone")

    # in a call the switch is among its own buttons
    await phone.get_by_text("Microphone, camera and speaker").locator("..").click()
    await expect(switch).to_be_visible()
    await switch.click()
    for page in (phone, desk):
        await sends_video(page, 360, 0)
    used = phone.get_by_role("button", name="Data used")
    await used.click()
    said = phone.locator("#data-used")
    in_call = await kilobytes(said)
    assert in_call > 10
    await scene.hang_up("phone")
    await expect(said).to_be_hidden()
    await expect(phone.locator(".stage > #saving")).to_be_visible()
    await used.click()
    after = await kilobytes(said)
    assert after >= in_call
    await phone.reload()
    await expect(switch).to_be_enabled()
    await expect(switch).not_to_be_checked()
    await used.click()
    assert await kilobytes(said) >= after


async def test_on_a_line_of_2g_data_is_saved_unless_somebody_does_not_want_that(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite()
    context = await new_context(base_url=server.url, viewport=(360, 640))
    await context.add_init_script(
        "Object.defineProperty(navigator.connection, 'effectiveType', {value: '2g'})"
    )
    page = await context.new_page()
    await page.goto(scene.links["phone"])
    await page.get_by_role("button", name="Join the session").click()
    switch = page.get_by_role("switch", name="Save data", exact=True)
    await expect(switch).to_be_enabled()
    await expect(switch).to_be_checked()
    await switch.click()
    await page.reload()
    await expect(switch).to_be_enabled()
    await expect(switch).not_to_be_checked()
