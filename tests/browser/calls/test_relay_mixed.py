"""Browsers of different makers, and codecs that are not the first choice, through the relay."""

from playwright.async_api import Browser

from tests.browser.calls.test_relay import eventually, stage
from tests.browser.conftest import NewContext
from tests.browser.harness.firefox import FIREFOX
from tests.media.browser_page import BrowserPeer

REMARK = "" if FIREFOX else "There is no Firefox: calls between makers are tested with Chromium."


async def codec_is(peer: BrowserPeer, publisher: str, kind: str, name: str) -> None:
    async def condition() -> bool:
        return str((await peer.received(publisher, kind)).get("codec")).lower() == name

    await eventually(condition, f"{peer.peer_id} gets {kind} of {publisher} as {name}")


async def test_browsers_of_two_makers_see_and_hear_each_other(
    new_context: NewContext, other_browser: Browser
) -> None:
    async with stage(new_context) as scene:
        a = await scene.join("a", "audio", "video")
        b = await scene.join("b", "audio", "video", page=await other_browser.new_page())
        c = await scene.join("c", "audio", "video", page=await other_browser.new_page())
        for peer in (a, b, c):
            for other in (a, b, c):
                if other is not peer:
                    await scene.sees(peer, other.peer_id)
                    await scene.hears(peer, other.peer_id)
        await scene.relay.leave("room", "a")

        async def forgotten() -> bool:
            return ("a", "video") not in b.lines

        await eventually(forgotten, "b was told that a left")
        again = await scene.join("again", "audio", "video")
        for peer, publisher in ((b, "again"), (again, "b"), (c, "again")):
            await scene.sees(peer, publisher)
            await scene.hears(peer, publisher)
        assert [figures.errors for figures in scene.relay.figures] == [0]


async def test_h264_goes_from_end_to_end(new_context: NewContext) -> None:
    async with stage(new_context, video_codecs=("H264", "VP8")) as scene:
        a = await scene.join("a", "audio", "video", codecs={"video": ["h264", "rtx"]})
        b = await scene.join("b", "audio", "video", codecs={"video": ["h264", "rtx"]})
        for peer, publisher in ((a, "b"), (b, "a")):
            await scene.sees(peer, publisher)
            await codec_is(peer, publisher, "video", "video/h264")
        late = await scene.join("late", "audio", codecs={"video": ["h264", "rtx"]})
        await scene.sees(late, "a")
