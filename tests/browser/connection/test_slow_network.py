"""Lines with round trips of seconds: slow is not dead."""

from pathlib import Path

import pytest
from playwright.async_api import WebSocket, expect

from tests.browser.conftest import NewContext
from tests.browser.connection.slow_network import FASTER_TIME, SlowNetwork
from tests.people import Person


@pytest.mark.parametrize(
    ("round_trip", "tls_rounds", "faster"),
    [
        # A machine that halts for as long as the page waits for a pong would be a dead line.
        pytest.param(0.62, 1, 5, id="TLS 1.3 five times as fast"),
        pytest.param(3.1, 1, 1, id="TLS 1.3", marks=pytest.mark.soak),
        pytest.param(2.8, 2, 1, id="TLS 1.2", marks=pytest.mark.soak),
    ],
)
async def test_a_line_with_round_trips_of_three_seconds_connects_and_stays(
    tmp_path: Path, new_context: NewContext, round_trip: float, tls_rounds: int, faster: int
) -> None:
    line = SlowNetwork(round_trip, tls_rounds)
    async with line.serving(tmp_path) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        context = await new_context(base_url=server.url)
        if faster > 1:
            await context.add_init_script(FASTER_TIME % faster)
        page = await context.new_page()
        context.set_default_timeout(180_000)
        sockets: list[WebSocket] = []
        page.on("websocket", lambda socket: sockets.append(socket))
        await page.goto(server.url + await nurse.invite())
        await page.get_by_role("button", name="Join the session").click()
        live = expect(page.locator("#room"))
        await live.to_have_attribute("data-line", "open", timeout=180_000)
        opened = len(sockets)
        for _ in range(3):
            async with sockets[-1].expect_event(
                "framereceived", lambda frame: "pong" in str(frame), timeout=60_000
            ):
                await page.evaluate("dispatchEvent(new Event('online'))")
        await page.get_by_role("textbox", name="Message").fill("Slow, and here")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".line .state")).to_have_text("sent")
        assert opened <= 2
        assert len(sockets) == opened
        # its line would outlive the server
        await context.close()
