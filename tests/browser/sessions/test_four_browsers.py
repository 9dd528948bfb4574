"""Four browsers, and sessions on all three hosts: the one that owns what these four do is killed under all of it."""

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.calls.gathering import sees
from tests.browser.conftest import PATIENCE_MS, NewContext
from tests.browser.harness.visits import is_live, join
from tests.browser.sessions.pages_of_hosts import desk_page, guest_page, kill_owner, say
from tests.files import photo
from tests.people import PATIENCE, Person, consultation_of
from tests.web_hosts import BETWEEN_TRIES, Fleet, Talker, fleet

pytestmark = pytest.mark.postgresql


async def owned_by(hosts: Fleet, number: int, **fields: str) -> tuple[str, str]:
    """(id of a session that this host owns, the path of the link to it): it is the first one asked."""
    async with hosts.person(number) as nurse, hosts.person(number) as phone:
        await nurse.sign_in()
        link = await nurse.invite(**fields)
        wire = await phone.enter(invite_id=await phone.join(link))
        session = await consultation_of(wire)
    assert await hosts.owner(session) == number
    return session, link


async def colleague_link(hosts: Fleet, session: str) -> str:
    invites = await hosts.store.read.invites.of_consultation(session)
    [lee] = [each for each in invites if each.role == "colleague"]
    return f"/i/{await hosts.store.read.invites.token(session, lee.id)}"


async def page_of(hosts: Fleet, other: Browser, link: str) -> Page:
    """A guest's page in Firefox, where there is one."""
    context = await other.new_context(base_url=hosts.url, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await join(page, link)
    await is_live(page)
    return page


async def ring(nurse: Person, session: str) -> Talker:
    """The scheduler's page of another session, which calls, and writes from then on."""
    room = {"consultation_id": session, "peer_id": "caller-000001"}
    desk = await nurse.enter(**room)  # type: ignore[arg-type]
    await desk.command("start_consultation")
    await desk.command("call_start", media="video")
    await desk.ws.close()
    return Talker(nurse, room, pause=0.5)


async def back(caller: Talker, rung: Page, since: float) -> None:
    """Who calls is answered again, and whose page rings reads it."""
    async with asyncio.timeout(PATIENCE):
        while caller.heard_at[-1] < since:  # noqa: ASYNC110
            await asyncio.sleep(BETWEEN_TRIES)
    *_, newest = caller.acknowledged
    await expect(rung.get_by_text(f"text of {newest}", exact=True)).to_be_visible()


async def in_a_call(desk: Page, *guests: Page) -> None:
    """These meet over the relay."""
    await desk.get_by_role("button", name="Start video call").click()
    for page in guests:
        await page.get_by_role("button", name="Accept", exact=True).click()
    for page in (desk, *guests):
        await expect(page.locator("#call")).to_have_attribute("data-topology", "forwarded")
    await asyncio.gather(*(sees(page, len(guests)) for page in (desk, *guests)))


async def send_photo(page: Page) -> None:
    file = {"name": "wound.jpg", "mimeType": "image/jpeg", "buffer": photo(1600, 1200)}
    await page.locator("#choose-files").set_input_files(file)  # type: ignore[arg-type]
    chosen = page.get_by_role("list", name="Chosen files").get_by_role("listitem")
    await expect(chosen).to_have_count(1)
    await page.get_by_role("button", name="Send", exact=True).click()


async def heard(page: Page) -> None:
    await expect(page.get_by_text("while it is away")).to_be_visible()


async def shown(page: Page) -> None:
    await expect(page.locator("#chat-lines img")).to_be_visible()


async def took(since: float, what: str, done: Awaitable[object]) -> None:
    await done
    print(f"{time.monotonic() - since:4.1f} s after the kill: {what}")


async def test_everybody_is_back_after_the_owner_is_killed(
    tmp_path: Path, new_context: NewContext, other_browser: Browser
) -> None:
    async with (
        fleet(tmp_path, TELECONNECT_RELAY_WORKERS="1") as hosts,
        hosts.person() as nurse,
    ):
        await nurse.sign_in()
        lee = {"colleague": "on", "colleague_1_address": "lee@example.org"}
        meeting, link = await owned_by(hosts, 0, **lee, colleague_1_name="Dr Lee")
        ringing, ringing_link = await owned_by(hosts, 0)
        elsewhere = [await owned_by(hosts, number) for number in (1, 2)]
        talkers = [Talker(nurse, {"consultation_id": each}) for each, _ in elsewhere]
        phone = await guest_page(hosts, new_context, link)
        rung = await guest_page(hosts, new_context, ringing_link)
        doctor = await page_of(hosts, other_browser, await colleague_link(hosts, meeting))
        desk = await desk_page(hosts, nurse, new_context, meeting)
        pages = {"the scheduler": desk, "the service user": phone, "the colleague": doctor}
        await in_a_call(desk, phone, doctor)
        caller = await ring(nurse, ringing)
        await expect(rung.locator("#incoming-text")).to_contain_text("is calling you (video)")
        talking = [asyncio.create_task(each.talk()) for each in (*talkers, caller)]
        assert {await hosts.owner(each) for each in (meeting, ringing)} == {0}

        async with asyncio.timeout(PATIENCE):
            while not all(each.heard_at for each in (*talkers, caller)):  # noqa: ASYNC110
                await asyncio.sleep(BETWEEN_TRIES)

        await send_photo(phone)
        killed = await kill_owner(hosts, meeting)
        await say(desk, "while it is away")
        await asyncio.gather(
            *(
                took(killed, f"{name} reads the message", heard(page))
                for name, page in pages.items()
            ),
            *(took(killed, f"{name} sees the photo", shown(page)) for name, page in pages.items()),
            *(
                took(killed, f"{name} sees all videos", sees(page, 2))
                for name, page in pages.items()
            ),
            took(killed, "who is called reads the caller", back(caller, rung, killed)),
        )
        await expect(rung.locator("#incoming-text")).to_contain_text("is calling you (video)")
        for each in (*talkers, caller):
            each.stopped = True
        await asyncio.gather(*talking)
        silences = [each.silence(killed) for each in talkers]
        print(
            "seconds without an answer on the other hosts:", [round(each, 1) for each in silences]
        )
        for page in pages.values():
            await expect(page.get_by_text("while it is away")).to_have_count(1)
            await expect(page.locator("#chat-lines img")).to_have_count(1)
