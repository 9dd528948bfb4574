"""Photos and PDFs, from the hand of one person to the eye of another: each once, byte for byte."""

import hashlib
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.line import Line, line
from tests.browser.harness.visits import FAILED_LOADS, sign_in
from tests.files import digest, pdf, photo
from tests.people import Person, consultation_of
from tests.serving import PASSWORD, Server, serving
from tests.system.test_kill import process

BLOCK = 65_536
REFUSALS = ["status of 4[0-9][0-9]", *FAILED_LOADS]


def file(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def scan(size: int) -> bytes:
    """A PDF of about so many bytes, as a scanner makes them."""
    return (
        pdf(3) + b"\n% " + random.Random(size).randbytes(size).replace(b"\n", b" ") + b"\n%%EOF\n"
    )


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


async def arrived(page: Page, url: str, session: Session) -> Page:
    await page.goto(url + session.link)
    await page.get_by_role("button", name=re.compile("Join the session|Use it here")).click()
    await expect(page.locator("#connected")).to_be_visible()
    return page


async def choose(page: Page, *files: FilePayload) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach a photo or PDF").click()
    await (await chooser.value).set_files(list(files))


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
    return Path(await (await downloading.value).path()).read_bytes()


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
        await expect(bubble(page, "Röntgen")).to_contain_text("3 pages")
        await expect(page.locator(".line")).to_have_count(3)
    picture = bubble(desk, "wound.jpg").get_by_role("img")
    await expect(picture).to_have_attribute("alt", "Since Monday")
    assert await downloaded(bubble(desk, "Röntgen")) == letter
