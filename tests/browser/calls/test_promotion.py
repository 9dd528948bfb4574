"""Calls move to the relay and back in real browsers, and nobody misses a word."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from signaling.calls.topology import CALM
from tests.browser.calls.gathering import VIDEO_PATIENCE_MS, Gathering, others_on
from tests.browser.conftest import NewContext
from tests.browser.harness.probes import (
    audio_arrives,
    connect_control,
    longest_gap,
    video_moves,
    video_packets,
)
from tests.clock import RunningClock
from tests.serving import Server, serving
from web.keys import RELAY, WAITS

MAX_GAP = 1.0
"""Seconds of audio that a move may cost, beside what the machine itself drops: that is missing on the
control connection too, and is not counted."""


@pytest.fixture
def waits() -> RunningClock:
    """That of the server's waits."""
    return RunningClock()


@pytest.fixture
async def server(tmp_path: Path, waits: RunningClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, steady=waits, relay=True) as running:
        await running.account()
        yield running


async def three_through_the_relay(
    server: Server, new_context: NewContext, *, small_cameras: bool = True
) -> Gathering:
    """Desk, phone and lee are in a call that the relay carries."""
    scene = Gathering(server, new_context, small_cameras=small_cameras)
    await scene.invite("lee")
    await scene.pair()
    await scene.arrive("lee")
    await scene.join("lee")
    await scene.has_topology("forwarded", "desk", "phone", "lee")
    return scene


async def two_are_left(scene: Gathering, waits: RunningClock) -> None:
    """The third has hung up long enough ago for a direct connection."""
    for name in ("desk", "phone"):
        await expect(scene.pages[name].locator("#tiles .tile")).to_have_count(1)
    waits.move(CALM)
    await scene.server.app[WAITS].run_due()


async def video_height(video: Locator) -> int:
    height: int = await video.evaluate("(video) => video.videoHeight")
    return height


async def test_two_become_three_become_two_and_nobody_misses_a_word(
    server: Server, waits: RunningClock, new_context: NewContext
) -> None:
    """Without video, so that a busy machine is not what is measured."""
    scene = Gathering(server, new_context)
    await scene.invite("lee")
    await scene.pair("audio")
    await scene.has_topology("mesh", "desk", "phone")
    desk, phone = scene.pages["desk"], scene.pages["phone"]
    (nurse,), (amina,) = await others_on(phone), await others_on(desk)
    await connect_control(desk, phone)
    lee = await scene.arrive("lee")
    await scene.join("lee")
    await scene.has_topology("forwarded", "desk", "phone", "lee")
    assert await audio_arrives(lee)
    await scene.hang_up("lee")
    await two_are_left(scene, waits)
    await scene.has_topology("mesh", "desk", "phone")
    for page, other in ((desk, amina), (phone, nurse)):
        assert await audio_arrives(page)
        assert await longest_gap(page, other) <= MAX_GAP


async def test_no_picture_is_dead_after_two_became_three_became_two(
    server: Server, waits: RunningClock, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite("lee")
    await scene.pair()
    await scene.everybody_sees("desk", "phone")
    await scene.arrive("lee")
    await scene.join("lee")
    await scene.has_topology("forwarded", "desk", "phone", "lee")
    await scene.everybody_sees("desk", "phone", "lee")
    await scene.hang_up("lee")
    await two_are_left(scene, waits)
    await scene.has_topology("mesh", "desk", "phone")
    await scene.everybody_sees("desk", "phone")


@pytest.mark.parametrize(
    "leavers",
    [
        pytest.param(("desk", "kim"), id="desk-kim"),
        pytest.param(("phone", "lee"), id="phone-lee", marks=pytest.mark.soak),
        pytest.param(("kim", "desk"), id="kim-desk", marks=pytest.mark.soak),
    ],
)
async def test_four_see_and_hear_each_other_whoever_leaves_and_comes_back(
    server: Server, new_context: NewContext, leavers: tuple[str, str]
) -> None:
    scene = Gathering(server, new_context)
    everybody = ("desk", "phone", "lee", "kim")
    await scene.invite("lee", "kim")
    await scene.pair()
    for name in ("lee", "kim"):
        await scene.arrive(name)
        await scene.join(name)
    await scene.has_topology("forwarded", *everybody)
    await scene.everybody_sees(*everybody)
    for leaver in leavers:
        await scene.hang_up(leaver)
        await scene.everybody_sees(*(name for name in everybody if name != leaver))
        await scene.join(leaver)
        await scene.everybody_sees(*everybody)
    await scene.everybody_hears(*everybody)


async def test_a_screen_is_shown_beside_the_camera_and_goes_again(
    server: Server, new_context: NewContext
) -> None:
    scene = await three_through_the_relay(server, new_context)
    desk, lee = scene.pages["desk"], scene.pages["lee"]
    await desk.get_by_role("button", name="Share screen").click()
    screen = lee.locator("#tiles .uncropped video[data-screen-of]")
    await expect(screen).to_have_count(1)
    nurse = await screen.get_attribute("data-screen-of")
    await expect(lee.locator(f'#tiles video[data-participant-id="{nurse}"]')).to_have_count(1)

    await eventually(
        lambda: video_height(screen), lambda height: height >= 360, "the screen in full"
    )
    # Where there is no room for all tiles, none covers a button.
    await lee.set_viewport_size({"width": 1000, "height": 500})
    await lee.get_by_role("button", name="Hang up").click(trial=True)
    await desk.get_by_role("button", name="Share screen").click()
    await expect(screen).to_have_count(0)


async def test_a_small_tile_gets_the_small_encoding_and_one_out_of_sight_none(
    server: Server, new_context: NewContext
) -> None:
    scene = await three_through_the_relay(server, new_context, small_cameras=False)
    lee = scene.pages["lee"]
    selector = f'#tiles video[data-participant-id="{(await others_on(lee))[0]}"]'
    video = lee.locator(selector)

    def height() -> Awaitable[int]:
        return video_height(video)

    await eventually(height, lambda lines: lines > 200, "a large tile gets the large one")
    await lee.set_viewport_size({"width": 360, "height": 240})
    await eventually(height, lambda lines: 0 < lines <= 200, "a small tile gets the small one")
    await lee.evaluate("document.getElementById('tiles').style.transform = 'translateY(300vh)'")
    await eventually(lambda: video_packets(lee), lambda count: count == 0, "no packet comes")
    await expect(lee.locator("#tiles .paused")).to_have_count(0)
    assert await audio_arrives(lee)
    await lee.evaluate("document.getElementById('tiles').style.transform = ''")
    assert await video_moves(lee, selector)


async def test_two_without_a_direct_path_meet_through_the_relay(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite()
    await scene.arrive("phone")
    desk = await scene.begin()
    for page in scene.pages.values():
        await hide_candidates(page)
    await desk.get_by_role("button", name="Start video call").click()
    await scene.pages["phone"].get_by_role("button", name="Accept", exact=True).click()
    await scene.has_topology("forwarded", "desk", "phone")
    await scene.everybody_sees("desk", "phone")
    await scene.everybody_hears("desk", "phone")


async def test_a_killed_worker_is_no_end_of_a_call_of_four(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    everybody = ("desk", "phone", "lee", "kim")
    await scene.invite("lee", "kim")
    await scene.pair("audio")
    for name in ("lee", "kim"):
        await scene.arrive(name)
        await scene.join(name)
    await scene.has_topology("forwarded", *everybody)
    relay = server.app[RELAY].relay
    assert relay is not None
    (before,) = relay.process_ids()
    os.kill(before, signal.SIGKILL)
    for name in everybody:
        await hears_everybody(scene.pages[name], 3)
        await expect(scene.pages[name].locator("#call")).to_be_visible()
    assert relay.process_ids() != [before]


async def hide_candidates(page: Page) -> None:
    """A network without direct paths: no candidate reaches the other side."""
    await page.evaluate(
        """() => {
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (text) {
            const message = JSON.parse(text);
            if (message.type === "send_candidate") return;
            if (message.type === "send_description") {
              const { description } = message;
              description.sdp = description.sdp.replace(/a=candidate:.*\\r\\n/g, "");
            }
            send.call(this, JSON.stringify(message));
          };
        }"""
    )


HEARD = """
async () => {
  const counted = {};
  for (const peer of window.__peers) {
    if (peer.connectionState !== "connected") continue;
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== "inbound-rtp" || report.kind !== "audio") continue;
      counted[report.trackIdentifier] = report.totalAudioEnergy ?? 0;
    }
  }
  const energies = [];
  for (const video of document.querySelectorAll("#tiles video[data-participant-id]")) {
    const [track] = video.srcObject?.getAudioTracks() ?? [];
    energies.push(counted[track?.id] ?? 0);
  }
  return energies;
}
"""


async def hears_everybody(page: Page, others: int) -> None:
    """Audio of as many people arrives over connected connections."""

    async def heard() -> int:
        energies: list[float] = await page.evaluate(HEARD)
        return sum(energy > 1e-3 for energy in energies)

    await eventually(heard, lambda count: count == others, "everybody is heard")


async def eventually(
    read: Callable[[], Awaitable[int]],
    is_right: Callable[[int], bool],
    what: str,
    deadline: float = VIDEO_PATIENCE_MS / 1000,
) -> None:
    """Poll until the value is right."""
    end = asyncio.get_running_loop().time() + deadline
    found = await read()
    while not is_right(found):
        assert asyncio.get_running_loop().time() < end, f"never happened: {what}, last {found}"
        await asyncio.sleep(0.2)
        found = await read()
