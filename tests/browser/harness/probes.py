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

SMALL_CAMERA = """
(() => {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const native = devices.getUserMedia.bind(devices);
  const small = { width: 320, height: 180, frameRate: 5 };
  devices.getUserMedia = (wanted) =>
    native(wanted.video ? { ...wanted, video: { ...wanted.video, ...small } } : wanted);
})();
"""
"""Runs before the page's own scripts. Four people on two cores are sixteen pictures: small ones do,
where it is about people and not about pictures."""

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

COUNT_PICTURE_PACKETS = """
async () => {
  let packets = 0;
  for (const peer of window.__peers ?? []) {
    for (const report of (await peer.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "video") {
        packets += report.packetsReceived;
      }
    }
  }
  return packets;
}
"""

CONTROL = """
(() => {
  const Plain = Object.getPrototypeOf(window.RTCPeerConnection);
  const gathered = (pc) => new Promise((resolve) => {
    const look = () => pc.iceGatheringState === "complete" && resolve(pc.localDescription.sdp);
    pc.onicegatheringstatechange = look;
    look();
  });
  const make = () => {
    const sender = window.__peers.flatMap((peer) => peer.getSenders())
      .find((one) => one.track?.kind === "audio");
    window.__control = new Plain();
    window.__control.addTrack(sender.track.clone());
    return window.__control;
  };
  window.__controlOffer = async () => {
    const pc = make();
    await pc.setLocalDescription();
    return gathered(pc);
  };
  window.__controlAnswer = async (sdp) => {
    const pc = make();
    await pc.setRemoteDescription({ type: "offer", sdp });
    await pc.setLocalDescription();
    return gathered(pc);
  };
  window.__controlAccept = (sdp) => window.__control.setRemoteDescription({ type: "answer", sdp });
})();
"""
"Runs after COLLECT_PEERS; see `connect_control`."

WATCH_SOUND = """
(() => {
  const missed = {};
  const last = new Map();
  const episodes = [];
  window.__sound = { longest: {}, episodes };
  const step = (key, samples) => {
    const grown = samples - (last.get(key) ?? samples);
    last.set(key, samples);
    return grown / 48000;
  };
  const look = async () => {
    const counted = new Map();
    let control = 0;
    for (const peer of [window.__control, ...(window.__peers ?? [])]) {
      if (!peer || peer.connectionState === "closed") continue;
      for (const report of (await peer.getStats()).values()) {
        if (report.type !== "inbound-rtp" || report.kind !== "audio") continue;
        const samples = (report.totalSamplesReceived ?? 0) - (report.concealedSamples ?? 0);
        if (peer === window.__control) control = step("control", samples);
        else counted.set(report.trackIdentifier, samples);
      }
    }
    for (const video of document.querySelectorAll("#tiles video[data-participant-id]")) {
      const name = video.dataset.participantId;
      const silent = video.paused || video.muted;
      let heard = 0;
      for (const track of video.srcObject?.getAudioTracks() ?? []) {
        const grown = step(`${name} ${track.id}`, counted.get(track.id) ?? 0);
        if (!silent) heard = Math.max(heard, grown);
      }
      if (!window.__control) continue;
      const run = heard > control / 2 ? 0 : (missed[name] ?? 0) + control - heard;
      if (!run && missed[name] > 0.2) episodes.push([performance.now(), name, missed[name]]);
      missed[name] = run;
      window.__sound.longest[name] = Math.max(window.__sound.longest[name] ?? 0, run);
    }
    setTimeout(look, 50);
  };
  look();
})();
"""
"""Runs after COLLECT_PEERS. Keeps for each person on a tile the longest stretch of sound, in
seconds, that the tile did not play, from `connect_control` on.

Counted are the samples of the very tracks that the tile plays, less the concealed ones (W3C
webrtc-stats), looked at every 50 ms, against those that the control connection brought in the same
time: so what a starved machine swallows on every connection is no fault of ours.
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


async def picture_packets(page: Page, seconds: float = 1.0) -> int:
    """Packets of all pictures that arrive at the page during `seconds`."""
    before: int = await page.evaluate(COUNT_PICTURE_PACKETS)
    await asyncio.sleep(seconds)
    after: int = await page.evaluate(COUNT_PICTURE_PACKETS)
    return after - before


async def sound_arrives(page: Page, timeout: float = 60.0) -> bool:
    """Whether audible sound arrives at the page before `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if await audio_energy(page, seconds=0.5) > AUDIBLE:
            return True
    return False


async def connect_control(one: Page, other: Page) -> None:
    """Connect two pages by a connection of the test's own, which carries their microphones.

    It never changes its way: what it brings, the application's connections could have brought.
    """
    offer = await one.evaluate("window.__controlOffer()")
    answer = await other.evaluate("(sdp) => window.__controlAnswer(sdp)", offer)
    await one.evaluate("(sdp) => window.__controlAccept(sdp)", answer)


async def longest_silence(page: Page, participant_id: str) -> float:
    """The longest stretch of sound in seconds that somebody's tile missed; see WATCH_SOUND."""
    found: dict[str, float] = await page.evaluate("window.__sound.longest")
    return found[participant_id]
