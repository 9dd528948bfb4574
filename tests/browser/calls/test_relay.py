"""Real Chromium pages meet through the relay: everybody sees and hears everybody."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from itertools import permutations

import pytest
from playwright.async_api import Page

from media.messages import Connected, EncodingChosen, Event, OfferNeeded, Publishing
from media.relay.client import Relay, RelaySettings
from media.rtp.codecs import Kind
from media.transport.addresses import local_addresses
from tests.browser.calls.gathering import VIDEO_PATIENCE_MS
from tests.browser.conftest import NewContext
from tests.browser.harness.probes import SMALL_CAMERA
from tests.media.browser_page import BrowserPeer, serve_page

DEADLINE = VIDEO_PATIENCE_MS / 1000
ADDRESSES = {ip_address(one).version: one for one in reversed(local_addresses())}
"Version of IP -> this machine's first address of it, as the relay finds it by itself."
VERSIONS = sorted(ADDRESSES)
"A container may be without one of them."

PAIRS = """
async () => {
  const all = await window.connection.getStats();
  return [...all.values()].filter((one) => one.type === "candidate-pair" && one.nominated)
    .map((one) => all.get(one.remoteCandidateId));
}
"""


async def eventually(
    condition: Callable[[], Awaitable[object]], what: str, deadline: float = DEADLINE
) -> None:
    end = time.monotonic() + deadline
    while not await condition():
        assert time.monotonic() < end, f"never happened: {what}"
        await asyncio.sleep(0.1)


class Stage:
    """A relay, a page server and the browser peers on it."""

    def __init__(
        self,
        relay_settings: RelaySettings,
        new_context: NewContext,
        url: str,
        *,
        small_cameras: bool = False,
        peer: type[BrowserPeer] = BrowserPeer,
    ) -> None:
        self.events: list[Event] = []
        self.peers: dict[str, BrowserPeer] = {}
        self.relay = Relay(relay_settings, self._on_event)
        self.tasks: set[asyncio.Task[None]] = set()
        self.new_context = new_context
        self.url = url
        self.small_cameras = small_cameras
        self.peer = peer

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self.peers[event.peer_id].answer(event))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def join(
        self,
        peer_id: str,
        *kinds: str,
        rids: tuple[str, ...] = (),
        page: Page | None = None,
        codecs: Mapping[str, Sequence[str]] | None = None,
    ) -> BrowserPeer:
        """A page of this browser, or ``page``; ``codecs`` are preferred by medium, alone."""
        if page is None:
            context = await self.new_context()
            if self.small_cameras:
                await context.add_init_script(SMALL_CAMERA)
            page = await context.new_page()
        await page.goto(self.url)
        await page.evaluate("codecs => { window.codecs = codecs; }", codecs or {})
        await page.evaluate("kinds => window.capture(kinds)", list(kinds))
        peer = self.peer(self.relay, peer_id, page)
        self.peers[peer_id] = peer
        await self.relay.join(
            "room",
            peer_id,
            [Publishing(Kind(kind), rids if kind == "video" else ()) for kind in kinds],
        )
        return peer

    async def sees(self, peer: BrowserPeer, publisher: str, kind: str = "video") -> None:
        async def condition() -> bool:
            return (await peer.received(publisher, kind)).get("frames", 0) > 10

        await eventually(condition, f"{peer.peer_id} sees {kind} of {publisher}")

    async def hears(self, peer: BrowserPeer, publisher: str) -> None:
        async def condition() -> bool:
            return (await peer.received(publisher, "audio")).get("energy", 0) > 1e-3

        await eventually(condition, f"{peer.peer_id} hears {publisher}")

    async def everybody_sees_and_hears(self, peers: Sequence[BrowserPeer]) -> None:
        pairs = [(peer, other.peer_id) for peer, other in permutations(peers, 2)]
        await asyncio.gather(
            *(self.sees(peer, other) for peer, other in pairs),
            *(self.hears(peer, other) for peer, other in pairs),
        )


@asynccontextmanager
async def stage(
    new_context: NewContext,
    video_codecs: tuple[str, ...] = ("VP8", "H264"),
    addresses: tuple[str, ...] = (),
    *,
    small_cameras: bool = False,
    peer: type[BrowserPeer] = BrowserPeer,
) -> AsyncIterator[Stage]:
    runner, url = await serve_page()
    stage = Stage(
        RelaySettings(addresses=addresses),
        new_context,
        url,
        small_cameras=small_cameras,
        peer=peer,
    )
    await stage.relay.start()
    await stage.relay.open_room("room", video_codecs)
    try:
        yield stage
    finally:
        await stage.relay.stop()
        await asyncio.gather(*stage.tasks, return_exceptions=True)
        await runner.cleanup()


async def test_four_browsers_see_and_hear_each_other(new_context: NewContext) -> None:
    async with stage(new_context, small_cameras=True) as scene:
        peers = [await scene.join(name, "audio", "video") for name in ("a", "b", "c", "d")]
        await scene.everybody_sees_and_hears(peers)
        assert sum(isinstance(one, Connected) for one in scene.events) == 4
        assert [figures.errors for figures in scene.relay.figures] == [0]


@pytest.mark.parametrize("version", VERSIONS)
async def test_each_version_of_ip_carries_a_call_alone(
    new_context: NewContext, version: int
) -> None:
    address = ADDRESSES[version]
    async with stage(new_context, addresses=(address,)) as scene:
        a = await scene.join("a", "audio", "video")
        b = await scene.join("b", "audio", "video")
        for peer, publisher in ((a, "b"), (b, "a")):
            await scene.sees(peer, publisher)
            await scene.hears(peer, publisher)
            # statistics are some way behind the media
            pairs = partial(peer.page.evaluate, PAIRS)
            await eventually(pairs, "the browser names the pair that it nominated")
            assert {pair["address"].strip("[]") for pair in await pairs()} == {address}


@pytest.mark.parametrize("leaver", [0, 2])
async def test_who_leaves_and_comes_back_is_seen_again(
    new_context: NewContext, leaver: int
) -> None:
    async with stage(new_context, small_cameras=True) as scene:
        peers = [await scene.join(name, "audio", "video") for name in ("a", "b", "c")]
        await scene.everybody_sees_and_hears(peers)
        gone = peers.pop(leaver)
        await scene.relay.leave("room", gone.peer_id)

        async def forgotten() -> bool:
            return all((gone.peer_id, "video") not in peer.lines for peer in peers)

        await eventually(forgotten, "the others were told")
        back = await scene.join("again", "audio", "video")
        await scene.everybody_sees_and_hears([*peers, back])


async def test_a_screen_is_a_second_picture(new_context: NewContext) -> None:
    async with stage(new_context) as scene:
        await scene.join("a", "audio", "video", "screen")
        b = await scene.join("b", "audio")
        await scene.sees(b, "a", "video")
        await scene.sees(b, "a", "screen")


async def test_the_encoding_follows_the_height_it_is_shown_at(new_context: NewContext) -> None:
    async with stage(new_context) as scene:
        await scene.join("a", "audio", "video", rids=("h", "l"))
        b = await scene.join("b", "audio")
        await scene.sees(b, "a")

        async def shown(height: int) -> bool:
            return (await b.received("a", "video")).get("height") == height

        await eventually(lambda: shown(360), "the best encoding arrives")
        await scene.relay.prefer("room", "b", "a", Kind.VIDEO, 120)
        await eventually(lambda: shown(180), "a small tile gets the small encoding")
        await scene.relay.prefer("room", "b", "a", Kind.VIDEO, 720)
        await eventually(lambda: shown(360), "a large tile gets the large one again")
        frames = (await b.received("a", "video"))["frames"]

        async def moving() -> bool:
            return (await b.received("a", "video"))["frames"] > frames + 15

        await eventually(moving, "the picture goes on")
        # A short bandwidth may choose more often, so only the three choices in their order count.
        chosen = iter([one.rid for one in scene.events if isinstance(one, EncodingChosen)])
        assert all(rid in chosen for rid in ("h", "l", "h"))
