"""Calls through the relay go on over bad links, and come back after the worker stood still."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from playwright.async_api import Browser

from media.messages import OfferNeeded, Traced
from tests.browser.calls.test_relay import Stage, eventually, stage
from tests.browser.conftest import NewContext
from tests.media.browser_page import BrowserPeer
from tests.media.networks.lossy import LossyLink, Trouble


async def goes_on(peer: BrowserPeer, publisher: str) -> None:
    """Thirty more pictures of a publisher, and more sound."""
    before = {kind: await peer.received(publisher, kind) for kind in ("video", "audio")}

    async def more() -> bool:
        video = await peer.received(publisher, "video")
        audio = await peer.received(publisher, "audio")
        return (
            video.get("frames", 0) > before["video"].get("frames", 0) + 30
            and audio.get("energy", 0) > before["audio"].get("energy", 0) + 1e-4
        )

    await eventually(more, f"{peer.peer_id} goes on seeing and hearing {publisher}")


@asynccontextmanager
async def behind_a_bad_link(
    scene: Stage, name: str, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LossyLink]:
    """Let whoever is called ``name`` reach the relay only over a bad link."""
    link = LossyLink(scene.relay.addresses[0], scene.relay.ports[0], trouble)
    await link.start()
    answer = BrowserPeer.answer

    async def through_the_link(peer: BrowserPeer, offer: OfferNeeded) -> None:
        if peer.peer_id == name:
            offer = msgspec.structs.replace(offer, sdp=link.lead(offer.sdp))
        await answer(peer, offer)

    monkeypatch.setattr(BrowserPeer, "answer", through_the_link)
    try:
        yield link
    finally:
        link.stop()


@pytest.mark.soak
async def test_twenty_percent_loss_and_300_ms_stop_neither_sound_nor_picture(
    new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = Trouble(0.2, 0.05, 0.15, 0.04)
    async with (
        stage(new_context) as scene,
        behind_a_bad_link(scene, "b", trouble, monkeypatch) as link,
    ):
        a = await scene.join("a", "audio", "video")
        b = await scene.join("b", "audio", "video")
        for _ in range(2):
            await goes_on(b, "a")
            await goes_on(a, "b")
        assert link.lost > 100
        assert link.doubled > 10
        assert [figures.errors for figures in scene.relay.figures] == [0]


async def test_sound_that_gets_lost_is_sent_twice_to_those_who_take_it(
    new_context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        stage(new_context) as scene,
        behind_a_bad_link(scene, "a", Trouble(loss=0.15), monkeypatch),
    ):
        await scene.join("a", "audio")
        takes = await scene.join("takes", "audio")
        plain = await scene.join("plain", "audio", codecs={"audio": ["opus"]})

        begun: dict[str, dict[str, float]] = {}

        async def octets_each(peer: BrowserPeer) -> float:
            """Of fifty packets that came since the last look; 0 while they are fewer."""
            now = await peer.received("a", "audio")
            last = begun.setdefault(peer.peer_id, now)
            packets = now.get("packets", 0) - last.get("packets", 0)
            if packets < 50:
                return 0.0
            begun[peer.peer_id] = now
            return (now["octets"] - last.get("octets", 0)) / packets

        sizes: dict[str, float] = {}

        async def twice() -> bool:
            for peer in (takes, plain):
                sizes[peer.peer_id] = await octets_each(peer) or sizes.get(peer.peer_id, 0.0)
            return sizes["takes"] > 1.5 * sizes["plain"] > 0

        await eventually(twice, "what is sent holds what was sent before it")
        heard = await plain.received("a", "audio")

        async def more() -> bool:
            return (await plain.received("a", "audio"))["energy"] > heard["energy"] + 1e-3

        await eventually(more, "who takes no copies goes on hearing")
        assert [figures.errors for figures in scene.relay.figures] == [0]


async def test_who_is_far_gets_video_once_padding_has_found_room_for_it(
    new_context: NewContext, other_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So both ways report arrivals: the relay of all that comes, the browsers of the padding."""
    far = Trouble(delay=0.25)
    async with (
        stage(new_context) as scene,
        behind_a_bad_link(scene, "a", far, monkeypatch),
        behind_a_bad_link(scene, "b", far, monkeypatch),
    ):
        await scene.relay.trace("room", 600.0)
        a = await scene.join("a", "audio", "video")
        b = await scene.join("b", "audio", "video", page=await other_browser.new_page())
        await goes_on(a, "b")
        await goes_on(b, "a")
        lines = [(one.peer_id, one.text) for one in scene.events if isinstance(one, Traced)]
        reports = {(peer_id, text[:2]) for peer_id, text in lines if "RTCP transport-cc" in text}
        assert reports == {(peer_id, way) for peer_id in "ab" for way in ("->", "<-")}
        offers = [text for _, text in lines if text.startswith("-> offer") and "a=ptime:60" in text]
        assert offers, "and what they hear comes in few packets"
        assert [figures.errors for figures in scene.relay.figures] == [0]


async def stands_still(scene: Stage, peer: BrowserPeer, publisher: str) -> None:
    """Wait until nothing of a publisher arrives any more."""
    last = [-1]

    async def still() -> bool:
        packets = (await peer.received(publisher, "audio"))["packets"]
        before, last[0] = last[0], packets
        return before == packets

    await eventually(still, "nothing arrives")


async def call_of_two(scene: Stage) -> tuple[BrowserPeer, BrowserPeer, int]:
    """Two peers whose call goes on, and the worker that carries it."""
    a = await scene.join("a", "audio", "video")
    b = await scene.join("b", "audio", "video")
    await goes_on(a, "b")
    (worker,) = scene.relay.process_ids()
    return a, b, worker


async def test_a_worker_that_was_suspended_goes_on(new_context: NewContext) -> None:
    async with stage(new_context) as scene:
        a, b, worker = await call_of_two(scene)
        os.kill(worker, signal.SIGSTOP)
        try:
            await stands_still(scene, b, "a")
        finally:
            os.kill(worker, signal.SIGCONT)
        await goes_on(a, "b")
        await goes_on(b, "a")
        assert scene.relay.process_ids() == [worker]


async def test_a_worker_that_hangs_is_replaced_and_its_calls_come_back(
    new_context: NewContext,
) -> None:
    async with stage(new_context) as scene:
        a, b, worker = await call_of_two(scene)
        os.kill(worker, signal.SIGSTOP)

        async def replaced() -> bool:
            return scene.relay.process_ids() not in ([], [worker])

        await eventually(replaced, "another worker takes its place")
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
        await goes_on(a, "b")
        await goes_on(b, "a")
