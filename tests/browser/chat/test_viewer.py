"""The viewer: photos and PDF pages over the whole screen, turned for everybody, marked and sent."""

import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.accessibility import check
from tests.browser.harness.resting import Rest
from tests.files import Sender, pdf, pixel
from tests.people import Visit, visiting
from tests.serving import Server

WIDTH, HEIGHT = 400, 300
SHOWN = """
(picture) => {
  const { left, top, width, height } = picture.getBoundingClientRect();
  const frame = picture.closest(".screen").getBoundingClientRect();
  return { left: left - frame.left, top: top - frame.top, width, height,
    room: [frame.width, frame.height] };
}
"""


def a_photo() -> bytes:
    """White with a red corner at the top left, so that it is seen how it is turned."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 60, 60), fill=(200, 20, 20))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


@dataclass(frozen=True)
class Meeting:
    """Nurse and Amina in one session with two photos and a PDF of four pages, sent by Amina."""

    url: str
    visit: Visit
    amina: Sender
    first: str
    paper: str
    last: str

    async def page(self, who: str, new_context: NewContext, **options: Any) -> Page:
        """The session's page of `desk` or `phone`."""
        url, visit = self.url, self.visit
        context = await new_context(base_url=url, **options)
        person = visit.nurse if who == "desk" else visit.phone
        await context.add_cookies([{"name": "teleconnect", "value": person.cookie, "url": url}])
        page = await context.new_page()
        place = f"sessions/{visit.consultation_id}" if who == "desk" else f"seat/{visit.seat}"
        await page.goto(f"{url}/{place}")
        return page


@pytest.fixture
async def meeting(server: Server) -> AsyncIterator[Meeting]:
    async with visiting(server) as visit:
        amina = Sender(visit.phone, f"/seat/{visit.seat}")
        first = await amina.send(a_photo(), name="foot.jpg", caption="The left foot")
        paper = await amina.send(pdf(4), name="letter.pdf")
        last = await amina.send(a_photo(), name="hand.jpg")
        await visit.amina.ws.close()
        await visit.desk.ws.close()
        yield Meeting(server.url, visit, amina, first, paper, last)


async def open_file(page: Page, line_id: str) -> Locator:
    await page.locator(f'[data-key="{line_id}"] a.picture').click()
    viewer = page.get_by_role("dialog")
    await expect(viewer).to_be_visible()
    return viewer


async def shown(viewer: Locator) -> dict[str, Any]:
    """Where the photo is within the frame, once it is loaded."""
    picture = viewer.locator(".photo img")
    await expect(picture).not_to_have_js_property("naturalWidth", 0)
    found: dict[str, Any] = await picture.evaluate(SHOWN)
    return found


async def press(viewer: Locator, name: str) -> None:
    await viewer.get_by_role("button", name=name, exact=True).click()


async def test_a_photo_is_looked_at_by_keys_and_turned_for_everybody(
    meeting: Meeting, new_context: NewContext
) -> None:
    desk = await meeting.page("desk", new_context)
    phone = await meeting.page("phone", new_context, viewport=(360, 740))
    viewer = await open_file(desk, meeting.first)
    await expect(viewer.get_by_role("img", name="The left foot")).to_be_visible()
    await expect(viewer.get_by_role("heading")).to_contain_text("1")
    before = await shown(viewer)
    width, height = before["room"]
    assert before["width"] <= width + 1 and abs(before["height"] - height) < 2  # whole

    # zoomed by keys, then moved by them, and whole again
    await desk.keyboard.press("+")
    await desk.keyboard.press("+")
    await desk.keyboard.press("+")
    zoomed = await shown(viewer)
    assert zoomed["width"] > 2 * before["width"]
    await desk.keyboard.press("ArrowRight")
    await desk.keyboard.press("ArrowDown")
    moved = await shown(viewer)
    assert moved["left"] < zoomed["left"] and moved["top"] < zoomed["top"]
    await desk.keyboard.press("0")
    assert (await shown(viewer))["width"] == before["width"]

    # turned for everybody, uncropped, in the viewer and in the chat of the other
    other = await open_file(phone, meeting.first)
    await press(viewer, "Turn right")
    turned = phone.locator(f'[data-key="{meeting.first}"] a.picture img')
    await expect(turned).to_have_attribute("style", re.compile(r"rotate\(90deg\)"))
    await expect(other.locator(".photo img")).to_have_attribute(
        "style", re.compile(r"rotate\(90deg\)")
    )
    small = await shown(other)
    assert small["width"] < small["height"]
    assert small["width"] <= 361 and small["left"] >= -1 and small["top"] >= -1
    assert small["top"] + small["height"] <= small["room"][1] + 1

    # everything is reached by keys, the focus stays inside and comes back
    names = set()
    for _press in range(20):
        await desk.keyboard.press("Tab")
        focused = desk.locator(":focus")
        if await focused.count():
            assert await focused.evaluate("(one) => one.closest('dialog') !== null")
            names.add((await focused.text_content() or "").strip())
    assert {"Close", "Next", "Zoom in", "Turn left", "Turn right", "Mark"} <= names
    await desk.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await expect(desk.locator(f'[data-key="{meeting.first}"] a.picture')).to_be_focused()


async def test_the_pages_of_a_pdf_are_loaded_as_they_are_read(
    meeting: Meeting, new_context: NewContext
) -> None:
    phone = await meeting.page("phone", new_context, viewport=(360, 740), allowed_errors=[r"503"])
    asked: list[str] = []
    broken = True

    async def page_of(route: Route) -> None:
        asked.append(route.request.url.rpartition("/")[2])
        if broken and asked[-1] == "page-2":
            await route.fulfill(status=503)
        else:
            await route.continue_()

    await phone.route("**/page-*", page_of)
    viewer = await open_file(phone, meeting.paper)
    await expect(viewer.get_by_role("heading")).to_contain_text("Page")
    first = viewer.locator(".page img").first
    await expect(first).to_have_js_property("complete", True)
    await expect(first).not_to_have_js_property("naturalWidth", 0)
    await expect(viewer.get_by_role("alert")).to_contain_text("This page cannot be shown")
    broken = False
    await press(viewer, "Try again")
    await expect(viewer.locator(".page img").nth(1)).not_to_have_js_property("naturalWidth", 0)
    async with phone.expect_download() as started:
        await viewer.get_by_role("link", name="Download").click()
    assert (await started.value).suggested_filename == "letter.pdf"
    # through all files that the page holds, and back
    await press(viewer, "Next")
    await expect(viewer.get_by_role("img", name=re.compile("Photo from"))).to_be_visible()
    await expect(viewer.get_by_role("button", name="Next", exact=True)).to_be_disabled()
    await phone.keyboard.press("ArrowLeft")
    await phone.keyboard.press("ArrowLeft")
    await expect(viewer.get_by_role("img", name="The left foot")).to_be_visible()


async def test_a_photo_is_marked_by_mouse_and_keys_and_the_copy_is_sent(
    meeting: Meeting, new_context: NewContext
) -> None:
    desk = await meeting.page("desk", new_context)
    viewer = await open_file(desk, meeting.first)
    await shown(viewer)
    await press(viewer, "Mark")
    await press(viewer, "Circle")
    await press(viewer, "Blue")
    box = await viewer.locator(".marks").bounding_box()
    assert box is not None

    async def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        assert box is not None
        for number, (x, y) in enumerate((start, end)):
            at = box["x"] + x * box["width"], box["y"] + y * box["height"]
            await desk.mouse.move(*at, steps=3)
            await (desk.mouse.up() if number else desk.mouse.down())

    marks = viewer.locator(".marks path")
    await drag((0.5, 0.5), (0.75, 0.75))
    await expect(marks).to_have_count(2)  # its edge and itself
    await drag((0.1, 0.1), (0.3, 0.3))
    await press(viewer, "Undo")
    await expect(marks).to_have_count(2)
    # the second mark by keys alone: an arrow to the left from the middle
    await press(viewer, "Arrow")
    await press(viewer, "Yellow")
    await viewer.locator(".marks").focus()
    for key in ("Enter", *["ArrowLeft"] * 5, "Enter"):
        await desk.keyboard.press(key)
    await expect(viewer.get_by_text("The mark ends here")).to_be_visible()
    await press(viewer, "Send the marked copy")
    await expect(desk.locator("#chat-lines")).to_contain_text("Marked copy")
    copies = desk.locator("#chat-lines .has-file").last.locator("a.picture")
    await expect(copies).to_have_attribute("href", re.compile("large$"))
    copy_id = (await copies.get_attribute("href") or "").split("/")[-2]
    answer = await meeting.amina.get(copy_id, "large")
    copy = Image.open(io.BytesIO(answer.body))
    assert copy.size == (WIDTH, HEIGHT)
    blue, yellow = pixel(copy, WIDTH // 2, round(HEIGHT * 0.625)), pixel(copy, 140, 150)
    assert blue[2] > blue[0] + 80
    assert yellow[0] > yellow[2] + 80
    # the original is as it was
    original = await meeting.amina.get(meeting.first, "large")
    assert pixel(Image.open(io.BytesIO(original.body)), 140, 150) == (255, 255, 255)


async def test_two_fingers_zoom_the_photo_and_not_the_page(
    meeting: Meeting, new_context: NewContext
) -> None:
    phone = await meeting.page("phone", new_context, viewport=(360, 740), has_touch=True)
    viewer = await open_file(phone, meeting.first)
    before = await shown(viewer)
    devtools = await phone.context.new_cdp_session(phone)

    async def touch(kind: str, *xs: int) -> None:
        points = [{"x": x, "y": 300, "id": number} for number, x in enumerate(xs)]
        await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    await touch("touchStart", 160, 200)
    for far in (20, 40, 60):
        await touch("touchMove", 160 - far, 200 + far)
    await touch("touchEnd")
    pinched = await shown(viewer)
    assert pinched["width"] > 3 * before["width"]
    assert await phone.evaluate("visualViewport.scale") == 1
    # the middle between the fingers stays where it was
    middle = [(180 - one["left"]) / one["width"] for one in (before, pinched)]
    assert abs(middle[0] - middle[1]) < 0.02
    for _tap in range(2):
        await phone.touchscreen.tap(180, 300)
    await expect(viewer.get_by_role("button", name="Zoom out")).to_be_disabled()

    # the session is closed meanwhile: nothing of it stays on the screen
    visit = meeting.visit
    desk = await visit.nurse.enter(consultation_id=visit.consultation_id)
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    await expect(viewer).to_have_count(0)
    await expect(phone.get_by_text("This session is over.").first).to_be_visible()


async def test_the_viewer_is_accessible_in_both_directions(
    meeting: Meeting, new_context: NewContext
) -> None:
    complaints: list[str] = []
    for language in ("en", "ar"):
        desk = await meeting.page("desk", new_context, viewport=(360, 740))
        rest = Rest(desk)
        await desk.context.add_cookies(
            [{"name": "language", "value": language, "url": meeting.url}]
        )
        await desk.reload()
        viewer = await open_file(desk, meeting.first)
        await shown(viewer)
        await check(rest, f"photo in {language}", complaints)
        # the next one is where people read on
        await desk.keyboard.press("ArrowRight" if language == "en" else "ArrowLeft")
        await expect(viewer.locator(".page img").first).not_to_have_js_property("naturalWidth", 0)
        await check(rest, f"PDF in {language}", complaints)
        await desk.keyboard.press("ArrowLeft" if language == "en" else "ArrowRight")
        await shown(viewer)
        await viewer.locator(".mark").click()
        await check(rest, f"marking in {language}", complaints)
        overflow = "document.documentElement.scrollWidth - innerWidth"
        assert await desk.evaluate(overflow) <= 0
    assert not complaints, "\n".join(complaints)


async def test_firefox_shows_turns_and_marks(meeting: Meeting, other_browser: Browser) -> None:
    async def new_context(**options: Any) -> Any:
        return await other_browser.new_context(base_url=options["base_url"])

    desk = await meeting.page("desk", new_context)
    viewer = await open_file(desk, meeting.last)
    await shown(viewer)
    await press(viewer, "Turn left")
    turned = await shown(viewer)
    assert turned["width"] < turned["height"]
    await press(viewer, "Mark")
    await viewer.locator(".marks").focus()
    for key in ("Enter", *["ArrowUp"] * 4, "Enter"):
        await desk.keyboard.press(key)
    await press(viewer, "Send the marked copy")
    await expect(desk.locator("#chat-lines")).to_contain_text("Marked copy")
    await desk.context.close()
