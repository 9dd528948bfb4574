"""The call as the screen: whole pictures, buttons that stay, the chat as a sheet, truthful "seen"."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from signaling.calls.call import RECONNECT_GRACE
from tests.browser.calls.gathering import VIDEO_PATIENCE_MS, Gathering
from tests.browser.conftest import NewContext
from tests.clock import RunningClock
from tests.serving import Server, serving
from web.keys import WAITS

WHOLE = 0.99
"Of a picture; browsers round to pixels."

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

SIZES_OF = """
() => Object.fromEntries([...document.querySelectorAll("#tiles .tile")].map((tile) =>
  [tile.querySelector(".name").textContent, tile.clientWidth * tile.clientHeight]))
"""

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
def waits() -> RunningClock:
    """That of the server's waits."""
    return RunningClock()


@pytest.fixture
async def server(tmp_path: Path, waits: RunningClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, steady=waits, relay=True) as running:
        await running.account()
        yield running


class Stage(Gathering):
    """People with cameras of certain shapes; everybody but the desk looks from a small window."""

    async def page(self, viewport: tuple[int, int] = (640, 480)) -> Page:
        name = next(name for name in ("phone", "lee", "kim", "desk") if name not in self.pages)
        page = await super().page(viewport)
        await page.add_init_script(DEVICES.replace("SHAPE", str(list(SHAPES[name]))))
        return page


async def is_whole(page: Page, others: int) -> None:
    """Everybody's picture is on the screen, all of it, at each size; and so is every button."""
    await has_video(page, others)
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
            assert min(shown) > WHOLE, (width, height, chat, shown)
            buttons = await page.evaluate(BUTTONS)
            assert len(buttons) >= 9
            for button in buttons:
                assert button["pressable"], (width, height, chat, button)
                assert min(button["width"], button["height"]) >= 44, (width, height, button)


async def has_video(page: Page, others: int) -> None:
    tiles = page.locator("#tiles .has-video")
    await expect(tiles).to_have_count(others, timeout=VIDEO_PATIENCE_MS)


CUT = """
() => [...document.querySelectorAll(".call-bar .caption")]
  .filter((caption) => caption.checkVisibility())
  .filter((caption) => {
    const words = document.createRange();
    words.selectNodeContents(caption);
    const [inner, outer] = [words, caption.closest(".round")].map((one) =>
      one.getBoundingClientRect());
    return inner.left < outer.left || inner.right > outer.right
      || inner.top < outer.top || inner.bottom > outer.bottom;
  })
  .map((caption) => caption.textContent)
"""
"Captions that are cut, or stand beyond their button."


async def captions_fit(page: Page) -> None:
    """At every width what is written below an icon is whole, also where words are long."""
    captions = page.locator(".call-bar .caption:visible")
    await page.locator("#fill .caption").evaluate(
        "caption => { caption.textContent = 'Bildschirmausschnittvergrößerung'; }"
    )
    for width in (960, 1080, 1280, 1440):
        await page.set_viewport_size({"width": width, "height": 720})
        for chat in ("open", "closed"):
            await fold(page, chat)
            await settled(page)
            assert await page.evaluate(CUT) == [], (width, chat)
            assert await page.locator(".call-bar .icon:visible").count() >= 8
            await expect(page.get_by_role("button", name="Fill", exact=True)).to_be_visible()
    # what has space is there
    assert {"Microphone", "Chat", "Audio only"} <= set(await captions.all_text_contents())


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
    server: Server, waits: RunningClock, new_context: NewContext
) -> None:
    scene = Stage(server, new_context)
    await scene.invite("lee", "kim")
    for name in ("phone", "lee", "kim"):
        await scene.arrive(name)
    desk = await scene.begin()
    await desk.get_by_role("button", name="Start video call").focus()
    await desk.keyboard.down("Enter")
    # one sees oneself before anybody has come, and the keyboard is where one goes on
    await expect(desk.locator("#self-tile")).to_be_visible()
    await expect(desk.locator("#microphone")).to_be_focused()
    # a key that is held presses one button
    await desk.keyboard.down("Enter")
    await desk.keyboard.up("Enter")
    await expect(desk.locator("#microphone")).to_have_attribute("aria-pressed", "true")
    await desk.set_viewport_size({"width": 360, "height": 740})
    await expect(desk.locator(".top")).to_be_hidden()
    await watched(desk)
    for others, name in enumerate(("phone", "lee", "kim"), 1):
        await scene.pages[name].locator("#accept-call").click()
        await has_video(desk, others)
    await nothing_moved(desk)
    await is_whole(desk, 3)
    await captions_fit(desk)
    await desk.set_viewport_size({"width": 1440, "height": 900})

    # a press enlarges one person, with everybody still in view, and another press takes it back
    lee = desk.get_by_role("button", name="Enlarge \u2068lee\u2069")
    await lee.click()
    await expect(lee).to_have_attribute("aria-pressed", "true")
    shown = await desk.evaluate(SHOWN)
    assert len(shown) == 3
    assert min(shown) > WHOLE
    sizes = await desk.evaluate(SIZES_OF)
    assert sizes["lee"] > 3 * sizes["Amina"]
    await lee.click()
    await expect(lee).to_have_attribute("aria-pressed", "false")

    for others, name in ((2, "kim"), (1, "lee")):
        await scene.pages[name].context.close()
        await expect(desk.locator("#tiles .status", has_text="reconnecting")).to_have_count(1)
        waits.move(RECONNECT_GRACE)
        await server.app[WAITS].run_due()
        await expect(desk.locator("#tiles .tile")).to_have_count(others)
    await is_whole(desk, 1)
    # of one there is nothing to enlarge
    await expect(desk.locator("#tiles .cover")).to_be_hidden()


async def test_a_phone_in_a_call_is_told_of_messages_and_tells_the_truth_about_reading(
    server: Server, new_context: NewContext
) -> None:
    scene = Stage(server, new_context)
    await scene.invite()
    phone = await scene.arrive("phone")
    await phone.set_viewport_size({"width": 360, "height": 740})
    desk = await scene.begin()
    await desk.set_viewport_size({"width": 1280, "height": 720})
    await desk.get_by_role("button", name="Start video call").click()
    await expect(phone.locator("#accept-call")).to_be_visible()
    await phone.locator("#accept-call").press("Enter")
    await expect(phone.locator("#microphone")).to_be_visible()
    for page in (desk, phone):
        await has_video(page, 1)
    await expect(phone.locator("#microphone")).to_be_focused()
    await expect(phone.locator(".top")).to_be_hidden()
    await expect(phone.locator("#chat")).to_be_hidden()
    await expect(desk.locator("#chat")).to_be_visible()
    await watched(phone)
    tones = await phone.evaluate("__tones")

    # a new message: a number, the title, a tone, its beginning; and nobody has seen it
    await say(desk, "Where does it hurt?")
    preview = phone.locator("#chat-preview")
    await expect(preview).to_have_text("Nurse Joy: Where does it hurt?")
    await expect(phone.locator("#chat-toggle .badge")).to_have_text("1")
    await expect(phone.locator("#chat-toggle")).to_have_accessible_description(
        "\u20681\u2069 new message"
    )
    await expect(phone).to_have_title(re.compile(r"^\(1\) "))
    await phone.wait_for_function("before => __tones === before + 1", arg=tones)

    # what else comes and goes lies over the pictures
    await phone.locator("#microphone").click()
    await expect(phone.locator("#muted-hint")).to_be_visible()
    await phone.locator("#microphone").click()
    await expect(phone.locator("#muted-hint")).to_be_hidden()
    await phone.evaluate("() => { __refuse = true; __isSlow = true; }")
    await phone.locator("#camera").click()
    await phone.locator("#camera").click()
    await expect(phone.locator("#device-words")).to_contain_text("No camera was found")
    await expect(phone.locator("#quality")).to_have_text("Your connection is poor.")
    await expect(desk.locator("#tiles .status")).to_have_text("poor connection")
    await phone.evaluate("() => { __refuse = false; __isSlow = false; }")
    await phone.locator("#camera").click()
    await expect(phone.locator("#self-tile")).to_be_visible()
    await expect(phone.locator("#quality")).to_be_hidden()
    await expect(preview).to_be_hidden()
    await nothing_moved(phone)

    # all that time it was not on the screen
    mine = desk.locator(".line.mine .state")
    await expect(mine).to_have_text("sent")
    await phone.locator("#chat-toggle").press("Enter")
    await expect(phone.locator("#chat-text")).to_be_focused()
    await expect(phone.get_by_text("Where does it hurt?", exact=True)).to_be_in_viewport()
    await expect(mine).to_have_text("seen")
    await expect(phone.locator("#chat-toggle .badge")).to_be_hidden()
    await expect(phone).not_to_have_title(re.compile(r"\("))
    assert await phone.evaluate(SHOWN) == [pytest.approx(1, abs=0.01)]

    # whoever looks at the chat is not told of what they see
    tones = await desk.evaluate("__tones")
    await say(phone, "In my knee")
    await expect(phone.locator(".line.mine .state")).to_have_text("seen")
    assert await desk.evaluate("__tones") == tones
    await phone.keyboard.press("Escape")
    await expect(phone.locator("#chat")).to_be_hidden()
    await expect(phone.locator("#chat-toggle")).to_be_focused()

    # the own picture goes to any corner, by keyboard and by hand, and covers nobody there
    own = phone.locator("#self-tile")
    move = phone.get_by_role("button", name="Move your own picture")
    for key in ("ArrowDown", "ArrowLeft", "ArrowUp", "Enter"):
        before = await own.bounding_box()
        await move.press(key)
        assert await own.bounding_box() != before
        assert min(await phone.evaluate(SHOWN)) > WHOLE
    await phone.mouse.move(*await middle(own))
    await phone.mouse.down()
    await phone.mouse.move(60, 500, steps=3)
    await phone.mouse.up()
    x, y = await middle(own)
    assert (x < 180, y > 370) == (True, True)
    assert min(await phone.evaluate(SHOWN)) > WHOLE

    # only who wants it fills the screen with a part of the picture
    await phone.get_by_role("button", name="Fill", exact=True).click()
    assert min(await phone.evaluate(SHOWN)) < 0.9
    await phone.get_by_role("button", name="Fill", exact=True).click()
    assert min(await phone.evaluate(SHOWN)) > WHOLE
    await desk.get_by_role("button", name="Full screen").click()
    await desk.wait_for_function("() => document.fullscreenElement?.id === 'room'")
    await expect(desk.get_by_role("button", name="Full screen")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert all(button["pressable"] for button in await desk.evaluate(BUTTONS))

    # after the call the page is a page again
    await phone.get_by_role("button", name="Hang up").press("Enter")
    await expect(phone.locator(".top")).to_be_visible()
    await expect(phone.locator("#chat")).to_be_visible()
    await expect(phone.locator("#join-call, #start-video").locator("visible=true")).to_be_focused()


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def middle(place: Locator) -> tuple[float, float]:
    box = await place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
