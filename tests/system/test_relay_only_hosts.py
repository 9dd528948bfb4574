"""A call of several hosts at a relay-only host, whose owner is killed."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.media.support import until
from tests.people import Person, Refused, consultation_of
from tests.web.calling import Page
from tests.web.hosts.relay_hosts import RelayHosts
from tests.web_hosts import fleet

pytestmark = pytest.mark.postgresql
PARTICIPANTS = "teleconnect_relay_participants"


async def page_of(person: Person, peer_id: str, seat: dict[str, str]) -> Page:
    """A page that speaks, as soon as it is let in."""
    async with asyncio.timeout(60):
        while True:
            try:
                wire = await person.enter(peer_id=peer_id, **seat)  # type: ignore[arg-type]
                break
            except (ConnectionError, aiohttp.ClientError, Refused, AssertionError, TimeoutError):
                await asyncio.sleep(0.1)
    page = Page(wire, peer_id, person, seat)
    page.speak()
    return page


async def both_hear(*pages: Page) -> None:
    for page in pages:
        await until(lambda page=page: page.heard > 20, f"{page.peer_id} hears")


async def test_a_call_returns_over_a_relay_only_host_after_its_owner_is_killed(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as opened:
        hosts = await opened.enter_async_context(fleet(tmp_path, TELECONNECT_MEDIA_POLICY="relay"))
        relays = RelayHosts(
            tmp_path,
            hosts.store,
            hosts.settings["TELECONNECT_DATABASE_URL"],
        )
        opened.push_async_callback(relays.close)
        await relays.start("relay")
        nurse = await opened.enter_async_context(hosts.person())
        amina = await opened.enter_async_context(hosts.person())
        assert (await nurse.sign_in()).status == 303
        seat = {"invite_id": await amina.join(await nurse.invite())}
        phone = await page_of(amina, "amina-page", seat)
        session = await consultation_of(phone.wire)
        room = {"consultation_id": session}
        desk = await page_of(nurse, "nurse-page", room)
        await desk.command("start_consultation")
        await desk.command("call_start", media="audio")
        await until(lambda: phone.call, "it rings")
        assert phone.call is not None
        await phone.command("call_accept", call_id=phone.call["call_id"])
        await both_hear(desk, phone)
        await relays.until_figure("relay", PARTICIPANTS, 2)

        owner = await hosts.owner(session)
        assert owner is not None
        began = asyncio.get_running_loop().time()
        await hosts.kill(owner)
        await relays.until_figure("relay", PARTICIPANTS, 0)
        print(f"ended there {asyncio.get_running_loop().time() - began:.1f} s after the kill")
        await asyncio.gather(desk.close(), phone.close())
        desk, phone = await asyncio.gather(
            page_of(nurse, "nurse-page", room), page_of(amina, "amina-page", seat)
        )
        opened.push_async_callback(desk.close)
        opened.push_async_callback(phone.close)
        await both_hear(desk, phone)
        print(f"heard {asyncio.get_running_loop().time() - began:.1f} s after the kill")
        assert await hosts.owner(session) not in (None, owner)
        await relays.until_figure("relay", PARTICIPANTS, 2)
        assert desk.call is not None
        await desk.command("call_leave", call_id=desk.call["call_id"])
        await relays.until_figure("relay", PARTICIPANTS, 0)
        await relays.end("relay", signal.SIGTERM)  # nothing holds it up
