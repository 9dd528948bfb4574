"""Pictures of photos and PDFs in the chat: chosen, being sent, there, and refused."""

import io
import re
from pathlib import Path

from fpdf import FPDF
from PIL import Image, ImageDraw
from playwright.async_api import BrowserContext, FilePayload, Page, Route


def _photo(width: int, height: int) -> bytes:
    """Something round on skin."""
    image = Image.new("RGB", (width, height), "#d9a98c")
    draw = ImageDraw.Draw(image)
    for step, color in enumerate(("#c98873", "#b4604f", "#8e3b34")):
        inset = (step + 2) * min(width, height) // 9
        draw.ellipse((inset, inset, width - inset, height - inset), fill=color)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def _letter() -> bytes:
    document = FPDF()
    document.set_font("helvetica", size=22)
    for number in range(12):
        document.add_page()
        document.cell(text=f"Discharge letter, page {number + 1}", new_x="LMARGIN", new_y="NEXT")
        document.set_font_size(12)
        document.multi_cell(0, 8, "The wound was cleaned and closed. " * 12)
        document.set_font_size(22)
    return bytes(document.output())


def _file(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


async def _choose(page: Page, *files: FilePayload) -> None:
    await page.set_input_files("#choose-files", list(files))
    await page.wait_for_function(
        "many => document.querySelectorAll('#chosen-files li').length === many", arg=len(files)
    )


async def photograph_files(context: BrowserContext, landing: str, out: Path, suffix: str) -> int:
    """Write the pictures of one look; the number of them."""
    page = await context.new_page()
    await page.goto(landing)
    await page.click("button.huge")
    await page.wait_for_selector("#chat-lines .event")
    shots = 0

    async def shoot(name: str) -> None:
        nonlocal shots
        await page.wait_for_timeout(400)
        await page.locator(".chat").scroll_into_view_if_needed()
        await page.screenshot(path=out / f"{name}-{suffix}.png")
        shots += 1

    await _choose(
        page,
        _file("IMG_20261128_104512.jpg", "image/jpeg", _photo(1200, 900)),
        _file("Entlassungsbrief Müller.pdf", "application/pdf", _letter()),
    )
    await page.fill("#chosen-files li:first-child input", "My arm, since Monday")
    await shoot("files-chosen")
    await page.press("#chosen-files li:first-child input", "Enter")
    for kind in ("small", "preview"):
        await page.wait_for_selector(f".frame img[src$={kind}]")
    await shoot("files-sent")

    async def hold(route: Route) -> None:
        """The first piece arrives, and nothing after it."""
        if route.request.method != "PATCH" or route.request.headers["upload-offset"] == "0":
            await route.continue_()

    await page.route(re.compile("/uploads"), hold)
    await _choose(
        page,
        _file("report.jpg", "image/jpeg", b"no photo"),
        _file("IMG_0042.HEIC", "image/heic", _photo(3000, 2000) + bytes(900_000)),
        _file("IMG_20261128_104530.jpg", "image/jpeg", _photo(900, 1200)),
    )
    await page.press("#chosen-files li:first-child input", "Enter")
    await page.wait_for_selector("[data-state=refused]")
    await page.wait_for_selector(".progress:not([hidden])")
    await shoot("files-sending")
    await page.evaluate("document.querySelector('[data-state=refused]').scrollIntoView()")
    await shoot("files-refused")
    return shots
