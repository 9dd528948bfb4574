"""Pictures of what administrators change: texts of pages, settings, a number that is tried."""

import io
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.async_api import BrowserContext, FilePayload, Page

from web.routes import path


async def photograph_administration(context: BrowserContext, out: Path, suffix: str) -> int:
    """Write the pictures; the number of them. An administrator is signed in in `context`."""
    page = await context.new_page()
    shots = 0

    async def shoot(name: str) -> None:
        nonlocal shots
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=out / f"{name}-{suffix}.png", full_page=True)
        shots += 1

    for name, address in (
        ("administration", path("admin")),
        ("administration-terms", path("admin_page_text", page="terms", language="en")),
        ("administration-help-arabic", path("admin_page_text", page="help", language="ar")),
        ("administration-settings", path("admin_settings")),
        ("administration-languages", path("admin_languages")),
        ("administration-interpreters", path("admin_interpreters")),
    ):
        await page.goto(address)
        await shoot(name)
    await page.goto(path("admin_teams"))
    await page.fill("#name", f"Ward {suffix}")
    await page.press("#name", "Enter")
    await page.wait_for_url("**/teams/*")
    await shoot("administration-team")
    await page.goto(path("admin_routes"))
    await page.fill("#number", "+41 79 123 45 67")
    await page.click("button[value=show]")
    await shoot("administration-number")
    await _refused_color(page)
    await shoot("administration-refused")
    await _appearance(page)
    await shoot("administration-appearance")
    await page.goto(path("help"))
    await shoot("help-own-color")
    await _plain_again(page)
    return shots


async def _refused_color(page: Page) -> None:
    await page.goto(path("admin_settings"))
    await page.fill("#color", "#808080")
    await page.click("#color >> xpath=ancestor::form//button[1]")
    await page.wait_for_selector("main .notice.bad")


async def _appearance(page: Page) -> None:
    """A red brand with a lamp."""
    await page.fill("#color", "#b3202a")
    await page.click("#color >> xpath=ancestor::form//button[1]")
    await page.wait_for_selector("link[href$='colors.css']", state="attached")
    file = FilePayload(name="logo.png", mimeType="image/png", buffer=lamp())
    await page.set_input_files("#logo", file)
    await page.fill("#logo_text", "A red lamp")
    await page.click("#logo >> xpath=ancestor::form//button[1]")
    await page.wait_for_selector(".brand img")


async def _plain_again(page: Page) -> None:
    for field in ("color", "logo"):
        await page.goto(path("admin_settings"))
        await page.click(f"#{field} >> xpath=ancestor::form//button[@name='reset']")
        await page.wait_for_load_state()


def lamp() -> bytes:
    """A picture like an organization's logo, as PNG."""
    image = Image.new("RGB", (480, 160), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 140, 140), fill="#b3202a")
    draw.rectangle((170, 60, 460, 100), fill="#16262b")
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
