"""People who meet in one started session, each in a browser context of their own."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, NewContext
from tests.browser.harness.probes import CONTROL, WATCH_SOUND, picture_moves, sound_arrives
from tests.people import Person, outbox
from tests.serving import PASSWORD, Server

LINK = re.compile(r"http://\S+(/i/[\w-]+)")


class Gathering:
    """A session with a scheduler ("desk"), a service user ("phone") and colleagues."""

    def __init__(self, server: Server, new_context: NewContext) -> None:
        self.server = server
        self.new_context = new_context
        self.pages: dict[str, Page] = {}
        self.links: dict[str, str] = {}

    async def invite(self, *colleagues: str) -> None:
        """Invite the service user and these colleagues; the nurse's page is the desk."""
        form = {
            "kind": "remote", "first_name": "Amina", "address": "phone@example.org",
            "language": "en",
        }  # fmt: skip
        if colleagues:
            form["colleague"] = "on"
        for number, name in enumerate(colleagues, 1):
            form[f"colleague_{number}_address"] = f"{name}@example.org"
            form[f"colleague_{number}_name"] = name
        async with Person(self.server) as nurse:
            await nurse.sign_in()
            assert (await nurse.post("/invites/new", form)).status == 303
        for notice in await outbox(self.server):
            found = LINK.search(notice.text)
            assert found is not None
            self.links[notice.to.partition("@")[0]] = found[1]

    async def page(self, viewport: tuple[int, int] = (640, 480)) -> Page:
        context = await self.new_context(base_url=self.server.url, viewport=viewport)
        await context.add_init_script(CONTROL)
        await context.add_init_script(WATCH_SOUND)
        return await context.new_page()

    async def arrive(self, name: str) -> Page:
        """Somebody by link takes their seat."""
        page = self.pages[name] = await self.page()
        await page.goto(self.links[name])
        await page.get_by_role("button", name="Join the session").click()
        await expect(page.locator("#heading")).to_be_visible()
        return page

    async def begin(self) -> Page:
        """The scheduler starts the session for which somebody is waiting."""
        page = self.pages["desk"] = await self.page()
        await page.goto(self.server.url)
        await page.get_by_label("Email").fill("nurse@example.org")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Start next consultation").click()
        await page.get_by_role("button", name="Start the session").click()
        await expect(page.get_by_role("button", name="Start video call")).to_be_visible()
        return page

    async def pair(self, media: str = "video") -> None:
        """Desk and phone are in a call and hear each other."""
        await self.arrive("phone")
        desk = await self.begin()
        await desk.get_by_role("button", name=f"Start {media} call").click()
        await self.pages["phone"].get_by_role("button", name="Accept").click()
        for name in ("desk", "phone"):
            assert await sound_arrives(self.pages[name], timeout=30.0)

    async def join(self, name: str) -> None:
        """Somebody who has arrived joins the call that there is."""
        await self.pages[name].get_by_role("button", name="Join the call").click()

    async def hang_up(self, name: str) -> None:
        await self.pages[name].get_by_role("button", name="Hang up").click()

    async def everybody_sees(self, *names: str) -> None:
        """Each of these pages shows all others, each with a picture that moves."""
        for name in names:
            await sees(self.pages[name], len(names) - 1)

    async def goes_by(self, way: str, *names: str) -> None:
        """The call goes this way on each of these pages, and is not about to change."""
        for name in names:
            call = self.pages[name].locator("#call")
            await expect(call).to_have_attribute("data-topology", way)
            await expect(call).to_have_attribute("data-moving-to", "")


async def sees(page: Page, others: int) -> None:
    """The page shows as many other people, each with a picture that moves.

    A machine may be too busy to carry all pictures, for as long as it is busy: a tile that says so
    in place of the picture is right too.
    """
    videos = page.locator("#tiles video[data-participant-id]")
    await expect(videos).to_have_count(others)
    for participant_id in await others_on(page):
        tile = f'[data-participant="{participant_id}"]'
        shown = page.locator(f"#tiles .pictured{tile}, #tiles .held{tile}")
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while True:
                await expect(shown).not_to_have_count(0)
                if await page.locator(f"#tiles .held{tile}").count():
                    break
                selector = f'#tiles video[data-participant-id="{participant_id}"]'
                if await picture_moves(page, selector, timeout=2.0):
                    break


async def others_on(page: Page) -> list[str]:
    """Participant ids of the people whose tiles the page shows."""
    found: list[str] = await page.locator("#tiles video[data-participant-id]").evaluate_all(
        "videos => videos.map((video) => video.dataset.participantId)"
    )
    return found
