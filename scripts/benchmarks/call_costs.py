"""What a call of two uses of a data plan, beside what the invitation says of it.

Two browser contexts of one Chromium on loopback, whose cameras film a texture that uses whatever bit
rate it is given: by the direct path and by the relay, with video and with audio only. Counted on the
service user's side over twenty seconds that begin fifteen after both hear each other, when the
browsers' estimates have grown: the bytes of their transports (`RTCTransportStats`), both directions,
and 28 for the IPv4 and UDP headers of each packet, which those leave out.
"""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from scripts.benchmarks._figures import lines
from scripts.benchmarks._relay.network_page import write_busy_camera
from scripts.traffic.browser import chromium, person, sign_in, until
from scripts.traffic.server import Place, Server, furnish, serving, temporary_folder
from web.routes import path
from web.texts.call_costs import call_costs

SETTLING_SECONDS, WINDOW_SECONDS = 15.0, 20.0
HEADER_BYTES = 28
COLLECT = """
(() => {
  const Native = window.RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...settings) {
      super(...settings);
      window.connections.push(this);
    }
  };
})()
"""
COUNT = """
async () => {
  const count = { sent: 0, received: 0, packets: 0, time: performance.now() };
  for (const connection of window.connections) {
    for (const stats of (await connection.getStats()).values()) {
      if (stats.type !== "transport") continue;
      count.sent += stats.bytesSent;
      count.received += stats.bytesReceived;
      count.packets += stats.packetsSent + stats.packetsReceived;
    }
  }
  return count;
}
"""
ALIVE = """
() => Promise.all(window.connections.map(async (connection) =>
  [...(await connection.getStats()).values()].some(
    ({ type, kind, packetsReceived }) =>
      type === "inbound-rtp" && kind === "audio" && packetsReceived > 50,
  ),
)).then((all) => all.includes(true))
"""


async def _count(page: Page) -> dict[str, float]:
    before = await page.evaluate(COUNT)
    await asyncio.sleep(WINDOW_SECONDS)
    after = await page.evaluate(COUNT)
    seconds = (after["time"] - before["time"]) / 1000
    sent, received, packets = (after[n] - before[n] for n in ("sent", "received", "packets"))
    return {
        "sent_kbps": sent * 8 / seconds / 1000,
        "received_kbps": received * 8 / seconds / 1000,
        "packets_per_second": packets / seconds,
        "megabytes_a_minute": (sent + received + HEADER_BYTES * packets) * 60 / seconds / 1e6,
    }


async def _call(browser: Browser, server: Server, place: Place, media: str) -> dict[str, float]:
    desk_context, desk = await person(browser, server, "en")
    phone_context, phone = await person(browser, server, "en")
    for context in (desk_context, phone_context):
        await context.add_init_script(COLLECT)
    await sign_in(desk_context, server, place)
    await desk.goto(path("session", consultation_id=place.consultation_id))
    await phone.goto(path("landing", token=place.invite_token))
    await phone.get_by_role("button", name="Join the session").click()
    await desk.get_by_role("button", name="Start the session").click()
    await desk.get_by_role("button", name=f"Start {media} call").click()
    await phone.get_by_role("button", name="Accept", exact=True).click()
    await expect(phone.locator("#call")).to_be_visible()
    await until(phone, ALIVE)
    await asyncio.sleep(SETTLING_SECONDS)
    found = await _count(phone)
    await desk_context.close()
    await phone_context.close()
    return found


async def _policy(policy: str) -> dict[str, dict[str, float]]:
    with temporary_folder() as folder:
        camera = Path(folder) / "camera.y4m"
        write_busy_camera(camera)
        data_dir = folder / "data"
        places = await furnish(data_dir, 2, state="planned", seated=False)
        async with (
            serving(data_dir, TELECONNECT_MEDIA_POLICY=policy) as server,
            chromium(f"--use-file-for-fake-video-capture={camera}") as browser,
        ):
            return {
                media: await _call(browser, server, place, media)
                for media, place in zip(("video", "audio"), places, strict=True)
            }


async def _run() -> dict[str, Any]:
    found = {}
    for policy in ("auto", "relay"):
        costs = call_costs(relayed=policy == "relay")
        found[policy] = {
            media: {**call, "said": (costs.video if media == "video" else costs.audio) / 1e6}
            for media, call in (await _policy(policy)).items()
        }
    return found


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    ways = {"auto": "direct", "relay": "relay"}
    return lines(
        [
            ["call of two", "sent kbit/s", "received", "packets/s", "MB a minute", "said"],
            *(
                [
                    f"{media}, {ways[policy]}",
                    call["sent_kbps"],
                    call["received_kbps"],
                    call["packets_per_second"],
                    call["megabytes_a_minute"],
                    call["said"],
                ]
                for policy, calls in result.items()
                for media, call in calls.items()
            ),
        ]
    )
