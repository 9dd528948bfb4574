"""The pictures of the guide and of the README: `python -m scripts.screenshot_guide`.

They replace those in `web/static/guide/` and `docs/pictures/`. Who is seen in a call is drawn.
"""

import argparse
import asyncio
import io
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from PIL import Image, ImageDraw
from playwright.async_api import Browser, BrowserContext, BrowserType, Page, async_playwright

from scripts.samples import PASSWORD, add_account
from scripts.screenshots import serving
from signaling.account import Account
from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from web.keys import CLOCK, INVITING
from web.markup.desk.guide import HEIGHT, WIDTH
from web.routes import path
from web.texts.guide import PICTURED, pictures_of

ROOT = Path(__file__).parents[1]
README_PICTURES = ROOT / "docs/pictures"
ZONE = "Africa/Nairobi"
DESK = {"width": WIDTH * 3 // 2, "height": HEIGHT * 3 // 2}
PHONE = {"width": 360, "height": 740}
NURSE = ("#dfe9ec", "#2f6369", "#8d5a3b", "#2b1d16")
AMINA = ("#efe6d8", "#a8552f", "#b98560", "#1f1a24")
"Colors of the wall, the clothes, the face and the hair."
LINES = {
    "en": ("Good morning! I have my letter here.", "Good morning, Amina. How is the wound today?"),
    "fr": ("Bonjour ! J'ai ma lettre ici.", "Bonjour Amina. Comment va la plaie aujourd'hui ?"),
    "es": ("¡Buenos días! Tengo aquí mi carta.", "Buenos días, Amina. ¿Cómo está hoy la herida?"),
    "ar": ("صباح الخير! رسالتي معي هنا.", "صباح النور يا أمينة. كيف حال الجرح اليوم؟"),
    "uk": ("Доброго ранку! Мій лист тут.", "Доброго ранку, Аміно. Як сьогодні рана?"),
}
"What the two write, in each language with pictures."


def camera_file(folder: Path, name: str, size: tuple[int, int], colors: tuple[str, ...]) -> Path:
    """A still of somebody, as a film that Chromium's fake camera plays."""
    wall, clothes, face, hair = colors
    width, height = size
    picture = Image.new("RGB", size, wall)
    draw = ImageDraw.Draw(picture)
    middle, unit = width // 2, min(width, height) // 10
    top = height // 2 - 3 * unit

    def oval(left: float, upper: float, right: float, lower: float, color: str) -> None:
        box = (left * unit, upper * unit, right * unit, lower * unit)
        draw.ellipse((middle + box[0], top + box[1], middle + box[2], top + box[3]), fill=color)

    oval(-2.3, -0.7, 2.3, 5.4, hair)
    oval(-0.9, 3.2, 0.9, 6.2, face)
    oval(-4.2, 5.1, 4.2, 14, clothes)
    oval(-1.7, 0, 1.7, 4.6, face)
    oval(-1.9, -0.6, 1.9, 1.3, hair)
    for side in (-0.75, 0.75):
        oval(side - 0.17, 1.95, side + 0.17, 2.3, hair)
    draw.arc(
        (middle - 0.8 * unit, top + 2.4 * unit, middle + 0.8 * unit, top + 3.6 * unit),
        20,
        160,
        fill=hair,
        width=max(2, unit // 8),
    )
    still = io.BytesIO()
    picture.save(still, "JPEG", quality=95)
    file = folder / f"{name}.mjpeg"
    file.write_bytes(still.getvalue() * 2)
    return file


def keep(shot: bytes, file: Path, size: tuple[int, int]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(
            file, "WEBP", quality=72, method=6
        )


@asynccontextmanager
async def launched(
    chromium: BrowserType, camera: Path, program: str | None
) -> AsyncIterator[Browser]:
    browser = await chromium.launch(
        executable_path=program,
        args=[
            "--no-sandbox",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={camera}",
        ],
    )
    try:
        yield browser
    finally:
        await browser.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[str]:
    """The address of one that takes all mails, so that the pages say that they were sent."""
    arguments = ("-m", "scripts.traffic.smtp_sink", "1000000")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE)
    assert process.stdout is not None
    try:
        yield f"smtp://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


async def run() -> int:
    """Write all pictures; the number of them."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    count = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nurse = camera_file(folder, "nurse", (640, 480), NURSE)
        amina = camera_file(folder, "amina", (480, 640), AMINA)
        async with (
            mail_server() as smtp,
            serving(folder / "data", TELECONNECT_SMTP_URL=smtp) as (app, server),
            async_playwright() as playwright,
            launched(playwright.chromium, nurse, program) as desks,
            launched(playwright.chromium, amina, program) as phones,
        ):
            for language in PICTURED:
                desk = await _context(desks, server, language, DESK)
                phone = await _context(phones, server, language, PHONE)
                count += await photograph(app, desk, phone, language)
                await desk.close()
                await phone.close()
    return count


async def _context(
    browser: Browser, server: str, language: str, size: dict[str, int]
) -> BrowserContext:
    context = await browser.new_context(
        base_url=server,
        viewport={"width": size["width"], "height": size["height"]},
        timezone_id=ZONE,
        permissions=["camera", "microphone"],
        device_scale_factor=2 if size == PHONE else 1,
    )
    await context.add_cookies([{"name": "language", "value": language, "url": server}])
    return context


async def photograph(
    app: web.Application, desk: BrowserContext, phone: BrowserContext, language: str
) -> int:
    """Follow the guide once in one language; the number of pictures."""
    joy = await add_account(
        app, f"joy@{language}.example.org", "Joy Kamau", administrator=False, zone=ZONE
    )
    folder = ROOT / "web/static" / pictures_of(language)
    count = 0

    async def shoot(page: Page, file: Path, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        nonlocal count
        await page.wait_for_timeout(500)  # colors and pictures come in gently
        keep(await page.screenshot(), file, size)
        count += 1

    await _plan(app, joy)
    consultation, token = await _invite(app, joy, "Amina")
    page, guest = await desk.new_page(), await phone.new_page()
    await _sign_in(page, joy)
    await shoot(page, folder / "dashboard.webp")
    await page.click("#open-new-invite")
    await page.click("#new-invite [data-choice=remote]")
    await page.fill("#address", "amina@example.org")
    await page.fill("#first_name", "Amina")
    await shoot(page, folder / "new-invite.webp")
    await page.keyboard.press("Escape")
    await guest.goto(path("landing", token=token))
    await guest.click("button.huge")
    await guest.wait_for_selector("#chat-lines .event")
    await _write(guest, LINES[language][0])
    await page.goto(path("dashboard"))
    await page.wait_for_selector("#waiting-list .row")
    await shoot(page, folder / "waiting.webp")
    if language == "en":
        await shoot(page, README_PICTURES / "desk.webp", (DESK["width"], DESK["height"]))
    await page.goto(path("session", {"start": "video"}, consultation_id=consultation))
    await guest.click("#accept-call")
    for each in (page, guest):
        await each.wait_for_selector("#tiles .has-video")
    await _write(page, LINES[language][1])
    await shoot(page, folder / "room.webp")
    if language == "en":
        await shoot(guest, README_PICTURES / "phone.webp", (PHONE["width"], PHONE["height"]))
    await page.click("#terminate-session")
    await shoot(page, folder / "terminate.webp")
    await page.click("#terminate-dialog [value=close]")
    await page.wait_for_selector("#after-closing:visible")
    await page.goto(path("history"))
    await shoot(page, folder / "history.webp")
    return count


async def _sign_in(page: Page, joy: Account) -> None:
    await page.goto(path("sign_in"))
    await page.fill("#email", joy.email)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url("**" + path("dashboard"))
    await page.wait_for_selector("body[data-line=live]")


async def _plan(app: web.Application, joy: Account) -> None:
    """Sessions that the lists show besides."""
    now = app[CLOCK].now().replace(minute=0, second=0, microsecond=0)
    for name, hours in (("Samuel", 2), ("Leyla", 26)):
        who = Person(name, "", "email", f"{name.lower()}@example.org", "en", ZONE)
        later = now + timedelta(hours=hours)
        await app[INVITING].invite(
            joy, Plan("remote", (("service_user", who),), planned_at=later, time_zone=ZONE)
        )


async def _invite(app: web.Application, joy: Account, name: str) -> tuple[str, str]:
    """(consultation id, token)"""
    who = Person(name, "", "email", "amina@example.org", "en", ZONE)
    consultation, invites = await app[INVITING].invite(
        joy, Plan("remote", (("service_user", who),))
    )
    _invited, token = await app[INVITING].link_of(invites[0].id, joy.id)
    return consultation.id, token


async def _write(page: Page, text: str) -> None:
    """Send a line, and see it in the chat."""
    await page.fill("#chat-text", text)
    await page.press("#chat-text", "Enter")
    await page.locator("#chat-lines .text", has_text=text).wait_for()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.screenshot_guide",
        description="Writes the pictures of the guide and of the README anew.",
    )
    parser.parse_args(arguments)
    print(f"{asyncio.run(run())} pictures in web/static/guide and docs/pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
