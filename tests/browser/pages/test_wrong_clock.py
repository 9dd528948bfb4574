"""Devices that are wrong about the time: it is the server's clock that counts."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import sign_in
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, serving
from web.connections.sockets import SOCKETS


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime.now(UTC))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        yield running


async def planned(server: Server, clock: MovableClock, zone: str = "UTC", **ahead: float) -> str:
    """The link of a session planned in that zone."""
    at = (clock.now() + timedelta(**ahead)).astimezone(ZoneInfo(zone))
    async with Person(server) as nurse:
        await nurse.sign_in()
        return await nurse.invite(
            plan_later="on", date=f"{at:%Y-%m-%d}", time=f"{at:%H:%M}", time_zone=zone
        )


async def load_at(page: Page, link: str, now: datetime) -> list[str]:
    """Open a page on a device whose clock says this; what it loads from then on."""
    loaded: list[str] = []
    page.on("load", lambda _: loaded.append(page.url))
    await page.clock.install(time=now)
    await page.goto(link)
    return loaded


async def test_a_landing_page_follows_the_clock_of_the_server(
    server: Server, clock: MovableClock, new_context: NewContext
) -> None:
    link = await planned(server, clock, hours=3)
    context = await new_context(
        base_url=server.url,
        timezone="Europe/Zurich",
        allowed_errors=["ERR_INTERNET_DISCONNECTED"],
    )
    page = await context.new_page()
    loaded = await load_at(page, link, clock.now() + timedelta(hours=27))
    await expect(page.get_by_text("Opens in")).to_contain_text("2 hours")
    warning = page.locator("#clock-off")
    await expect(warning).to_contain_text("The clock of this device is wrong by")
    await expect(page.locator(".when .zone")).to_have_text("(UTC)")
    await context.set_offline(True)
    await page.clock.fast_forward(3 * 3600_000)
    await expect(page.get_by_text("Opens in")).to_contain_text("0 minutes")
    await page.clock.run_for(60_000)
    await expect(page.get_by_text("Opens in")).to_contain_text("No connection")
    await context.set_offline(False)
    for _ in range(3):  # the server's clock has not moved
        await page.clock.run_for(60_000)
    await expect(page.get_by_text("Opens in")).to_contain_text("2 hours")
    clock.move(timedelta(hours=3))
    await page.clock.fast_forward(3 * 3600_000)
    await expect(page.get_by_role("button", name="Join the session")).to_be_visible()
    assert len(loaded) == 1
    await page.get_by_role("button", name="Join the session").click()
    await expect(page.get_by_role("heading", name="You are in the waiting room")).to_be_visible()


async def test_an_answer_that_comes_late_leaves_the_session_where_it_is(
    server: Server, clock: MovableClock, new_context: NewContext
) -> None:
    """The page asks twice whether it is time, and has joined by the first answer when the second comes."""
    link = await planned(server, clock, hours=3)
    page = await (await new_context(base_url=server.url)).new_page()
    loaded = await load_at(page, link, clock.now())
    await expect(page.get_by_text("Opens in")).to_contain_text("2 hours")
    asked: list[Route] = []
    both, joined = asyncio.Event(), asyncio.Event()

    async def answer(route: Route) -> None:
        if route.request.method == "POST":
            await route.continue_()
            return
        asked.append(route)
        if len(asked) == 2:
            both.set()
        response = await route.fetch()
        await (both if route is asked[0] else joined).wait()
        await route.fulfill(response=response)

    await page.route(lambda address: address.endswith(link), answer)
    clock.move(timedelta(hours=3))
    await page.clock.fast_forward(3 * 3600_000)
    await page.clock.run_for(60_000)
    await page.get_by_role("button", name="Join the session").click()
    heading = page.get_by_role("heading", name="You are in the waiting room")
    await expect(heading).to_be_visible()
    await expect(page.locator("#starting")).to_be_hidden()
    async with page.expect_request_finished(lambda request: request is asked[1].request):
        joined.set()
    assert await page.evaluate("fetch('/healthz').then((answer) => answer.text())")
    await expect(heading).to_be_visible()
    assert len(loaded) == 1, "it has joined in place"


async def test_a_device_without_a_zone_is_told_the_one_of_the_session(
    server: Server, clock: MovableClock, new_context: NewContext
) -> None:
    """`GMT`, `Etc/Unknown` and a hidden zone are no places; a real one is."""
    link = await planned(server, clock, zone="Africa/Nairobi", hours=3)
    for zone, shown in (("Etc/GMT", True), ("Atlantic/Reykjavik", True), ("Asia/Tokyo", False)):
        page = await (await new_context(base_url=server.url, timezone=zone)).new_page()
        for _ in range(2):  # also when the cookie has been set
            await page.goto(link)
            await expect(page.get_by_text("Opens in")).to_contain_text("2 hours")
            there = page.get_by_text("Kenya Time")
            await expect(there).to_have_count(1 if shown else 0)


async def test_waiting_is_counted_by_the_clock_of_the_server(
    tmp_path: Path, new_context: NewContext
) -> None:
    async with serving(tmp_path) as server:
        await server.account()
        context = await new_context(
            base_url=server.url, allowed_errors=["WebSocket connection", "ERR_INTERNET"]
        )
        page = await context.new_page()
        await page.clock.install(time=datetime.now(UTC) - timedelta(hours=5))
        await sign_in(page, server)
        async with Person(server) as nurse, Person(server) as guest:
            await nurse.sign_in()
            await guest.enter(invite_id=await guest.join(await nurse.invite()))
            since = page.locator("#waiting-list .since")
            await expect(since).to_have_text("just arrived")
        await page.goto("/invites/new?kind=remote")
        await page.get_by_text("Plan later").click()
        await expect(page.locator("#clock-off")).to_have_text(re.compile("wrong by .?5 hours"))
        # so is since when it cannot be known who waits
        await page.goto("/")
        await expect(page.locator("#line")).to_have_text("Live")
        before = datetime.now(UTC)
        await context.set_offline(True)
        for socket in server.app[SOCKETS].copy():
            socket.close("restart")
        lost = page.locator("#line-lost")
        await expect(lost).to_contain_text("No connection since")
        times = {f"{before + timedelta(minutes=n):%H:%M}" for n in (0, 1)}
        said = await lost.inner_text()
        assert any(time in said for time in times)
