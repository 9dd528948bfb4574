"""Changes that both ends of a direct call make at one moment."""

import asyncio

from playwright.async_api import Page

from tests.browser.calls.gathering import Gathering
from tests.browser.conftest import NewContext
from tests.browser.harness.probes import video_moves
from tests.serving import Server

CROSSINGS = 3
NETWORK_CHANGES = """
(at) => new Promise((changed) => setTimeout(() => {
  const [peer] = window.__peers;
  window.__before = peer.currentLocalDescription.sdp;
  window.dispatchEvent(new Event("online"));
  changed();
}, at - Date.now()))
"""
"The page notices at a certain moment that its network has changed."
RESTARTED = """
() => {
  const [peer] = window.__peers;
  const named = (sdp) => /a=ice-ufrag:(.*)/.exec(sdp)[1];
  return peer.signalingState === "stable" && peer.connectionState === "connected"
    && named(peer.currentLocalDescription.sdp) !== named(window.__before);
}
"""
TOGETHER_AFTER = 300
"Milliseconds from an order to both pages until both obey it."


async def test_pictures_go_on_when_both_networks_change_at_once(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite()
    await scene.pair()
    await scene.everybody_sees("desk", "phone")
    pages = [scene.pages[name] for name in ("desk", "phone")]
    for _ in range(CROSSINGS):
        at = await pages[0].evaluate("(later) => Date.now() + later", TOGETHER_AFTER)
        await asyncio.gather(*(page.evaluate(NETWORK_CHANGES, at) for page in pages))
        await asyncio.gather(*(page.wait_for_function(RESTARTED) for page in pages))
        assert all(await asyncio.gather(*map(sees_other, pages)))
    await scene.has_topology("mesh", "desk", "phone")
    await scene.everybody_hears("desk", "phone")


async def sees_other(page: Page) -> bool:
    return await video_moves(page, "#tiles .has-video video")
