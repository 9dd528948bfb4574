"""A picture goes on when a call moves to another connection, in browsers of every maker."""

import asyncio
import re
from pathlib import Path

from playwright.async_api import Browser, Page

MODULE = Path("web/static/js/room/call/received-media.js")
SWAP = """
async () => {
  %s
  const camera = (color) => {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    setInterval(() => {
      context.fillStyle = color;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }, 40);
    return canvas.captureStream(25).getVideoTracks()[0];
  };
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  document.body.append(video);
  const shows = (color) => new Promise((done) => {
    const end = performance.now() + 20_000;
    const look = () => {
      const canvas = document.createElement("canvas");
      const context = canvas.getContext("2d");
      if (video.videoWidth) context.drawImage(video, 0, 0);
      const [red, , blue] = context.getImageData(9, 9, 1, 1).data;
      const shown = red > 200 ? "red" : blue > 200 ? "blue" : "nothing";
      if (shown === color || performance.now() > end) done(shown);
      else setTimeout(look, 50);
    };
    look();
  });
  const first = camera("#f00");
  const second = camera("#00f");
  const stream = new MediaStream([first]);
  video.srcObject = stream;
  const before = await shows("red");
  setTracks(stream, [{ receiver: { track: second } }]);
  return [before, await shows("blue")];
}
"""


async def swapped(page: Page) -> list[str]:
    """What a video shows before and after its stream is given another track."""
    source = re.sub(r"^export ", "", await asyncio.to_thread(MODULE.read_text), flags=re.M)
    found: list[str] = await page.evaluate(SWAP % source)
    return found


async def test_a_stream_with_another_video_track_shows_that_one(
    browser: Browser, other_browser: Browser
) -> None:
    for each in (browser, other_browser):
        page = await each.new_page()
        assert (each.version, await swapped(page)) == (each.version, ["red", "blue"])
        await page.close()
