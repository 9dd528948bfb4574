"""People who meet in one session, each in a browser context of their own."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, NewContext
from tests.browser.harness.probes import SMALL_CAMERA, audio_arrives, video_moves
from tests.browser.harness.visits import sign_in
from tests.people import Person, outbox
from tests.serving import Server

VIDEO_PATIENCE_MS = 3 * PATIENCE_MS
"""What must come as video: a page that takes a busy machine for a narrow line tries again after 40
seconds, and then after 80; and an encoder grows its picture only once it has time."""

LINK = re.compile(r"http://\S+(/i/[\w-]+)")


class Gathering:
    """A session with a scheduler ("desk"), a service user ("phone") and colleagues."""

    def __init__(
        self, server: Server, new_context: NewContext, *, small_cameras: bool = True
    ) -> None:
        self.server = server
        self.new_context = new_context
        self.small_cameras = small_cameras
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
        if self.small_cameras:
            await context.add_init_script(SMALL_CAMERA)
        return await context.new_page()

    async def arrive(self, name: str) -> Page:
        """Somebody with a link takes their seat."""
        page = self.pages[name] = await self.page()
        await page.goto(self.links[name])
        await page.get_by_role("button", name="Join the session").click()
        await expect(page.locator("#heading")).to_be_visible()
        return page

    async def begin(self) -> Page:
        """The scheduler starts the session, for which somebody is waiting."""
        page = self.pages["desk"] = await self.page()
        await sign_in(page, self.server)
        await page.get_by_role("button", name="Start next consultation").click()
        await page.get_by_role("button", name="Start the session").click()
        await expect(page.get_by_role("button", name="Start video call")).to_be_visible()
        return page

    async def pair(self, media: str = "video") -> None:
        """Desk and phone are in a call and hear each other."""
        await self.arrive("phone")
        desk = await self.begin()
        await desk.get_by_role("button", name=f"Start {media} call").click()
        await self.pages["phone"].get_by_role("button", name="Accept", exact=True).click()
        await self.everybody_hears("desk", "phone")

    async def join(self, name: str) -> None:
        """Somebody who has arrived joins the current call."""
        await self.pages[name].get_by_role("button", name="Join the call").click()

    async def hang_up(self, name: str) -> None:
        await self.pages[name].get_by_role("button", name="Hang up").click()

    async def everybody_sees(self, *names: str) -> None:
        """Each of these pages shows all others, each with a video that moves."""
        await asyncio.gather(*(sees(self.pages[name], len(names) - 1) for name in names))

    async def everybody_hears(self, *names: str) -> None:
        """Audible sound arrives at each of these pages."""
        pages = [self.pages[name] for name in names]
        assert all(await asyncio.gather(*map(audio_arrives, pages)))

    async def has_topology(self, topology: str, *names: str) -> None:
        """The call has this topology on each of these pages, and is not moving."""
        for name in names:
            call = self.pages[name].locator("#call")
            await expect(call).to_have_attribute("data-topology", topology)
            await expect(call).to_have_attribute("data-moving-to", "")


async def sees(page: Page, others: int) -> None:
    """The page shows as many other people, each with a video that moves.

    A machine may be too busy to carry all videos, for as long as it is busy: a tile that says so
    in place of the video is right too.
    """
    videos = page.locator("#tiles video[data-participant-id]")
    await expect(videos).to_have_count(others)
    # Side by side, together as patient as one after the other.
    async with asyncio.timeout(others * PATIENCE_MS / 1000):
        await asyncio.gather(*(tile_is_alive(page, one) for one in await others_on(page)))


async def tile_is_alive(page: Page, participant_id: str) -> None:
    """Wait until the tile shows a video that moves, or says why it shows none."""
    tile = f'[data-participant="{participant_id}"]'
    shown = page.locator(f"#tiles .has-video{tile}, #tiles .paused{tile}")
    while True:
        await expect(shown).not_to_have_count(0)
        if await page.locator(f"#tiles .paused{tile}").count():
            return
        selector = f'#tiles video[data-participant-id="{participant_id}"]'
        if await video_moves(page, selector, timeout=2.0):
            return


async def others_on(page: Page) -> list[str]:
    """Participant ids of the people whose tiles the page shows."""
    found: list[str] = await page.locator("#tiles video[data-participant-id]").evaluate_all(
        "videos => videos.map((video) => video.dataset.participantId)"
    )
    return found
