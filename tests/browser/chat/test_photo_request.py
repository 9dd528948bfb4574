""" "Ask for a photo": the question, the back camera in and out of a call, and when there is none.

Whatever happens, a camera is on only while somebody looks at its picture or a call wants it.
"""

import io
from typing import Any

from PIL import Image
from playwright.async_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.browser.calls.gathering import Gathering
from tests.browser.conftest import NewContext
from tests.browser.harness.gate import GATE, given, live
from tests.browser.harness.probes import video_moves
from tests.serving import Server

ONE_CAMERA = """
(() => {
  if (location.protocol !== "http:") return;
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  const tracks = [];
  devices.getUserMedia = async (wanted) => {
    if (wanted.video && tracks.some((track) => track.readyState === "live")) {
      throw new DOMException("", "NotReadableError");
    }
    const stream = await ask(wanted);
    tracks.push(...stream.getVideoTracks());
    return stream;
  };
})();
"""
"Runs before the page's own scripts: a phone that runs one of its cameras at a time."


def a_photo(name: str = "wound.jpg") -> FilePayload:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), (180, 60, 40)).save(file, "JPEG")
    return FilePayload(name=name, mimeType="image/jpeg", buffer=file.getvalue())


async def meeting(
    server: Server, new_context: NewContext, *scripts: str, call: bool = False
) -> tuple[Page, Page]:
    """The desk and the phone in a started session, or in a call."""

    async def watched(**options: Any) -> BrowserContext:
        context = await new_context(**options, allowed_errors=["status of 415"])
        for script in (*scripts, GATE):
            await context.add_init_script(script)
        return context

    scene = Gathering(server, watched)
    await scene.invite()
    if call:
        await scene.pair()
        return scene.pages["desk"], scene.pages["phone"]
    phone = await scene.arrive("phone")
    return await scene.begin(), phone


async def ask(desk: Page, phone: Page) -> Locator:
    """Ask for a photo; the question on the phone."""
    if await desk.locator("#room").get_attribute("data-chat") == "closed":
        await desk.get_by_role("button", name="Chat", exact=True).click()
    await desk.get_by_role("button", name="Ask for a photo").click()
    dialog = phone.get_by_role("dialog")
    await expect(dialog).to_contain_text("asks for a photo")
    return dialog


async def press(dialog: Locator, name: str) -> None:
    await dialog.get_by_role("button", name=name, exact=True).click()


async def photo_arrives(desk: Page, count: int = 1) -> None:
    """The desk shows as many photos, and nobody is asked any more."""
    pictures = desk.locator("#chat-lines .line.has-file img")
    await expect(pictures).to_have_count(count)
    await expect(pictures.last).to_have_js_property("complete", True)
    assert await pictures.last.evaluate("(picture) => picture.naturalWidth") > 0
    await expect(desk.locator("#ask-photo-state")).to_be_empty()


async def test_a_photo_is_taken_looked_at_and_sent_without_a_call(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await meeting(server, new_context)
    dialog = await ask(desk, phone)
    await expect(desk.locator("#ask-photo-state")).to_contain_text("is asked for a photo")
    await live(phone, "")  # asking alone opens no camera
    await press(dialog, "Take the photo")
    assert await video_moves(phone, "dialog video")
    await press(dialog, "Take the photo")
    # the camera is off while the photo is looked at
    await expect(dialog.get_by_role("img")).to_be_visible()
    await live(phone, "")
    await press(dialog, "Take again")
    await live(phone, "video")
    await press(dialog, "Take the photo")
    await press(dialog, "Send")
    await expect(dialog).to_have_count(0)
    await live(phone, "")
    await photo_arrives(desk)

    # a second one is declined: said to the desk, and not asked again after a reload
    dialog = await ask(desk, phone)
    await press(dialog, "Not now")
    await expect(desk.locator("#chat-lines")).to_contain_text("does not want to send a photo now")
    await phone.reload()
    await expect(phone.locator("#chat-lines")).to_contain_text("does not want to send a photo now")
    await expect(dialog).to_have_count(0)


async def test_during_a_call_its_picture_goes_on(server: Server, new_context: NewContext) -> None:
    desk, phone = await meeting(server, new_context, call=True)
    dialog = await ask(desk, phone)
    await press(dialog, "Take the photo")
    await live(phone, "audio,video,video")
    assert await video_moves(desk, "#tiles video")
    await press(dialog, "Take the photo")
    await press(dialog, "Send")
    await live(phone, "audio,video")
    assert await video_moves(desk, "#tiles video")
    await photo_arrives(desk)

    # the call ends while the camera is open: it goes on until it is not wanted
    dialog = await ask(desk, phone)
    await press(dialog, "Take the photo")
    await live(phone, "audio,video,video")
    await desk.get_by_role("button", name="Hang up").click()
    await live(phone, "video")
    await press(dialog, "Not now")
    await live(phone, "")


async def test_a_phone_with_one_camera_at_a_time_shows_the_call_what_is_photographed(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await meeting(server, new_context, ONE_CAMERA, call=True)
    dialog = await ask(desk, phone)
    await press(dialog, "Take the photo")
    await given(phone, 3)
    await live(phone, "audio,video")
    assert await video_moves(phone, "dialog video")
    assert await video_moves(desk, "#tiles video")
    await press(dialog, "Take the photo")
    # the call's own camera is back
    await given(phone, 4)
    await live(phone, "audio,video")
    assert await video_moves(desk, "#tiles video")
    await press(dialog, "Not now")
    await expect(phone.get_by_role("button", name="Camera", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    await live(phone, "audio,video")


async def test_what_is_allowed_too_late_opens_no_camera(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await meeting(server, new_context)
    dialog = await ask(desk, phone)
    await phone.evaluate("__shut()")
    await press(dialog, "Take the photo")
    await expect(dialog).to_contain_text("Your browser asks about the camera")
    await press(dialog, "Not now")
    await phone.evaluate("__open()")
    await given(phone, 1)
    await live(phone, "")

    # the request ends with the session, and the camera with it
    dialog = await ask(desk, phone)
    await press(dialog, "Take the photo")
    await live(phone, "video")
    await desk.get_by_role("button", name="Terminate the session").click()
    await desk.get_by_role("button", name="Terminate but keep open").click()
    await expect(dialog).to_have_count(0)
    await live(phone, "")

    # a page that is left keeps no camera
    dialog = await ask(desk, phone)
    await press(dialog, "Take the photo")
    await live(phone, "video")
    await phone.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    await live(phone, "")


async def test_a_call_that_rings_can_be_answered_first(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await meeting(server, new_context)
    dialog = await ask(desk, phone)
    await press(dialog, "Take the photo")
    await live(phone, "video")
    await desk.get_by_role("button", name="Start audio call").click()
    await expect(phone.get_by_role("button", name="Accept", exact=True)).to_be_visible()
    await live(phone, "")
    await phone.get_by_role("button", name="Accept", exact=True).click()
    await expect(dialog).to_contain_text("asks for a photo")
    await expect(dialog.get_by_role("button", name="Not now")).to_be_visible()


async def test_without_a_camera_a_photo_is_chosen_or_the_failure_is_told(
    server: Server, new_context: NewContext
) -> None:
    desk, phone = await meeting(server, new_context)
    await phone.locator("#choose-files").set_input_files(a_photo("held.jpg"))
    held = phone.locator("#chosen-files li")
    await expect(held).to_have_count(1)

    # what was chosen is no photo: both are told, and there is a way on
    dialog = await ask(desk, phone)
    async with phone.expect_file_chooser() as chosen:
        await press(dialog, "Choose a photo")
    no_photo = FilePayload(name="wound.jpg", mimeType="image/jpeg", buffer=b"no photo at all")
    await (await chosen.value).set_files(no_photo)
    await expect(dialog).to_contain_text("Chosen: \u2068wound.jpg\u2069")
    await press(dialog, "Send")
    await expect(desk.locator("#chat-lines")).to_contain_text("cannot be used")
    await expect(dialog).to_contain_text("This is neither a photo nor a PDF")
    await expect(desk.locator("#ask-photo-state")).to_contain_text("is asked for a photo")

    await phone.evaluate("__refusal = 'NotAllowedError'")
    await press(dialog, "Take the photo")
    await expect(dialog).to_contain_text("This page may not use the camera")
    async with phone.expect_file_chooser() as chosen:
        await press(dialog, "Use the phone's camera app")
    chooser = await chosen.value
    assert await chooser.element.get_attribute("capture") == "environment"
    await chooser.set_files(a_photo())
    await expect(dialog.get_by_role("img")).to_have_js_property("naturalWidth", 300)
    await press(dialog, "Send")
    await photo_arrives(desk)
    await expect(held).to_have_count(1)

    await phone.evaluate("__refusal = 'NotFoundError'")
    dialog = await ask(desk, phone)
    await press(dialog, "Take the photo")
    await expect(dialog).to_contain_text("No camera was found")
    await press(dialog, "Not now")
    await expect(desk.locator("#chat-lines")).to_contain_text("could not take a photo")
    await live(phone, "")
