"""What browsers without all abilities are told, and the ways out that work there."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.accessibility import check
from tests.browser.harness.resting import Rest
from tests.browser.harness.visits import link_to
from tests.browser.pages.test_sizes import SIDEWAYS, TARGETS
from tests.serving import Server
from tests.web.http.test_platform import IPHONE, MOBILE_CHROME, WEB_VIEW

CHROME = "Mozilla/5.0 (Linux; Android 10; K) " + MOBILE_CHROME.format("141.0.0.0")
ANDROID_APP = "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) " + WEB_VIEW
FACEBOOK = IPHONE.format("17_1") + "Mobile/22B83 [FBAN/FBIOS;FBAV/488.0.0.68.101]"
TELEGRAM = CHROME + " Telegram-Android/11.4.3 (Samsung SM-G965N; Android 10; SDK 29; LOW)"

NO_DEVICES = "delete Navigator.prototype.mediaDevices"
NO_CALLS = "delete window.RTCPeerConnection"
NO_STORAGE = """for (const name of ["sessionStorage", "localStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } })"""
NO_FILES = """Object.defineProperty(HTMLInputElement.prototype, "disabled",
  { get() { return this.type === "file"; }, set() {} })"""
NO_QUESTION = "delete Navigator.prototype.permissions"
REFUSING = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () =>
  Promise.reject(new DOMException("", "NotAllowedError"))"""
NO_CLIPBOARD = """delete Navigator.prototype.clipboard; document.execCommand = () => false"""

PHONE = (360, 740)
TOP_OF_JOIN = """() => document.querySelector("button.huge").getBoundingClientRect().top"""


async def phone(new_context: NewContext, user_agent: str, *lacks: str, **options: object) -> Page:
    """A page of a phone that says this of itself, and whose browser lacks this."""
    context: BrowserContext = await new_context(
        viewport=PHONE, user_agent=user_agent, has_touch=True, **options
    )
    for lack in lacks:
        await context.add_init_script(f"{{ {lack} }}")
    return await context.new_page()


async def settled(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-scripts", "running")


@pytest.mark.parametrize("user_agent", [CHROME, TELEGRAM, FACEBOOK])
async def test_where_all_works_nothing_is_said_whatever_the_name(
    server: Server, new_context: NewContext, user_agent: str
) -> None:
    page = await phone(new_context, user_agent)
    await page.goto(f"{server.url}{await link_to(server)}")
    await settled(page)
    await expect(page.locator("#in-app")).to_be_hidden()
    assert not await page.locator("#in-app img, #in-app svg").count(), "no picture is loaded"


def said(place: Page | Locator, words: str) -> Locator:
    """What the style sheet writes, so that browsers without one do not."""
    return place.locator(f'[data-says*="{words}"]')


@pytest.mark.parametrize(
    ("user_agent", "lacks", "sentences"),
    [
        (FACEBOOK, (NO_DEVICES,), ["inside the app .Facebook", "Camera and microphone do not"]),
        (TELEGRAM, (NO_CALLS,), ["inside the app .Telegram", "Calls do not work here"]),
        (ANDROID_APP, (NO_QUESTION,), ["inside another app", "may not work here"]),
        (CHROME, (NO_DEVICES, NO_CALLS), ["Camera and microphone do not", "Calls do not"]),
        (FACEBOOK, (NO_FILES,), ["Photos cannot be sent from here"]),
    ],
)
async def test_what_is_missing_is_said_below_the_button_which_stays_where_it_is(
    server: Server,
    new_context: NewContext,
    user_agent: str,
    lacks: tuple[str, ...],
    sentences: list[str],
) -> None:
    page = await phone(new_context, user_agent, *lacks)
    link = await link_to(server)
    measured = asyncio.Event()

    async def hold(route: Route) -> None:
        await measured.wait()
        await route.continue_()

    await page.route("**/*.js", hold)
    await page.goto(f"{server.url}{link}", wait_until="commit")
    await expect(page.locator("button.huge")).to_be_visible()
    before = await page.evaluate(TOP_OF_JOIN)
    measured.set()
    hint = page.locator("#in-app")
    for sentence in sentences:
        if sentence.startswith("inside"):
            await expect(hint).to_contain_text(re.compile(sentence))
        else:
            await expect(said(hint, sentence)).to_be_visible()
    assert await page.evaluate(TOP_OF_JOIN) == before
    if "wv" in user_agent or "FBAN" in user_agent:
        await expect(hint.locator(".pictured .icon")).to_have_count(2)


async def test_the_link_is_copied_or_can_be_selected(
    server: Server, new_context: NewContext
) -> None:
    link = f"{server.url}{await link_to(server)}"
    page = await phone(
        new_context, FACEBOOK, NO_DEVICES, permissions=("clipboard-read", "clipboard-write")
    )
    await page.goto(link)
    copying = page.locator("#in-app .own-link")
    await expect(copying.locator("code")).to_be_hidden()
    await copying.get_by_role("button", name="Copy link").click()
    await expect(copying.get_by_role("status")).to_have_text("Copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == link

    page = await phone(new_context, FACEBOOK, NO_DEVICES, NO_CLIPBOARD)
    await page.goto(link)
    copying = page.locator("#in-app .own-link")
    await copying.get_by_role("button", name="Copy link").click()
    await expect(copying.get_by_role("status")).to_have_text("Please copy the link by hand.")
    await expect(copying.locator("code")).to_be_visible()
    assert await page.evaluate("String(getSelection())") == link


async def test_the_device_test_says_what_is_missing_and_the_way_out(
    server: Server, new_context: NewContext
) -> None:
    page = await phone(new_context, FACEBOOK, NO_DEVICES)
    await page.goto(f"{server.url}{await link_to(server)}/test")
    await expect(said(page, "Camera and microphone do not work here")).to_be_visible()
    await page.get_by_role("button", name="Start the test").click()
    step = page.locator('[data-step="browser"] .sentence')
    await expect(step).to_have_text("This browser gives pages no camera and no microphone.")

    page = await phone(new_context, CHROME, NO_CALLS)
    await page.goto(f"{server.url}{await link_to(server)}/test")
    await page.get_by_role("button", name="Start the test").click()
    step = page.locator('[data-step="browser"] .sentence')
    await expect(step).to_have_text("This browser cannot make calls.")
    await expect(page.locator("#in-app")).to_contain_text("Open Firefox, and paste the link")


async def test_an_app_that_refuses_the_camera_is_named_once_it_has_done_so(
    server: Server, new_context: NewContext
) -> None:
    page = await phone(new_context, TELEGRAM, REFUSING)
    await page.goto(f"{server.url}{await link_to(server)}/test")
    await settled(page)
    await expect(page.locator("#in-app")).to_be_hidden()
    await page.get_by_role("button", name="Start the test").click()
    await page.locator('[data-step="speaker"] .skip-step').click()
    await expect(said(page, "may not work here")).to_be_visible()


async def test_a_device_test_without_scripts_names_another_browser(
    server: Server, new_context: NewContext
) -> None:
    link = f"{server.url}{await link_to(server)}/test"
    page = await phone(new_context, CHROME, java_script_enabled=False)
    await page.goto(link)
    await expect(page.get_by_role("button", name="Start the test")).to_be_hidden()
    await page.get_by_text("The test does not start?").click()
    await expect(page.get_by_text("Open Firefox, and paste the link")).to_be_visible()
    await expect(page.get_by_text(link)).to_be_visible()
    await expect(page.get_by_role("button", name="Copy link")).to_be_hidden()


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("ar", True)], ids=["en", "ar-dark"])
async def test_the_ways_out_fit_a_small_screen_in_both_directions(
    server: Server, new_context: NewContext, language: str, dark: bool
) -> None:
    page = await phone(new_context, FACEBOOK, NO_DEVICES, dark=dark)
    link = f"{server.url}{await link_to(server, language)}"
    complaints: list[str] = []
    rest = Rest(page)
    for address in (link, link + "/test"):
        await page.goto(address)
        picture = page.locator("#in-app .pictured .icon").first
        await expect(picture).to_be_visible()
        mirrored = "matrix(-1, 0, 0, 1, 0, 0)" if language == "ar" else "none"
        await expect(picture).to_have_css("transform", mirrored)
        await check(rest, address, complaints)
        complaints += await page.evaluate(TARGETS) + await page.evaluate(SIDEWAYS)
    assert not complaints, "\n".join(complaints)


async def test_whoever_comes_too_early_is_shown_the_ways_too(
    server: Server, new_context: NewContext
) -> None:
    page = await phone(new_context, FACEBOOK, NO_DEVICES)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await page.goto(f"{server.url}{await link_to(server, at=tomorrow)}")
    await expect(page.locator("#countdown")).to_be_visible()
    await expect(page.locator("#in-app .pictured .icon").first).to_be_visible()


async def test_a_browser_too_old_for_the_page_is_named_another_one(
    server: Server, new_context: NewContext
) -> None:
    page = await phone(
        new_context, CHROME, allowed_errors=["SyntaxError", "Unexpected token", "not started"]
    )

    async def unknown(route: Route) -> None:
        await route.fulfill(body="a ??? b", content_type="text/javascript")

    await page.route(re.compile(r"/js/pages/.*\.js$|/bundles?/.*\.js$"), unknown)
    link = f"{server.url}{await link_to(server)}"
    await page.goto(link)
    notice = page.locator("#starting")
    await expect(said(notice, "Your browser is too old for this page")).to_be_visible()
    said_at = await notice.evaluate("(place) => place.getBoundingClientRect().top")
    assert said_at < await page.evaluate("document.querySelector('h1').getBoundingClientRect().top")
    await expect(notice).to_contain_text("Open Firefox, and paste the link")
    await expect(notice.get_by_text(link)).to_be_visible()
    await expect(page.get_by_role("button", name="Change")).to_be_visible()
