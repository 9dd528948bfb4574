"""Evidence from a page that a call is alive: its picture changes, its sound has energy."""

import asyncio
import time

from playwright.async_api import Page

COLLECT_PEERS = """
(() => {
  const Native = window.RTCPeerConnection;
  if (!Native) return;
  const peers = [];
  Object.defineProperty(window, "__peers", { value: peers });
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...settings) {
      super(...settings);
      peers.push(this);
    }
  };
})();
"""
"Runs before the page's own scripts. The application shows its connections to nobody."

GRAB_PICTURE = """
(video) => {
  if (!(video instanceof HTMLVideoElement)) throw new Error("not a video element");
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = 64;
  canvas.height = 36;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
}
"""

SUM_AUDIO_ENERGY = """
async () => {
  let energy = 0;
  for (const peer of window.__peers ?? []) {
    for (const report of (await peer.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "audio") {
        energy += report.totalAudioEnergy ?? 0;
      }
    }
  }
  return energy;
}
"""

WATCH_SOUND = """
(() => {
  const last = new Map();
  const silence = new Map();
  const longest = {};
  window.__sound = { longest };
  const good = async () => {
    const counted = new Map();
    for (const peer of window.__peers ?? []) {
      if (peer.connectionState === "closed") continue;
      for (const report of (await peer.getStats()).values()) {
        if (report.type !== "inbound-rtp" || report.kind !== "audio") continue;
        const samples = (report.totalSamplesReceived ?? 0) - (report.concealedSamples ?? 0);
        counted.set(report.trackIdentifier, samples);
      }
    }
    return counted;
  };
  let before = performance.now();
  const look = async () => {
    const counted = await good();
    const now = performance.now();
    const elapsed = (now - before) / 1000;
    before = now;
    for (const video of document.querySelectorAll("#tiles video[data-participant-id]")) {
      const name = video.dataset.participantId;
      const tracks = video.paused || video.muted ? [] : (video.srcObject?.getAudioTracks() ?? []);
      let played = 0;
      for (const track of tracks) {
        const key = `${name} ${track.id}`;
        const samples = counted.get(track.id) ?? 0;
        played = Math.max(played, (samples - (last.get(key) ?? samples)) / 48000);
        last.set(key, samples);
      }
      if (!silence.has(name) && played === 0) continue;
      const flows = played > elapsed / 2;
      silence.set(name, flows ? 0 : (silence.get(name) ?? 0) + elapsed - played);
      longest[name] = Math.max(longest[name] ?? 0, silence.get(name));
    }
    for (const name of silence.keys()) {
      if (!document.querySelector(`#tiles video[data-participant-id="${name}"]`)) silence.delete(name);
    }
    setTimeout(look, 50);
  };
  look();
})();
"""
"""Runs after COLLECT_PEERS. `__sound.longest` is, for each person on a tile, the longest time in
seconds for which the tile played no received sound, from the first sound on.

Counted are the samples of the very tracks that the tile plays, less the concealed ones (W3C
webrtc-stats), looked at every 50 ms; a look that comes late counts what was played meanwhile.
"""

PICTURE_CHANGE = 2.0
"""Mean difference of color values (0 to 255) that counts as movement.

Measured with the fake camera half a second apart: 65 to 90; a frozen picture has 0.
"""

AUDIBLE = 1e-4
"""Energy a second that counts as sound: a hundredth of full scale all the time.

Measured: the beeps of the fake microphone arrive with 0.13 to 0.17, silence with under 1e-9.
"""


async def picture_moves(page: Page, selector: str, timeout: float = 60.0) -> bool:
    """Whether the picture of the video element changes before `timeout` seconds are over.

    False too if the element never gets a picture; without such an element Playwright's error.
    """
    video = page.locator(selector)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        before: list[int] | None = await video.evaluate(GRAB_PICTURE)
        await asyncio.sleep(0.5)
        after: list[int] | None = await video.evaluate(GRAB_PICTURE)
        if before and after:
            difference = sum(abs(a - b) for a, b in zip(before, after, strict=True))
            if difference / len(after) > PICTURE_CHANGE:
                return True
    return False


async def audio_energy(page: Page, seconds: float = 1.0) -> float:
    """Energy of the sound that arrives at the page during `seconds`, per second.

    The measure is `totalAudioEnergy` of inbound RTP (W3C webrtc-stats): the square of the level,
    1 being full scale, over time. All peer connections of the page are added up.
    """
    before: float = await page.evaluate(SUM_AUDIO_ENERGY)
    started = time.monotonic()
    await asyncio.sleep(seconds)
    after: float = await page.evaluate(SUM_AUDIO_ENERGY)
    return (after - before) / (time.monotonic() - started)


async def sound_arrives(page: Page, timeout: float = 60.0) -> bool:
    """Whether audible sound arrives at the page before `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if await audio_energy(page, seconds=0.5) > AUDIBLE:
            return True
    return False


async def longest_silences(page: Page) -> dict[str, float]:
    """Seconds without sound, the longest for each person on a tile; needs WATCH_SOUND."""
    found: dict[str, float] = await page.evaluate("window.__sound.longest")
    return found
