"""Pictures of every page: `python -m scripts.screenshots [--out FOLDER] [--only KIND]`.

Serves a temporary folder with sample data and lets a browser photograph each page on a phone and
on a desk, light and dark, from left to right and from right to left; a call of four; and pages in
trouble, or with words and numbers of both directions; files in the chat; signing in; what administrators
change.
"""

import argparse
import asyncio
import contextlib
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from scripts.samples import PASSWORD, Sample, password_link, sample, written_full
from scripts.screenshot_administration import photograph_administration
from scripts.screenshot_call import everybody_in_view, join
from scripts.screenshot_files import photograph_files
from scripts.screenshot_sign_in import (
    PROVIDER_SETTINGS,
    change_password,
    guess,
    photograph_provider,
    photograph_second_step,
)
from scripts.screenshot_viewer import photograph_viewer
from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from web.app import create_app
from web.config import load
from web.keys import INVITING, STORE
from web.routes import path

WIDTHS = {"phone": (360, 740), "desk": (1440, 900)}
LANGUAGES = ("en", "ar")
KINDS = ("pages", "sign-in", "administration", "call", "trouble", "files", "viewer")
NUMBERS = (
    "رقم هاتفي +41 79 123 45 67",
    "الأدوية: Paracetamol 500 mg, Ibuprofen 400 mg, Metformin 850 mg",
    "من 10 mg إلى 20 mg يوميًا، الضغط 120/80، النبض 88 bpm",
)
"Text whose numbers move to the wrong places unless they are isolated."


@contextlib.asynccontextmanager
async def serving(folder: Path, **more: str) -> AsyncIterator[tuple[web.Application, str]]:
    """A server over `folder` on a free port, and its address; `more` are settings."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings = {"TELECONNECT_DATA_DIR": str(folder), "TELECONNECT_RELAY_PORT": "0", **more}
    config = load(settings, port=port)
    app = await create_app(config)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield app, str(config.public_url)
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Look:
    """How a page is seen."""

    size: str
    dark: bool
    language: str

    @property
    def suffix(self) -> str:
        return f"{self.size}-{'dark' if self.dark else 'light'}-{self.language}"

    async def context(
        self, browser: Browser, server: str, *, scripts: bool = True
    ) -> BrowserContext:
        width, height = WIDTHS[self.size]
        context = await browser.new_context(
            base_url=server,
            viewport={"width": width, "height": height},
            color_scheme="dark" if self.dark else "light",
            timezone_id="Europe/Zurich",
            permissions=["camera", "microphone"],
            java_script_enabled=scripts,
        )
        await context.add_cookies([{"name": "language", "value": self.language, "url": server}])
        return context


async def photograph(
    browser: Browser, app: web.Application, server: str, found: Sample, out: Path, only: str | None
) -> int:
    """Write the pictures of one kind or all; the number of them."""
    count = 0
    kinds = (only,) if only else KINDS
    for language in LANGUAGES:
        for dark in (False, True):
            for size in WIDTHS:
                look = Look(size, dark, language)
                if "pages" in kinds:
                    context = await look.context(browser, server)
                    count += await _pages(context, app, found, out, look.suffix)
                    await context.close()
                if "sign-in" in kinds:
                    count += await _signing_in(browser, app, server, out, look)
                if "administration" in kinds:
                    context = await look.context(browser, server)
                    await _sign_in(await context.new_page())
                    count += await photograph_administration(context, out, look.suffix)
                    await context.close()
                if "files" in kinds:
                    context = await look.context(browser, server)
                    count += await photograph_files(context, found.landing, out, look.suffix)
                    await context.close()
                if "viewer" in kinds:
                    count += await _viewer(browser, app, server, out, look)
                if "trouble" in kinds:
                    count += await _trouble(browser, server, found, out, look)
            if "call" in kinds:
                count += await _call(browser, app, server, out, language, dark)
    return count


async def _viewer(
    browser: Browser, app: web.Application, server: str, out: Path, look: Look
) -> int:
    """Photos and PDFs: viewer, marking, being asked for a photo."""
    shots = 0

    async def shoot(page: Page, name: str) -> None:
        nonlocal shots
        await page.wait_for_timeout(250)
        await page.screenshot(path=out / f"{name}-{look.suffix}.png")
        shots += 1

    desk = await look.context(browser, server)
    phone = await look.context(browser, server)
    page = await desk.new_page()
    await _sign_in(page)
    await page.close()
    await photograph_viewer(app, desk, await phone.new_page(), shoot)
    await desk.close()
    await phone.close()
    return shots


async def _signing_in(
    browser: Browser, app: web.Application, server: str, out: Path, look: Look
) -> int:
    shots = 0

    async def shoot(name: str) -> None:
        nonlocal shots
        await context.pages[-1].wait_for_timeout(250)
        await context.pages[-1].screenshot(path=out / f"{name}-{look.suffix}.png", full_page=True)
        shots += 1

    context = await look.context(browser, server)
    await photograph_second_step(app, await context.new_page(), look.suffix, shoot)
    await context.close()
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder), **PROVIDER_SETTINGS) as (other, address):
            context = await look.context(browser, address)
            await photograph_provider(other, context, shoot)
            await context.close()
    return shots


async def _trouble(browser: Browser, server: str, found: Sample, out: Path, look: Look) -> int:
    """Pages without a line and without scripts, numbers in Arabic, a number that looks wrong."""
    shots = 0

    async def shoot(page: Page, name: str, suffix: str = look.suffix) -> None:
        nonlocal shots
        await page.wait_for_timeout(250)
        await page.screenshot(path=out / f"{name}-{suffix}.png")
        shots += 1

    desk = await look.context(browser, server)
    page = await desk.new_page()
    await _sign_in(page)
    await page.wait_for_selector("body[data-line=live]")
    await desk.set_offline(True)
    await page.wait_for_selector("#line-lost:visible")
    await shoot(page, "dashboard-no-line")
    await desk.set_offline(False)
    await page.goto(path("new_invite", {"kind": "remote"}))
    await page.fill("#first_name", "Amina")
    await page.fill("#address", "+41 44 123 45 67")
    await page.click("#invitation [type=submit]")
    await page.wait_for_selector(".notice.bad:visible")
    await shoot(page, "number-asked")
    await desk.close()

    phone = await look.context(browser, server)
    page = await phone.new_page()
    await page.goto(found.landing)
    await page.click("button.huge")
    await page.wait_for_selector("#chat-lines .event")
    for number, text in enumerate(NUMBERS, 1):
        await page.fill("#chat-text", text)
        await page.press("#chat-text", "Enter")
        await page.wait_for_function(
            "many => document.querySelectorAll('#chat-lines .text').length >= many", arg=number
        )
    await shoot(page, "chat-numbers")
    await phone.close()

    if look.language == LANGUAGES[0]:
        tigrinya = Look(look.size, look.dark, "ti")
        context = await tigrinya.context(browser, server)
        page = await context.new_page()
        await page.goto(found.early)
        await page.wait_for_selector("#countdown:not(:empty)")
        await shoot(page, "landing-early", tigrinya.suffix)
        await context.close()

    plain = await look.context(browser, server, scripts=False)
    page = await plain.new_page()
    await page.goto(found.landing)
    await shoot(page, "landing-no-scripts")
    await page.click("button.huge")
    await page.wait_for_selector("#heading", state="attached")
    await shoot(page, "waiting-no-scripts")
    await plain.close()
    return shots


async def _call(
    browser: Browser, app: web.Application, server: str, out: Path, language: str, dark: bool
) -> int:
    """A call of four, seen from the desk and from a phone."""
    account = await app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    amina, sami, lee = (Person(name, "", "none", "", "en") for name in ("Amina", "Sami", "Dr Lee"))
    plan = Plan("remote", (("service_user", amina), ("companion", sami), ("colleague", lee)))
    consultation, invites = await app[INVITING].invite(account, plan)
    phone_look, desk_look = (Look(size, dark, language) for size in ("phone", "desk"))
    contexts = [await phone_look.context(browser, server) for _ in invites]
    guests = [await context.new_page() for context in contexts]
    for guest, invite in zip(guests, invites, strict=True):
        _invited, token = await app[INVITING].link_of(invite.id, account.id)
        await join(guest, token)
    contexts.append(await desk_look.context(browser, server))
    desk = await contexts[-1].new_page()
    await _sign_in(desk)
    await desk.goto(path("session", consultation_id=consultation.id))
    await desk.click("#start-session")
    await guests[0].fill("#chat-text", "Good morning! I have my letter here.")
    await guests[0].press("#chat-text", "Enter")
    shots = 0

    async def shoot(name: str) -> None:
        nonlocal shots
        for page, look in ((guests[0], phone_look), (desk, desk_look)):
            await page.wait_for_timeout(250)
            await page.screenshot(path=out / f"{name}-{look.suffix}.png")
            shots += 1

    await desk.click("#start-video")
    await guests[0].wait_for_selector("#accept-call")
    await shoot("ringing")
    for guest in guests:
        await guest.click("#accept-call")
    for page in (guests[0], desk):
        await everybody_in_view(page, guests)
    await shoot("call")
    await desk.click("#terminate-session")
    await shoot("terminate")
    for context in contexts:
        await context.close()
    return shots


async def _sign_in(page: Page) -> None:
    await page.goto(path("sign_in"))
    await page.fill("#email", "nurse@example.org")
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url("**" + path("dashboard"))


async def _pages(
    context: BrowserContext, app: web.Application, found: Sample, out: Path, suffix: str
) -> int:
    page = await context.new_page()
    shots = 0

    async def shoot(name: str, *, whole: bool = True) -> None:
        nonlocal shots
        await page.wait_for_timeout(250)
        await page.screenshot(path=out / f"{name}-{suffix}.png", full_page=whole)
        shots += 1

    await page.goto(path("sign_in"))
    await shoot("sign-in")
    await page.goto(path("forgotten_password"))
    await shoot("forgotten-password")
    for name, address in (
        ("landing", found.landing),
        ("landing-early", found.early),
        ("landing-test", found.early_test),
        ("not-found", "/nowhere"),
    ):
        await page.goto(address)
        await shoot(name)
    await page.goto(found.landing)
    await page.locator("button.huge").click()
    await page.wait_for_selector("#chat-lines .event")
    await shoot("waiting")
    await page.goto(f"{page.url}/plain")
    await page.frame_locator("iframe[name=lines]").locator(".lines").wait_for()
    await shoot("simple-page")
    await _sign_in(page)
    for name, address in (
        ("dashboard", path("dashboard")),
        ("invites", path("invites")),
        ("case", path("case", consultation_id=found.consultation_id)),
        ("edit", path("edit_session", consultation_id=found.consultation_id)),
        ("link", path("invite_link", invite_id=found.invite_id)),
        ("waiting-room", path("waiting_room")),
        ("opened", path("opened")),
        ("history", path("history")),
        ("profile", path("profile")),
        ("factors", path("factors")),
        ("authenticator-app", path("authenticator_app")),
        ("new-passkey", path("new_passkey")),
        ("proof", path("proof")),
        ("report-parts", path("report", consultation_id=found.full_id)),
        ("device-test", path("device_test")),
        ("session", path("session", consultation_id=found.consultation_id)),
        ("admin", path("admin")),
        ("admin-people", path("admin_people")),
        ("admin-person", path("admin_person", account_id=found.colleague_id)),
        ("admin-delete", path("admin_delete_account", account_id=found.account_id)),
        ("admin-teams", path("admin_teams")),
        ("share", path("share_session", consultation_id=found.consultation_id)),
        ("hand-over", path("hand_over", consultation_id=found.consultation_id)),
        ("admin-access-requests", path("admin_access_requests")),
        ("admin-numbers", path("admin_numbers")),
        ("admin-health", path("admin_health")),
        ("admin-invite", path("admin_invite_account")),
        ("admin-routes", path("admin_routes")),
        ("admin-texts", path("admin_texts")),
        ("admin-text", path("admin_text", occasion="invitation", language="fr", part="mail")),
        ("admin-templates", path("admin_templates")),
        ("admin-template", path("admin_template", occasion="reminder", language="ar")),
        ("admin-interpreters", path("admin_interpreters")),
        ("terms", path("terms")),
        ("help", path("help")),
        ("admin-audit", path("admin_audit")),
        ("outbox", path("admin_outbox")),
    ):
        await page.goto(address)
        await shoot(name)
    await page.goto(path("session", consultation_id=found.full_id))
    await _refused_line(page)
    await shoot("chat-refused", whole=False)
    await page.locator("#chat-scroll").evaluate("scroll => scroll.scrollTo(0, 0)")
    await shoot("chat-earlier", whole=False)
    await page.goto(path("admin_person", account_id=found.colleague_id))
    await page.click("form[action$=password-link] button")
    await page.wait_for_selector("#password-link")
    await shoot("password-link")
    await page.goto(path("invites"))
    await page.click("#open-new-invite")
    await page.click("#new-invite [data-choice=remote]")
    await page.check("#plan_later")
    await page.check("#colleague")
    await shoot("new-invite-dialog", whole=False)
    await _refused(page)
    await shoot("new-invite-refused")
    await page.goto(path("profile"))
    await change_password(page)
    await shoot("profile-refused")
    # who is signed in is a guest again
    await context.clear_cookies(name="teleconnect")
    await page.goto(await password_link(app))
    await shoot("choose-password")
    await page.fill("#password", "password1234")
    await page.click("main button[type=submit]")
    await page.wait_for_selector(".notice.bad:visible")
    await shoot("choose-password-refused")
    await guess(page)
    await shoot("sign-in-wait")
    return shots


async def _refused(page: Page) -> None:
    await page.fill("#address", "+999")
    await page.click("#invitation [type=submit]")
    await page.wait_for_selector(".notice.bad:visible")


async def _refused_line(page: Page) -> None:
    """Write what no longer fits."""
    await page.wait_for_selector("#chat-lines .text")
    await page.fill("#chat-text", "Please bring the letter of the clinic. " * 4)
    await page.press("#chat-text", "Enter")
    await page.wait_for_selector("[data-state=refused]")


async def run(out: Path, only: str | None) -> int:
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    folder = Path(tempfile.mkdtemp())
    # few frames, so that four in a call do not keep the machine busy with their pictures alone
    camera = "--use-fake-device-for-media-stream=fps=5"
    arguments = [camera, "--use-fake-ui-for-media-stream"]
    try:
        async with serving(folder) as (app, server), async_playwright() as playwright:
            found = await written_full(app, await sample(app))
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=[*arguments, "--no-sandbox"]
            )
            count = await photograph(browser, app, server, found, out, only)
            await browser.close()
        return count
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.screenshots", description="Writes pictures of every page."
    )
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", choices=KINDS, help="pictures of one kind")
    chosen = parser.parse_args()
    count = asyncio.run(run(chosen.out, chosen.only))
    print(f"Pictures in {chosen.out}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
