"""Real browsers that get no UDP address of the relay meet through it by TCP (RFC 6544)."""

import re

import msgspec
from playwright.async_api import Browser

from media.messages import OfferNeeded
from tests.browser.calls.test_relay import PAIRS, eventually, stage
from tests.browser.conftest import NewContext
from tests.media.browser_page import BrowserPeer


class TcpPeer(BrowserPeer):
    """A page to which the relay's UDP addresses are not told."""

    async def answer(self, offer: OfferNeeded) -> None:
        sdp = re.sub(r"a=candidate:\S+ 1 udp .*\r\n", "", offer.sdp)
        assert " tcptype passive" in sdp and " udp " not in sdp
        await super().answer(msgspec.structs.replace(offer, sdp=sdp))


async def test_browsers_of_two_makers_meet_by_tcp_alone(
    new_context: NewContext, other_browser: Browser
) -> None:
    async with stage(new_context, peer=TcpPeer) as scene:
        a = await scene.join("a", "audio", "video")
        b = await scene.join("b", "audio", "video", page=await other_browser.new_page())
        for peer, publisher in ((a, "b"), (b, "a")):
            await scene.sees(peer, publisher)
            await scene.hears(peer, publisher)

            async def by_tcp(peer: BrowserPeer = peer) -> bool:
                pairs = await peer.page.evaluate(PAIRS)
                return bool(pairs) and {pair["protocol"] for pair in pairs} == {"tcp"}

            await eventually(by_tcp, "the pair that it nominated is one of TCP")
        assert [figures.errors for figures in scene.relay.figures] == [0]
