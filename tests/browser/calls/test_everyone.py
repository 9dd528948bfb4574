"""Everyone at the table: four browsers, the interpreter coming in during the call."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from signaling.interpreter_request import InterpretingOrganization
from tests.browser.calls.gathering import sees
from tests.browser.conftest import NewContext
from tests.browser.harness.probes import SMALL_CAMERA, audio_arrives
from tests.browser.harness.visits import sign_in
from tests.people import Person, outbox
from tests.serving import Server, serving
from web.keys import STORE


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, relay=True) as running:
        await running.account()
        organization = InterpretingOrganization(
            "organization-one", "Voices", "voices@example.org", ("ar",), 1
        )
        await running.app[STORE].write(
            lambda records: records.interpreters.put_organization(organization)
        )
        yield running


async def link_for(server: Server, to: str, kind: str = "i") -> str:
    """The address in the mail to somebody."""
    notices = await outbox(server)
    text = next(notice.text for notice in notices if notice.to == to)
    found = re.search(rf"http://\S+/{kind}/[\w-]+", text)
    assert found is not None
    return found.group()


async def test_scheduler_service_user_colleague_and_a_late_interpreter_see_each_other(
    server: Server, new_context: NewContext
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        form = {
            "kind": "remote", "first_name": "Amina", "address": "amina@example.org",
            "language": "ar", "interpreter": "on",
            "colleague": "on", "colleague_1_address": "lee@example.org",
            "colleague_1_name": "Dr Lee",
        }  # fmt: skip
        assert (await nurse.post("/invites/new", form)).status == 303

    async def person(viewport: tuple[int, int] = (800, 600)) -> Page:
        context = await new_context(base_url=server.url, viewport=viewport)
        await context.add_init_script(SMALL_CAMERA)
        return await context.new_page()

    manager = await person()
    await manager.goto(await link_for(server, "voices@example.org", "r"))
    await manager.get_by_label("Name of the interpreter").fill("Ibrahim")
    await manager.get_by_label("Email or mobile number").fill("ibrahim@example.org")
    await manager.get_by_role("button", name="Accept", exact=True).click()
    await expect(manager.get_by_text("You accepted this request")).to_be_visible()
    await manager.context.close()

    phone, doctor, interpreter = await person((360, 740)), await person(), await person()
    arriving = ((phone, "amina@example.org"), (doctor, "lee@example.org"))
    for page, address in arriving:
        await page.goto(await link_for(server, address))
        # the invitation is in Arabic for the service user: the only form with one button to join
        await page.locator("form button.huge").click()
        await expect(page.locator("#heading")).to_be_visible()

    desk = await person()
    await sign_in(desk, server)
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()
    await desk.get_by_role("button", name="Start video call").click()
    for page in (phone, doctor):
        await page.locator("#accept-call").click()
    await asyncio.gather(*(sees(page, 2) for page in (desk, phone, doctor)))

    await interpreter.goto(await link_for(server, "ibrahim@example.org"))
    await interpreter.locator("form button.huge").click()
    await interpreter.get_by_role("button", name="Join the call").click()
    everybody = (desk, phone, doctor, interpreter)
    await asyncio.gather(*(sees(page, 3) for page in everybody))
    assert all(await asyncio.gather(*map(audio_arrives, everybody)))
    for page in everybody:
        await expect(page.locator("#call")).to_have_attribute("data-topology", "forwarded")

    await desk.get_by_role("button", name="Chat", exact=True).click()
    await desk.locator("#chat-scroll").click()  # while one writes, the list makes room
    await desk.locator("#people summary, .people summary").first.click()
    people = desk.locator("#people-list")
    for name in ("Amina", "Dr Lee", "Ibrahim"):
        await expect(people.get_by_text(name)).to_be_visible()
    await interpreter.context.close()
    assert all(await asyncio.gather(*map(audio_arrives, (desk, phone, doctor))))
