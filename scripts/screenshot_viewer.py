"""Pictures of photos and PDFs for `scripts.screenshots`: viewer, marking, being asked for a photo."""

import base64
import hashlib
import io
from collections.abc import Awaitable, Callable

from aiohttp import web
from fpdf import FPDF
from PIL import Image, ImageDraw
from playwright.async_api import BrowserContext, Page

from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from web.keys import INVITING, STORE
from web.routes import path

Shoot = Callable[[Page, str], Awaitable[None]]
CAPTION = "The left foot, this morning"


def _photo() -> bytes:
    image = Image.new("RGB", (1600, 1200), "#d9b49a")
    draw = ImageDraw.Draw(image)
    draw.ellipse((250, 150, 1350, 1100), fill="#e6c5ad")
    draw.ellipse((650, 480, 950, 740), fill="#b5493b")
    draw.ellipse((720, 540, 880, 680), fill="#7e2b25")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _letter() -> bytes:
    document = FPDF()
    for number in range(1, 4):
        document.add_page()
        document.set_font("helvetica", size=28)
        document.cell(text=f"Referral letter, page {number}")
        document.ln(20)
        document.set_font("helvetica", size=14)
        document.multi_cell(0, text="Findings, medication and the next appointment. " * 12)
    return bytes(document.output())


async def _send(context: BrowserContext, uploads: str, content: bytes, **said: str) -> None:
    """Send a file as pages do (tus)."""
    said["sha256"] = hashlib.sha256(content).hexdigest()
    metadata = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items()
    )
    head = {"Tus-Resumable": "1.0.0"}
    created = {**head, "Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    await context.request.post(uploads, headers=created)
    await context.request.patch(
        f"{uploads}/{said['id']}",
        headers={**head, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        data=content,
    )


async def photograph_viewer(
    app: web.Application, context: BrowserContext, phone: Page, shoot: Shoot
) -> None:
    """Photograph a session with a photo and a PDF: `context` is the desk's, signed in."""
    account = await app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    plan = Plan("remote", (("service_user", Person("Amina", "", "none", "", "en")),))
    consultation, (invite,) = await app[INVITING].invite(account, plan)
    _invited, token = await app[INVITING].link_of(invite.id, account.id)
    await phone.goto(path("landing", token=token))
    await phone.click("button.huge")
    await phone.wait_for_selector("#chat-lines .event")
    uploads = path("seat_uploads", invite_id=invite.id)
    await _send(
        phone.context, uploads, _photo(), id="photo-01", filename="foot.jpg", caption=CAPTION
    )
    await _send(phone.context, uploads, _letter(), id="letter-1", filename="letter.pdf")
    desk = await context.new_page()
    await desk.goto(path("session", consultation_id=consultation.id))
    await desk.wait_for_selector("[data-key=photo-01] a.picture img")
    await shoot(desk, "files-chat")
    await desk.click("[data-key=photo-01] a.picture")
    await desk.wait_for_selector(".viewer .photo img")
    await shoot(desk, "viewer-photo")
    await _mark(desk)
    await shoot(desk, "viewer-marking")
    await desk.keyboard.press("Escape")
    await desk.click(".viewer .next")
    await desk.wait_for_function(
        "() => document.querySelector('.viewer .page img')?.naturalWidth > 0"
    )
    await shoot(desk, "viewer-pdf")
    await desk.click(".viewer .close")
    await desk.click("#ask-photo-now")
    await phone.wait_for_selector(".photo-request[open]")
    await shoot(phone, "photo-asked")
    await phone.click(".photo-request .primary:visible")
    await phone.wait_for_function(
        "() => document.querySelector('.photo-request video')?.videoWidth > 0"
    )
    await shoot(phone, "photo-camera")
    await phone.click(".photo-request .primary:visible")
    await phone.wait_for_selector(".photo-request img:visible")
    await shoot(phone, "photo-review")


async def _mark(page: Page) -> None:
    await page.click(".viewer .mark")
    box = await page.locator(".viewer .marks").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(((0.85, 0.2), (0.62, 0.42))):
        await page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
        await (page.mouse.up() if number else page.mouse.down())
