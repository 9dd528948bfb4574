"""The call as the screen: whole pictures, buttons that stay, the chat as a sheet, truthful "seen"."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.calls.gathering import Gathering
from tests.browser.conftest import NewContext
from tests.serving import Server, serving

SIZES = ((360, 740), (740, 360), (1280, 720), (1440, 900))
SHAPES = {"desk": (320, 180), "phone": (180, 320), "lee": (240, 180), "kim": (180, 320)}
"Of each camera: a wide one, phones held upright, and one of 4:3."

DEVICES = """
(() => {
  const [width, height] = SHAPE;
  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    if (window.__refuse) throw new DOMException("", "NotFoundError");
    if (audio) {
      // somebody who speaks without a pause
      const context = new AudioContext();
      const [voice, loudness] = [context.createOscillator(), context.createGain()];
      const out = context.createMediaStreamDestination();
      loudness.gain.value = 0.3;
      voice.connect(loudness).connect(out);
      voice.start();
      return out.stream;
    }
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const drawing = canvas.getContext("2d");
    setInterval(() => {
      drawing.fillStyle = `hsl(${Date.now() / 20} 60% 50%)`;
      drawing.fillRect(0, 0, width, height);
    }, 100);
    return canvas.captureStream(10);
  };
  const { getStats } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.getStats = async function () {
    const slow = { type: "candidate-pair", nominated: true, currentRoundTripTime: 2 };
    const found = await getStats.call(this);
    return window.__isSlow ? new Map([...found, ["slow", slow]]) : found;
  };
  window.__tones = 0;
  const { createOscillator } = AudioContext.prototype;
  AudioContext.prototype.createOscillator = function () {
    window.__tones += 1;
    return createOscillator.call(this);
  };
})();
"""
"""Runs before the page's own scripts: a camera of a certain shape, a voice, a line whose answers may
take two seconds; the tones that the page makes are counted."""

SHOWN = """
() => {
  const box = (element) => element.getBoundingClientRect();
  const seen = (element) => element && element.checkVisibility({ visibilityProperty: true });
  const shared = (one, other) =>
    Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left)) *
    Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
  const screen = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  const upon = ["#self-tile", ".call-bar", ".chat", ".top", ".lead .actions"]
    .map((name) => document.querySelector(name)).filter(seen).map(box);
  return [...document.querySelectorAll("#tiles .has-video video")].map((video) => {
    const frame = box(video);
    const ratio = video.videoWidth / video.videoHeight;
    const fitted = getComputedStyle(video).objectFit === "contain" ? Math.min : Math.max;
    const width = fitted(frame.width, frame.height * ratio);
    const [x, y] = [(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2];
    const picture = { left: x - width / 2, right: x + width / 2,
      top: y - width / ratio / 2, bottom: y + width / ratio / 2 };
    const whole = shared(picture, picture);
    const around = ["#tiles", "#call", "#room"].map((name) => box(document.querySelector(name)));
    const kept = [frame, box(video.closest(".tile")), ...around, screen]
      .map((one) => shared(picture, one));
    const lost = upon.reduce((sum, one) => sum + shared(picture, one), 0);
    return (Math.min(...kept) - lost) / whole;
  });
}
"""
"How much of each picture is on the screen, and under nothing: a share of its frame."

BUTTONS = """
() => [...document.querySelectorAll(".call-bar > button, .call-bar summary, .lead .actions button")]
  .filter((button) => button.checkVisibility())
  .map((button) => {
    const { left, top, width, height } = button.getBoundingClientRect();
    const found = document.elementFromPoint(left + width / 2, top + height / 2);
    return { name: button.id || button.textContent, left, top, width, height,
      pressable: left >= 0 && top >= 0 && left + width <= innerWidth
        && top + height <= innerHeight && button.contains(found) };
  })
"""

WATCH = """
(buttons) => {
  const look = eval(buttons);
  const places = (window.__places = new Set());
  const note = () => {
    places.add(JSON.stringify(look().map(({ name, left, top }) => [name, left, top])));
    window.__watch = requestAnimationFrame(note);
  };
  note();
}
"""
"Notes in every frame where the buttons are."


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, relay=True) as running:
        await running.account()
        yield running


class Stage(Gathering):
    """People with cameras of certain shapes; everybody but the desk looks from a small window."""

    async def page(self, viewport: tuple[int, int] = (640, 480)) -> Page:
        name = next(name for name in ("phone", "desk", "lee", "kim") if name not in self.pages)
        page = await super().page(viewport)
        await page.add_init_script(DEVICES.replace("SHAPE", str(list(SHAPES[name]))))
        return page


async def is_whole(page: Page, others: int) -> None:
    """Everybody's picture is on the screen, all of it, at each size; and so is every button."""
    await expect(page.locator("#tiles .has-video")).to_have_count(others)
    await page.wait_for_function(
        "() => [...document.querySelectorAll('#tiles .has-video video')].every((v) => v.videoWidth)"
    )
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        for chat in ("open", "closed"):
            await fold(page, chat)
            await settled(page)
            shown = await page.evaluate(SHOWN)
            assert len(shown) == others
            assert min(shown) > 0.99, (width, height, chat, shown)
            buttons = await page.evaluate(BUTTONS)
            assert len(buttons) >= 9
            for button in buttons:
                assert button["pressable"], (width, height, chat, button)
                assert min(button["width"], button["height"]) >= 44, (width, height, button)


async def fold(page: Page, chat: str) -> None:
    if await page.locator("#room").get_attribute("data-chat") != chat:
        await page.locator("#chat-toggle").click()


async def settled(page: Page) -> None:
    """The pictures have been placed for the present size."""
    await page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    )


async def watched(page: Page) -> None:
    await page.evaluate("() => cancelAnimationFrame(window.__watch)")
    await page.evaluate(WATCH, BUTTONS)


async def nothing_moved(page: Page) -> None:
    places: list[str] = await page.evaluate("() => [...window.__places]")
    assert len(places) == 1, places


async def test_pictures_are_whole_and_buttons_stay_while_people_come(
    server: Server, new_context: NewContext
) -> None:
    scene = Stage(server, new_context)
    await scene.invite("lee", "kim")
    for name in ("phone", "lee", "kim"):
        await scene.arrive(name)
    desk = await scene.begin()
    await desk.get_by_role("button", name="Start video call").focus()
    await desk.keyboard.press("Enter")
    # one sees oneself before anybody has come, and the keyboard is where one goes on
    await expect(desk.locator("#self-tile")).to_be_visible()
    await expect(desk.locator("#microphone")).to_be_focused()
    await desk.set_viewport_size({"width": 360, "height": 740})
    await expect(desk.locator(".top")).to_be_hidden()
    await watched(desk)
    for others, name in enumerate(("phone", "lee", "kim"), 1):
        await scene.pages[name].locator("#accept-call").click()
        await expect(desk.locator("#tiles .has-video")).to_have_count(others)
    await nothing_moved(desk)
    for name in ("kim", "lee"):
        await is_whole(desk, len(scene.pages) - 1)
        await scene.pages.pop(name).context.close()
        await expect(desk.locator("#tiles .tile")).to_have_count(len(scene.pages) - 1)
    await is_whole(desk, 1)
    assert desk.url
