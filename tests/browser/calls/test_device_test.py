"""Testing one's device, with a fake camera and microphone in a real browser."""

import re
from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import NewContext
from tests.browser.harness.probes import PATIENT_TIMEOUTS
from tests.browser.harness.visits import link_to, sign_in
from tests.media.support import until
from tests.serving import Server, serving
from web.keys import RELAY


async def test_a_good_device_is_ready_and_the_scheduler_sees_it(
    server: Server, new_context: NewContext
) -> None:
    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    link = await link_to(server)
    await desk.get_by_role("link", name="Invites", exact=True).click()
    await expect(desk.locator(".row")).to_contain_text("Not tested")

    phone = await (await new_context(base_url=server.url, viewport=(360, 740))).new_page()
    await phone.add_init_script(PATIENT_TIMEOUTS)
    await phone.goto(link)
    await phone.get_by_role("link", name="Test my device").click()
    await phone.get_by_role("button", name="Start the test").click()
    await phone.get_by_role("button", name="I hear the sound").click()
    await expect(phone.locator("#result")).to_contain_text("Result: Ready")
    await expect(phone.locator("[data-outcome=passed]")).to_have_count(7)
    await expect(
        phone.get_by_text("The person who invited you can see this result.")
    ).to_be_visible()

    await expect(desk.locator(".row [data-readiness=ready]")).to_have_text("Device: Ready")
    back = phone.get_by_role("button", name="Back to the invitation")
    await expect(back).to_have_class("primary")
    await expect(phone.get_by_role("button", name="Test again")).not_to_have_class("primary")
    await back.click()
    await phone.get_by_role("button", name="Join the session").click()
    await desk.get_by_role("link", name="Waiting room").click()
    await expect(desk.locator("#waiting-list [data-readiness=ready]")).to_have_text("Ready")


async def test_who_may_not_use_the_camera_is_told_what_to_do(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    await context.add_init_script(
        "if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async ({ video }) => {"
        " throw new DOMException('', video ? 'NotAllowedError' : 'NotFoundError'); };"
    )
    page = await context.new_page()
    await page.goto(f"{await link_to(server)}/test")
    await page.get_by_role("button", name="Start the test").click()
    await expect(page.locator("[data-step=camera]")).to_contain_text("does not allow the camera")
    await expect(page.locator("[data-step=microphone]")).to_contain_text("No microphone was found")
    await page.locator("[data-step=speaker]").get_by_role("button", name="Skip").click()
    await expect(page.locator("#result")).to_contain_text("Not ready")


async def test_the_own_test_of_a_scheduler_is_judged_and_not_kept(
    server: Server, new_context: NewContext
) -> None:
    page = await (await new_context(base_url=server.url)).new_page()
    await sign_in(page, server)
    await page.get_by_role("link", name="Test my device").click()
    await page.get_by_role("button", name="Start the test").click()
    await page.get_by_role("button", name="I hear nothing").click()
    await expect(page.locator("#result")).to_contain_text("Ready with limits")


async def media_path_of(
    server: Server,
    new_context: NewContext,
    answer: str,
    *,
    before: int = 0,
    patient: bool = False,
) -> None:
    """Test a device by link up to its media path, which gets this answer.

    As many connections with the relay are opened `before`, and closed at the end.
    """
    context = await new_context(
        base_url=server.url, allowed_errors=["status of 429"] if before else []
    )
    if patient:
        await context.add_init_script(PATIENT_TIMEOUTS)
    page = await context.new_page()
    await page.goto(f"{await link_to(server)}/test")
    await page.evaluate(
        """async (times) => {
          const { relayPath } = document.querySelector("[data-relay-path]").dataset;
          window.__opened = [];
          while (times--) {
            const answer = await fetch(relayPath, { method: "POST" });
            if (answer.ok) window.__opened.push((await answer.json()).address);
          }
        }""",
        before,
    )
    await page.get_by_role("button", name="Start the test").click()
    await page.locator("[data-step=speaker]").get_by_role("button", name="Skip").click()
    step = page.locator("[data-step=media_path]")
    await expect(step).to_contain_text(re.compile(answer))
    await expect(page.locator("#result")).to_be_visible()
    await page.evaluate(
        "async () => { for (const address of __opened) await fetch(address, { method: 'DELETE' }); }"
    )
    relay = server.app[RELAY].relay
    assert relay is not None
    await until(lambda: not relay.figures[0].rooms, "the relay has nothing left of it")


async def test_who_reaches_the_relay_is_told_that_calls_work(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with serving(tmp_path, relay=True) as server:
        await server.account()
        works = r"Passed.*Calls work on this network"
        await media_path_of(server, new_context, works, patient=True)


async def test_who_does_not_reach_the_relay_is_warned(
    tmp_path: Path, new_context: NewContext
) -> None:
    nowhere = "203.0.113.1"  # belongs to nobody (RFC 5737)
    async with serving(tmp_path, relay=True, TELECONNECT_RELAY_ADDRESS=nowhere) as server:
        await server.account()
        await media_path_of(
            server, new_context, r"Warning.*Calls may fail on this network.*mobile data"
        )


async def test_what_cannot_be_tried_has_not_passed(tmp_path: Path, new_context: NewContext) -> None:
    async with serving(tmp_path, relay=True) as server:
        await server.account()
        await media_path_of(server, new_context, r"Warning.*cannot be tested right now", before=10)
