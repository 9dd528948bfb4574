"""A direct call of Chromium and Firefox after a change of network, whichever of them makes the offers."""

from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext

from scripts.traffic.browser import until
from tests.browser.calls.gathering import Gathering
from tests.browser.calls.test_crossing_changes import NETWORK_CHANGES, RESTARTED
from tests.browser.conftest import PATIENCE_MS, NewContext
from tests.browser.harness.probes import COLLECT_PEERS, PLAIN_MICROPHONE
from tests.serving import Server

GREATEST_ID = """
(() => {
  const native = crypto.getRandomValues.bind(crypto);
  crypto.getRandomValues = (bytes) => {
    native(bytes);
    if (bytes.length === 12) bytes.fill(255, 0, 4);
    return bytes;
  };
})();
"""
"Runs before the page's own scripts: its peer has the greater id of the two, and makes the offers."
SLOW_LINE = """
(() => {
  const native = WebSocket.prototype.send;
  WebSocket.prototype.send = function (message) {
    setTimeout(() => this.readyState === WebSocket.OPEN && native.call(this, message), 300);
  };
})();
"""
"Runs before the page's own scripts: checks of its browser overtake what it signals."
ON_NEW_PORT = """
async () => {
  const [peer] = window.__peers;
  const found = await peer.getStats();
  const pair = found.get([...found.values()].find(({ type }) => type === "transport")
    .selectedCandidatePairId);
  const [, current] = /a=ice-ufrag:(.*)/.exec(peer.currentLocalDescription.sdp);
  return found.get(pair.localCandidateId).usernameFragment === current.trim();
}
"""
LOOKS = 3
"What was sent before the change may pass for the first of them."


@pytest.mark.parametrize("by_firefox", ["answer", "offer"])
async def test_pictures_and_sound_go_on_after_a_restart(
    server: Server, new_context: NewContext, other_browser: Browser, by_firefox: str
) -> None:
    async def in_chromium(**options: Any) -> BrowserContext:
        context = await new_context(base_url=server.url)
        if by_firefox == "answer":
            await context.add_init_script(GREATEST_ID)
        return context

    async def in_firefox(**options: Any) -> BrowserContext:
        context = await other_browser.new_context(base_url=server.url, locale="en-GB")
        context.set_default_timeout(PATIENCE_MS)
        for script in (COLLECT_PEERS, PLAIN_MICROPHONE, SLOW_LINE):
            await context.add_init_script(script)
        if by_firefox == "offer":
            await context.add_init_script(GREATEST_ID)
        return context

    scene = Gathering(server, in_firefox)
    await scene.invite()
    phone = await scene.arrive("phone")
    scene.new_context = in_chromium
    desk = await scene.begin()
    await desk.get_by_role("button", name="Start video call").click()
    await phone.get_by_role("button", name="Accept", exact=True).click()
    await scene.everybody_sees("desk", "phone")
    for changed in (desk, phone):
        await desk.evaluate("window.__before = window.__peers[0].currentLocalDescription.sdp")
        await changed.evaluate(NETWORK_CHANGES, 0)
        await until(desk, RESTARTED, timeout=PATIENCE_MS / 1000)
        assert await phone.evaluate("window.__peers[0].currentLocalDescription.type") == by_firefox
        await until(desk, ON_NEW_PORT, timeout=PATIENCE_MS / 1000)
        for _ in range(LOOKS):
            await scene.everybody_sees("desk", "phone")
            await scene.everybody_hears("desk", "phone")
    await scene.has_topology("mesh", "desk", "phone")
