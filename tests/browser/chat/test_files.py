"""Photos and PDFs, from the hand of one person to the eye of another: each once, byte for byte."""

import asyncio
import contextlib
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Locator,
    Page,
    Route,
    expect,
)

from tests.browser.conftest import PATIENCE_MS, NewContext
from tests.browser.harness.line import Line, line, server_behind
from tests.browser.harness.visits import FAILED_LOADS, sign_in
from tests.files import BLOCK, pdf, photo
from tests.people import Person, consultation_of
from tests.serving import PASSWORD, Server
from tests.web.attachments.making_photos import corners, saved

LEFT = """
new Promise((done) => {
  indexedDB.open("teleconnect").onsuccess = ({ target: { result: database } }) => {
    const request = database.transaction("uploads").objectStore("uploads").count();
    request.onsuccess = () => { database.close(); done(request.result); };
  };
})
"""
"Entries of files that the browser keeps."
GIVE = """
([kind, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(["no photo"], name, { type: "image/jpeg" }));
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector("#chat-text").dispatchEvent(event);
}
"""
GET = """
async (name) => {
  const line = [...document.querySelectorAll(".line")].find((one) => one.textContent.includes(name));
  const answer = await fetch(line.querySelector("a[download]").href);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return [...bytes.slice(0, 64), bytes.length];
}
"""
"The first bytes of what a line offers to download, and how many there are."
SIZE = """
(name) => {
  const line = [...document.querySelectorAll(".line")].find((one) => one.textContent.includes(name));
  const image = line.querySelector(".frame img");
  return ["width", "height"].map((name) => Number(image.getAttribute(name)));
}
"""
"Of the large rendition, as the picture announces it."
SLOW = """
Object.defineProperty(navigator, "connection", { value: { effectiveType: "3g", addEventListener() {} } });
"""
REFUSALS = ["status of 4[0-9][0-9]", *FAILED_LOADS]


def file(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def scan(blocks: int) -> bytes:
    """A PDF of some more than so many blocks of 64 KiB, as a scanner makes them."""
    noise = random.Random(blocks).randbytes(blocks * BLOCK // 2).hex().encode()
    return pdf(3) + b"\n%" + noise + b"\n%%EOF\n"


@dataclass
class Session:
    """Amina's link to a session of the nurse's, who has started it."""

    link: str
    consultation_id: str

    @classmethod
    async def of(cls, nurse: Person) -> "Session":
        link = await nurse.invite()
        async with Person(nurse.server) as amina:
            seat = await amina.join(link)
            wire = await amina.enter(invite_id=seat)
            consultation_id = await consultation_of(wire)
            desk = await nurse.enter(consultation_id=consultation_id)
            await desk.command("start_consultation")
        return cls(link, consultation_id)


@dataclass
class Scene:
    """A server in a process of its own that can be killed, behind a line that can be cut."""

    line: Line
    folder: Path
    session: Session | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serves until it is killed."""
        first = self.session is None
        async with server_behind(self.line, self.folder, first=first) as (process, setup):
            self.process = process
            if first:
                await self._furnish(setup)
            yield

    async def _furnish(self, setup: str) -> None:
        address = SimpleNamespace(config=SimpleNamespace(port=self.line.to))
        async with Person(cast(Server, address)) as nurse:
            form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
            assert (await nurse.post(setup, form)).status == 303
            self.session = await Session.of(nurse)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def phone(self, context: BrowserContext) -> Page:
        """Amina's page, which has the server at the other end of the line."""
        assert self.session is not None
        return await arrived(await context.new_page(), self.line.url, self.session)

    async def hold(self, page: Page, content: bytes) -> None:
        """Send a scan of which three blocks get through for now."""
        self.line.carry(3 * BLOCK)
        await send(page, file("scan.pdf", "application/pdf", content))
        await self.line.held.wait()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with line() as slow:
        yield Scene(slow, tmp_path)


async def arrived(page: Page, url: str, session: Session) -> Page:
    await page.goto(url + session.link)
    await page.get_by_role("button", name=re.compile("Join the session")).click()
    await expect(page.locator("#room")).to_have_attribute("data-line", "open")
    return page


async def choose(page: Page, *files: FilePayload) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach a photo or PDF").click()
    await (await chooser.value).set_files(list(files))


async def send(page: Page, *files: FilePayload) -> None:
    await choose(page, *files)
    chosen = page.get_by_role("list", name="Chosen files").get_by_role("listitem")
    await expect(chosen).to_have_count(len(files))
    await page.get_by_role("button", name="Send", exact=True).click()


def bubble(page: Page, name: str) -> Locator:
    return page.get_by_role("log").locator(".line").filter(has_text=name)


async def is_drawn(bubble: Locator) -> None:
    """Its picture is loaded from the server."""
    image = bubble.locator(".frame img")
    await expect(image).to_have_attribute("src", re.compile("^/"))
    await image.scroll_into_view_if_needed()
    handle = await image.element_handle()
    assert handle is not None
    await bubble.page.wait_for_function(
        "(image) => image.complete && image.naturalWidth > 0", arg=handle
    )


async def downloaded(bubble: Locator) -> bytes:
    async with bubble.page.expect_download() as downloading:
        await bubble.get_by_role("link", name=re.compile("Download")).click()
    return await asyncio.to_thread(Path(await (await downloading.value).path()).read_bytes)


async def test_what_one_person_attaches_stands_in_the_chat_of_the_other(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        session = await Session.of(nurse)
    phone = await (await new_context(base_url=server.url, allowed_errors=REFUSALS)).new_page()
    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    await desk.goto(f"/sessions/{session.consultation_id}")
    await arrived(phone, server.url, session)

    letter = pdf(3)
    await choose(
        phone,
        file("wound.jpg", "image/jpeg", photo(640, 480)),
        file("Brief Röntgen.pdf", "application/pdf", letter),
        file("notes.docx", "application/msword", b"PK"),
    )
    chosen = phone.get_by_role("list", name="Chosen files").get_by_role("listitem")
    await expect(chosen).to_have_count(2)
    await expect(phone.get_by_role("alert").filter(has_text="notes.docx")).to_be_visible()
    await phone.get_by_label("Caption of \u2068wound.jpg\u2069").fill("Since Monday")
    await phone.get_by_role("textbox", name="Message").fill("My letter and the wound")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(chosen).to_have_count(0)

    for page in (phone, desk):
        await is_drawn(bubble(page, "wound.jpg"))
        await is_drawn(bubble(page, "Röntgen"))
        await expect(bubble(page, "wound.jpg")).to_contain_text("Since Monday")
        await expect(bubble(page, "Röntgen")).to_contain_text("\u20683\u2069 pages")
        await expect(page.locator(".line")).to_have_count(3)
    picture = bubble(desk, "wound.jpg").get_by_role("img")
    await expect(picture).to_have_attribute("alt", "Since Monday")
    assert await downloaded(bubble(desk, "Röntgen")) == letter


async def test_a_file_can_be_dropped_pasted_and_canceled_and_a_refusal_says_why(
    scene: Scene, new_context: NewContext
) -> None:
    slow = scene.line
    async with scene.running():
        context = await new_context(base_url=slow.url, allowed_errors=REFUSALS)
        phone = await scene.phone(context)
        lines = phone.locator(".line")

        # text overtakes a file, which is canceled meanwhile
        await scene.hold(phone, scan(20))
        await expect(bubble(phone, "scan.pdf").get_by_role("progressbar")).to_be_visible()
        await phone.get_by_role("textbox", name="Message").fill("It is coming")
        await phone.get_by_role("textbox", name="Message").press("Enter")
        await expect(bubble(phone, "It is coming").locator(".state")).to_have_text("sent")
        await bubble(phone, "scan.pdf").get_by_role("button", name="Cancel").click()
        await expect(lines).to_have_count(1)
        slow.carry()

        # what only looks like a photo, and comes by dropping and pasting
        for event, name in (("drop", "dropped.jpg"), ("paste", "pasted.jpg")):
            await phone.evaluate(GIVE, [event, name])
            await expect(phone.get_by_label(f"Caption of \u2068{name}\u2069")).to_be_visible()
        await phone.get_by_role("button", name="Remove \u2068pasted.jpg\u2069").click()
        await phone.get_by_role("button", name="Send", exact=True).click()
        refused = bubble(phone, "dropped.jpg")
        await expect(refused).to_contain_text("neither a photo nor a PDF")
        await expect(refused.get_by_role("button", name="Try again")).to_be_hidden()
        await refused.get_by_role("button", name="Remove").press("Enter")
        await expect(lines).to_have_count(1)
        await expect(phone.locator("#chat-scroll")).to_be_focused()

        # the next one is not delayed by what was given up
        await send(phone, file("wound.jpg", "image/jpeg", photo()))
        await is_drawn(bubble(phone, "wound.jpg"))
        assert await phone.evaluate(LEFT) == 0


async def test_a_file_goes_on_after_a_cut_a_reload_kill_9_and_in_another_tab(
    scene: Scene, new_context: NewContext
) -> None:
    slow = scene.line
    content = scan(30)
    async with scene.running():
        context = await new_context(base_url=slow.url, allowed_errors=REFUSALS)
        phone = await scene.phone(context)
        await scene.hold(phone, content)

        slow.cut()
        going = bubble(phone, "scan.pdf")
        await expect(going).to_contain_text("Sending goes on by itself")
        slow.mend()
        await phone.evaluate("dispatchEvent(new Event('online'))")
        slow.carry(6 * BLOCK)
        await slow.held.wait()

        await phone.reload()
        slow.carry(6 * BLOCK)
        await slow.held.wait()
        await expect(going.get_by_role("progressbar")).to_be_visible()

        # the other tab goes on with it, and this one says so
        other = await context.new_page()
        await other.goto(phone.url)
        await expect(bubble(other, "scan.pdf")).to_be_visible()
        await expect(bubble(phone, "scan.pdf")).to_have_count(0)
        slow.carry(6 * BLOCK)
        await slow.held.wait()
        await phone.close()
        await scene.kill()
        slow.cut()
    slow.mend()
    async with scene.running():
        slow.carry()
        await other.evaluate("dispatchEvent(new Event('online'))")
        await is_drawn(bubble(other, "scan.pdf"))
        await expect(other.locator(".line")).to_have_count(1)
        assert await downloaded(bubble(other, "scan.pdf")) == content
        assert await other.evaluate(LEFT) == 0
        # what each interruption lost is less than what was in the pipes then
        assert slow.carried < len(content) + 4 * 4 * BLOCK


async def test_firefox_sends_shows_and_goes_on_after_a_reload(
    scene: Scene, other_browser: Browser
) -> None:
    slow = scene.line
    content = scan(10)
    async with scene.running():
        context = await other_browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        phone = await scene.phone(context)
        await scene.hold(phone, content)
        await phone.reload()
        slow.carry()
        await is_drawn(bubble(phone, "scan.pdf"))
        await send(phone, file("wound.jpg", "image/jpeg", photo()))
        await is_drawn(bubble(phone, "wound.jpg"))
        await expect(phone.locator(".line")).to_have_count(2)
        assert await phone.evaluate(GET, "scan.pdf") == [*content[:64], len(content)]
        await context.close()


async def test_a_large_photo_is_made_smaller_for_a_slow_line_unless_its_author_does_not_want_that(
    scene: Scene, new_context: NewContext
) -> None:
    large = photo(2400, 1600, quality=95)
    slow = scene.line
    async with scene.running():
        context = await new_context(base_url=slow.url, allowed_errors=REFUSALS)
        await context.add_init_script(SLOW)
        phone = await scene.phone(context)
        slow.carry(BLOCK)
        await send(phone, file("wound.jpg", "image/jpeg", large))
        await expect(bubble(phone, "wound.jpg")).to_contain_text("Made smaller")
        await slow.held.wait()
        await phone.get_by_role("button", name="Send the original size").click()
        await expect(bubble(phone, "wound.jpg")).not_to_contain_text("Made smaller")
        slow.carry()
        await is_drawn(bubble(phone, "wound.jpg"))
        assert await phone.evaluate(SIZE, "wound.jpg") == [2400, 1600]

        # a page that has measured nothing yet believes the browser that the line is slow
        await phone.reload()
        await expect(phone.locator("#room")).to_have_attribute("data-line", "open")
        await send(phone, file("smaller.jpg", "image/jpeg", large))
        await is_drawn(bubble(phone, "smaller.jpg"))
        width, height = await phone.evaluate(SIZE, "smaller.jpg")
        assert 2_900_000 < width * height <= 3_000_000
        await expect(phone.locator(".line")).to_have_count(2)


async def test_a_file_that_the_end_of_the_session_overtakes_is_its_authors_again(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        session = await Session.of(nurse)
        context = await new_context(base_url=server.url, allowed_errors=REFUSALS)
        phone = await arrived(await context.new_page(), server.url, session)
        asked = asyncio.Event()
        await phone.route(re.compile("/uploads/"), lambda _route: asked.set())
        await send(phone, file("scan.pdf", "application/pdf", scan(2)))
        await asked.wait()
        await choose(phone, file("wound.jpg", "image/jpeg", photo()))
        async with phone.expect_file_chooser() as chooser:
            await phone.get_by_role("button", name="Attach a photo or PDF").click()
        desk = await nurse.enter(consultation_id=session.consultation_id)
        await desk.command("terminate_consultation", choice="close")
        for name in ("scan.pdf", "wound.jpg"):
            await expect(bubble(phone, name).locator(".state")).to_contain_text("not sent")
        await (await chooser.value).set_files([file("late.jpg", "image/jpeg", photo())])
        assert (
            await phone.evaluate("document.querySelector('#chosen-files').childElementCount") == 0
        )
        assert await phone.evaluate(LEFT) == 0


async def test_a_caption_that_is_being_typed_outlives_the_page(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        session = await Session.of(nurse)
    phone = await (await new_context(base_url=server.url)).new_page()
    await arrived(phone, server.url, session)
    await choose(phone, file("wound.jpg", "image/jpeg", photo()))
    caption = phone.get_by_label("Caption of \u2068wound.jpg\u2069")
    await caption.press_sequentially("Since Monday")
    await phone.reload()
    await expect(caption).to_have_value("Since Monday")
    await caption.press("Enter")
    await is_drawn(bubble(phone, "wound.jpg"))
    await expect(bubble(phone, "wound.jpg")).to_contain_text("Since Monday")
    await expect(phone.locator(".line")).to_have_count(1)


async def test_a_heic_photo_has_a_neutral_picture_until_the_servers_is_there(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        session = await Session.of(nurse)
    phone = await (await new_context(base_url=server.url)).new_page()
    desk = await (await new_context(base_url=server.url)).new_page()
    await sign_in(desk, server)
    await desk.goto(f"/sessions/{session.consultation_id}")
    await arrived(phone, server.url, session)
    asked = asyncio.Event()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)
        asked.set()

    await phone.route(re.compile("/uploads$"), hold)
    await send(phone, file("IMG_1.HEIC", "image/heic", saved(corners((640, 480)), "HEIF")))
    await asked.wait()
    await expect(bubble(phone, "IMG_1.HEIC").locator(".frame.symbol svg")).to_be_visible()
    await held[0].continue_()
    for page in (phone, desk):
        await is_drawn(bubble(page, "IMG_1.HEIC"))
        assert await page.evaluate(SIZE, "IMG_1.HEIC") == [640, 480]
        await expect(bubble(page, "IMG_1.HEIC").locator(".symbol")).to_have_count(0)
    address = await bubble(desk, "IMG_1.HEIC").locator(".frame img").get_attribute("src")
    picture = await desk.request.get(f"{server.url}{address}")
    assert picture.headers["content-type"] == "image/jpeg"
