"""Calls go over to the relay and back in real browsers, and nobody misses a word."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.calls.gathering import Gathering, others_on
from tests.browser.conftest import NewContext
from tests.browser.harness.probes import (
    connect_control,
    longest_silence,
    picture_moves,
    picture_packets,
    sound_arrives,
)
from tests.serving import Server, serving
from web.keys import RELAY

LONGEST_SILENCE = 1.0
"""Seconds of sound that a change of the way may cost, beside what the machine itself swallows: that
is lost on the control connection too, and is not counted."""

HEIGHT_OF = """
async (name) => {
  const video = document.querySelector(`#tiles video[data-participant-id="${name}"]`);
  return video.videoHeight;
}
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, relay=True) as running:
        await running.account()
        yield running


async def test_two_become_three_become_two_and_nobody_misses_a_word(
    server: Server, new_context: NewContext
) -> None:
    """Without pictures, so that the sound of a busy machine is not what is measured."""
    scene = Gathering(server, new_context)
    await scene.invite("lee")
    await scene.pair("audio")
    await scene.goes_by("mesh", "desk", "phone")
    desk, phone = scene.pages["desk"], scene.pages["phone"]
    (nurse,), (amina,) = await others_on(phone), await others_on(desk)
    await connect_control(desk, phone)
    lee = await scene.arrive("lee")
    await scene.join("lee")
    await scene.goes_by("forwarded", "desk", "phone", "lee")
    assert await sound_arrives(lee)
    await scene.hang_up("lee")
    await scene.goes_by("mesh", "desk", "phone")
    for page, other in ((desk, amina), (phone, nurse)):
        assert await sound_arrives(page)
        assert await longest_silence(page, other) <= LONGEST_SILENCE


async def test_no_picture_is_dead_after_two_became_three_became_two(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite("lee")
    await scene.pair()
    await scene.everybody_sees("desk", "phone")
    await scene.arrive("lee")
    await scene.join("lee")
    await scene.goes_by("forwarded", "desk", "phone", "lee")
    await scene.everybody_sees("desk", "phone", "lee")
    await scene.hang_up("lee")
    await scene.goes_by("mesh", "desk", "phone")
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
    await scene.goes_by("forwarded", *everybody)
    await scene.everybody_sees(*everybody)
    for leaver in leavers:
        await scene.hang_up(leaver)
        await scene.everybody_sees(*(name for name in everybody if name != leaver))
        await scene.join(leaver)
        await scene.everybody_sees(*everybody)
    for name in everybody:
        assert await sound_arrives(scene.pages[name])


async def test_a_screen_is_shown_beside_the_camera_and_goes_again(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite("lee")
    await scene.pair()
    await scene.arrive("lee")
    await scene.join("lee")
    await scene.goes_by("forwarded", "desk", "phone", "lee")
    desk, lee = scene.pages["desk"], scene.pages["lee"]
    await desk.get_by_role("button", name="Share screen").click()
    screen = lee.locator("#tiles .whole video[data-screen-of]")
    await expect(screen).to_have_count(1, timeout=30_000)
    nurse = await screen.get_attribute("data-screen-of")
    await expect(lee.locator(f'#tiles video[data-participant-id="{nurse}"]')).to_have_count(1)

    async def lines() -> int:
        found: int = await screen.evaluate("(video) => video.videoHeight")
        return found

    await eventually(lines, lambda height: height >= 360, "the screen in full")
    # Where there is no room for all tiles, none covers a button.
    await lee.set_viewport_size({"width": 1000, "height": 500})
    await lee.get_by_role("button", name="Hang up").click(trial=True)
    await desk.get_by_role("button", name="Share screen").click()
    await expect(screen).to_have_count(0)


async def test_a_small_tile_gets_the_small_encoding_and_one_out_of_sight_none(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite("lee")
    await scene.pair()
    await scene.arrive("lee")
    await scene.join("lee")
    await scene.goes_by("forwarded", "desk", "phone", "lee")
    lee = scene.pages["lee"]
    name = (await others_on(lee))[0]

    async def lines() -> int:
        found: int = await lee.evaluate(HEIGHT_OF, name)
        return found

    await eventually(lines, lambda height: height > 200, "a large tile gets the large one")
    small = "document.querySelectorAll('.tile').forEach((one) => {one.style.minBlockSize = '0';"
    await lee.evaluate(
        "() => { const tiles = document.getElementById('tiles');"
        " tiles.style.minBlockSize = '0'; tiles.style.blockSize = '100px'; tiles.style.flex = 'none';"
        f" {small} one.style.blockSize = '50px'; }}); }}"
    )
    await eventually(lines, lambda height: 0 < height <= 200, "a small tile gets the small one")
    # The lower the screen, the farther tiles can be scrolled away.
    await lee.set_viewport_size({"width": 640, "height": 240})
    await lee.evaluate("scrollTo(0, document.body.scrollHeight)")
    await eventually(lambda: picture_packets(lee), lambda count: count == 0, "no packet comes")
    await expect(lee.locator("#tiles .held")).to_have_count(0)
    assert await sound_arrives(lee)
    await lee.evaluate("scrollTo(0, 0)")
    assert await picture_moves(lee, f'#tiles video[data-participant-id="{name}"]')


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
    await scene.pages["phone"].get_by_role("button", name="Accept").click()
    await scene.goes_by("forwarded", "desk", "phone")
    await scene.everybody_sees("desk", "phone")
    for page in scene.pages.values():
        assert await sound_arrives(page)


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
    await scene.goes_by("forwarded", *everybody)
    relay = server.app[RELAY].relay
    assert relay is not None
    (before,) = relay.process_ids()
    os.kill(before, signal.SIGKILL)
    for name in everybody:
        await hears_everybody(scene.pages[name], 3)
        await expect(scene.pages[name].locator("#call")).to_be_visible()
    assert relay.process_ids() != [before]


async def hide_candidates(page: Page) -> None:
    """A network in which nobody reaches anybody: candidates get lost on the way to the others."""
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
    """Sound of as many people arrives on connected connections."""

    async def heard() -> int:
        energies: list[float] = await page.evaluate(HEARD)
        return sum(energy > 1e-3 for energy in energies)

    await eventually(heard, lambda count: count == others, "everybody is heard")


async def eventually(
    look: Callable[[], Awaitable[int]],
    is_right: Callable[[int], bool],
    what: str,
    deadline: float = 60.0,
) -> None:
    """Look until what is found is right."""
    end = asyncio.get_running_loop().time() + deadline
    found = await look()
    while not is_right(found):
        assert asyncio.get_running_loop().time() < end, f"never happened: {what}, last {found}"
        await asyncio.sleep(0.2)
        found = await look()
