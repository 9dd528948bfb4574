"""Whose the microphone, the camera and the screen are: of a call that wants them, or off."""

import asyncio
import random
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.browser.calls.gathering import Gathering
from tests.browser.conftest import NewContext
from tests.browser.harness.firefox import launched_firefox
from tests.browser.harness.gate import GATE, given, live
from tests.browser.harness.sources import serve_sources
from tests.people import Person
from tests.serving import Server, serving

MODULES = Path(__file__).parents[2] / "javascript"
OFFERS = re.compile("(video|audio|the) call")
"Of the buttons that begin or join one."


async def session_page(server: Server, context: BrowserContext) -> Page:
    """A session's page without its script: the orders play what it wires together."""
    async with Person(server) as nurse, Person(server) as amina:
        await nurse.sign_in()
        invite = await amina.join(await nurse.invite())
        await context.add_cookies(
            [{"name": "teleconnect", "value": amina.cookie, "url": server.url}]
        )

    async def nothing(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body="")

    async def ours(route: Route) -> None:
        module = MODULES / route.request.url.rpartition("/")[2]
        await route.fulfill(content_type="text/javascript", body=module.read_text())

    await context.route("**/pages/session.js", nothing)
    await context.route("**/orders/*.js", ours)
    page = await context.new_page()
    await page.goto(f"{server.url}/seat/{invite}")
    return page


async def meeting(server: Server, new_context: NewContext) -> tuple[Page, Page]:
    """The desk and the phone in a started session; their browsers have allowed nothing yet."""

    async def asking(**options: Any) -> BrowserContext:
        context = await new_context(**options)
        await context.add_init_script(GATE)
        return context

    scene = Gathering(server, asking)
    await scene.invite()
    phone = await scene.arrive("phone")
    return await scene.begin(), phone


async def press(page: Page, button: Locator, count: int) -> None:
    """One press, of which the browser says that it is so many at this place right after each other."""
    await button.hover()
    await page.mouse.down(click_count=count)
    await page.mouse.up(click_count=count)


async def test_what_the_browser_allows_too_late_is_turned_off_and_told(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await meeting(server, new_context)
    # who hangs up before the question is answered is in no call
    await desk.evaluate("__shut()")
    await desk.get_by_role("button", name="Start video call").click()
    await expect(phone.locator("#incoming")).to_be_visible()
    await desk.get_by_role("button", name="Hang up").click()
    await expect(desk.locator("#call")).to_be_hidden()
    await expect(phone.locator("#incoming")).to_be_hidden()
    await desk.evaluate("__open()")
    await expect(desk.locator("#notice")).to_contain_text("You are not in the call any more")
    await live(desk, "")

    # two taps are one wish
    await desk.get_by_role("button", name="Start audio call").dblclick()
    camera = desk.get_by_role("button", name="Camera", exact=True)
    await desk.evaluate("__shut()")
    await camera.dblclick()
    await desk.evaluate("__open()")
    await live(desk, "audio,video")
    await expect(camera).to_have_attribute("aria-pressed", "true")
    # also if the browser answers between them
    await press(desk, camera, 1)
    await live(desk, "audio")
    await press(desk, camera, 2)
    await press(desk, camera, 1)
    await live(desk, "audio,video")
    await press(desk, camera, 2)
    await live(desk, "audio,video")
    await expect(camera).to_have_attribute("aria-pressed", "true")

    # an open question is told on both sides, and its late answer too
    await phone.evaluate("__shut()")
    await phone.get_by_role("button", name="Accept", exact=True).click()
    await expect(phone.locator("#device-words")).to_contain_text("Your browser asks")
    await expect(desk.locator("#tiles .status")).to_contain_text("has answered")
    await desk.get_by_role("button", name="Hang up").click()
    await live(desk, "")
    await expect(phone.locator("#notice")).to_contain_text("The call ended before")
    await expect(phone.locator("#call")).to_be_hidden()
    await expect(phone.get_by_role("button", name="Start video call")).to_be_visible()
    await phone.evaluate("__open()")
    await expect(phone.locator("#notice")).to_contain_text("You are not in the call any more")
    await given(phone, 1)
    await live(phone, "")

    # one refusal does not hide the other
    await phone.evaluate("__refusal = 'NotFoundError'")
    await desk.get_by_role("button", name="Start video call").click()
    await phone.get_by_role("button", name="Accept", exact=True).click()
    words = phone.locator("#device-words")
    await expect(words).to_contain_text("No microphone was found")
    await expect(words).to_contain_text("No camera was found")
    await phone.evaluate("__refusal = 'NotAllowedError'")
    await phone.get_by_role("button", name="Microphone").click()
    await expect(words).to_contain_text("Press Microphone to be asked again")

    # after a reload nobody is heard or seen who was not before
    await desk.get_by_role("button", name="Microphone").click()
    await desk.get_by_role("button", name="Camera", exact=True).click()
    await live(desk, "audio")
    await desk.reload()
    await expect(desk.locator("#call")).to_have_attribute("data-topology", "mesh")
    await given(desk, 0)
    await desk.get_by_role("button", name="Hang up").click()

    # a browser without calls is not called
    await phone.evaluate("sessionStorage.setItem('lockdown', 'yes')")
    await phone.reload()
    await expect(phone.locator("#no-calls")).to_contain_text(
        "Calls are not possible in this browser"
    )
    await expect(phone.locator("#no-calls-ways")).to_contain_text("Open the link from your message")
    await expect(desk.locator("#no-calls")).to_contain_text("cannot take calls")
    for page in (desk, phone):
        await expect(page.get_by_role("button", name=OFFERS)).to_have_count(0)
    await phone.get_by_role("textbox", name="Message").fill("I can only write")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.get_by_text("I can only write")).to_be_visible()


async def play(page: Page, orders: int, seed: int) -> None:
    """Play as many random orders on a page; the seed is printed, and repeats them."""
    print(f"{orders} orders from seed {seed}")
    base = await serve_sources(page)
    given: dict[str, Any] = {"base": base, "seed": seed, "orders": orders}
    found = await page.evaluate(
        "async (given) => (await import('/orders/device-runs.js')).runOrders(given)", given
    )
    assert not found["faults"], "\n".join(found["faults"])
    assert found["tracks"] > orders


async def test_whatever_the_order_live_tracks_are_those_the_call_wants(
    server: Server, new_context: NewContext
) -> None:
    page = await session_page(server, await new_context(base_url=server.url))
    await play(page, 40, secrets.randbelow(2**31))


CHANCE = """
(() => {
  if (location.protocol !== "http:") return;
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  const tracks = [];
  let open = 0;
  const maybe = async (kind, give) => {
    open += 1;
    try {
      await new Promise((resolve) => setTimeout(resolve, Math.random() ** 3 * 2500));
      if (Math.random() < 0.15) throw new DOMException("", "NotReadableError");
      const stream = await give();
      for (const track of stream.getTracks()) tracks.push({ kind, track });
      return stream;
    } finally {
      open -= 1;
    }
  };
  devices.getUserMedia = (wanted) => maybe(wanted.audio ? "audio" : "video", () => ask(wanted));
  devices.getDisplayMedia = () =>
    maybe("screen", async () => document.createElement("canvas").captureStream(1));
  const faults = (window.__faults = new Set());
  const buttons = { audio: "microphone", video: "camera", screen: "share-screen" };
  window.__quiet = () => open === 0;
  window.__lives = () => tracks.filter(({ track }) => track.readyState === "live");
  setInterval(() => {
    const call = document.getElementById("call");
    if (!call) return;
    const live = window.__lives();
    if (call.hidden && live.length) faults.add("live without a call");
    if (call.hidden) return;
    for (const [kind, id] of Object.entries(buttons)) {
      const those = live.filter((one) => one.kind === kind && one.track.enabled);
      const pressed = document.getElementById(id).getAttribute("aria-pressed") === "true";
      if (those.length > 1) faults.add(`several ${kind}`);
      if (pressed !== those.length > 0) faults.add(`${kind} is not as its button says`);
    }
  }, 20);
})();
"""
"""Runs before the page's own scripts. The browser's devices answer late or refuse, by chance, and
whatever is live against what the page shows is noted, all the time."""

PRESS = """
(place) => {
  const names = ["start-video", "start-audio", "accept-call", "accept-call", "join-call",
    "join-call", "decline-call", "hang-up", "microphone", "camera", "camera", "share-screen",
    "switch-camera", "audio-only"];
  const shown = names.map((name) => document.getElementById(name))
    .filter((button) => button && !button.closest("[hidden]"));
  shown[Math.floor(place * shown.length)]?.click();
}
"""


async def meet(server: Server, new_context: NewContext, orders: int, seed: int) -> None:
    """Play random orders in real rooms of two and three people."""
    print(f"{orders} orders in real rooms from seed {seed}")
    dice = random.Random(seed)

    async def by_chance(**options: Any) -> BrowserContext:
        context = await new_context(**options)
        await context.add_init_script(CHANCE)
        return context

    scene = Gathering(server, by_chance)
    await scene.invite("lee")
    await scene.arrive("phone")
    await scene.begin()
    for number in range(orders):
        if number == orders // 2:
            await scene.arrive("lee")
        pages = list(scene.pages.values())
        for _ in range(20):
            await dice.choice(pages).evaluate(PRESS, dice.random())
            await asyncio.sleep(dice.random() ** 2 / 2)
        for page in pages:
            await page.evaluate("document.getElementById('decline-call').click()")
            await page.evaluate("document.getElementById('hang-up').click()")
        for page in pages:
            await page.wait_for_function("() => window.__quiet()")
            await expect(page.locator("#call")).to_be_hidden()
            await page.wait_for_function("() => window.__lives().length === 0")
            assert await page.evaluate("[...window.__faults]") == [], f"order {number}"
    for page in scene.pages.values():
        await page.context.close()


@pytest.mark.soak
async def test_the_same_in_two_thousand_orders(server: Server, new_context: NewContext) -> None:
    context = await new_context(base_url=server.url)
    for _ in range(10):
        page = await session_page(server, context)
        await play(page, 200, secrets.randbelow(2**31))
        await page.close()


@pytest.mark.soak
async def test_the_same_in_real_rooms(tmp_path: Path, new_context: NewContext) -> None:
    async with serving(tmp_path, relay=True) as server:
        await server.account()
        await meet(server, new_context, 40, secrets.randbelow(2**31))


@pytest.fixture
async def firefox() -> AsyncIterator[Browser]:
    async with launched_firefox() as browser:
        yield browser


@pytest.mark.soak
async def test_the_same_in_firefox(tmp_path: Path, firefox: Browser) -> None:
    async def new_context(**options: Any) -> BrowserContext:
        return await firefox.new_context(base_url=options.get("base_url"))

    async with serving(tmp_path, relay=True) as server:
        await server.account()
        context = await firefox.new_context()
        for _ in range(10):
            page = await session_page(server, context)
            await play(page, 200, secrets.randbelow(2**31))
            await page.close()
        await meet(server, new_context, 20, secrets.randbelow(2**31))
