"""Evidence from a page that a call is alive: its video changes, its audio has energy."""

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
"Runs before the page's own scripts, which do not expose their connections."

SMALL_CAMERA = """
(() => {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const native = devices.getUserMedia.bind(devices);
  const frameRate = navigator.userAgent.includes("Firefox") ? 30 : 5;
  const small = { width: 320, height: 180, frameRate };
  devices.getUserMedia = (wanted) =>
    native(wanted.video ? { ...wanted, video: { ...wanted.video, ...small } } : wanted);
})();
"""
"""Runs before the page's own scripts. A call of four is sixteen videos on two cores: small ones do
where a test is about who sees whom, and not about encodings. The color of Firefox's fake camera takes a
step with each frame, and its first forty are beyond what a screen shows: eight seconds of slow frames."""

PATIENT_TIMEOUTS = """
(() => {
  const native = window.setTimeout;
  window.setTimeout = (action, delay = 0, ...given) =>
    native(action, delay >= 5000 && delay < 10000 ? 6 * delay : delay, ...given);
})();
"""
"""Runs before the page's own scripts. A socket or the relay that a page calls unreachable after some
seconds may only be slow on a busy machine: where a test is about what is reached, it waits six times as
long. Two connections within the page have ten seconds, which some networks take to the end."""

PLAIN_MICROPHONE = """
(() => {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const native = devices.getUserMedia.bind(devices);
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  devices.getUserMedia = (wanted) => {
    if (!wanted.audio) return native(wanted);
    const audio = wanted.audio === true ? {} : wanted.audio;
    return native({ ...wanted, audio: { ...audio, ...plain } });
  };
})();
"""
"""Runs before the page's own scripts. A file has neither echo nor noise, and looking for both takes
as much time as the pictures of a call."""

FRAME_CHANGES = """
async (video, [change, milliseconds]) => {
  if (!(video instanceof HTMLVideoElement)) throw new Error("not a video element");
  const canvas = document.createElement("canvas");
  canvas.width = 64;
  canvas.height = 36;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const grab = () => {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth) return null;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  const end = performance.now() + milliseconds;
  let first = null;
  while (performance.now() < end) {
    first ??= grab();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = grab();
    if (!first || !now) continue;
    const difference = now.reduce((sum, value, index) => sum + Math.abs(value - first[index]), 0);
    if (difference / now.length > change) return true;
  }
  return false;
}
"""
"Compared in the page: a frame as JSON costs more than the frame."

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

COUNT_VIDEO_PACKETS = """
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
"See `connect_control`."

WATCH_AUDIO = """
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
"""Keeps for each participant on a tile the longest stretch of audio, in seconds, that the tile did
not play, from `connect_control` on.

Counted every 50 ms are the samples of the very tracks that the tile plays, less the concealed ones
(W3C webrtc-stats), against those that the control connection brought in the same time: what a
starved machine drops on every connection is not counted.
"""

FRAME_CHANGE = 2.0
"""Mean difference of color values (0 to 255) that counts as movement.

Measured with the fake camera half a second apart: 65 to 90; a frozen picture has 0.
"""

AUDIBLE = 1e-4
"""Energy per second that counts as audible: a constant hundredth of full scale.

Measured: the beeps of the fake microphone arrive with 0.13 to 0.17, silence with under 1e-9.
"""


async def video_moves(page: Page, selector: str, timeout: float = 60.0) -> bool:
    """Whether the frame of the video element changes before `timeout` seconds are over.

    False too if the element never gets a frame; without such an element Playwright's error.
    """
    video = page.locator(selector)
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        # In short turns: the element may be replaced meanwhile.
        span = 1000 * min(left, 1.0)
        if await video.evaluate(FRAME_CHANGES, [FRAME_CHANGE, span]):
            return True
    return False


async def audio_energy(page: Page, seconds: float = 1.0) -> float:
    """Energy per second of the audio that arrives at the page during `seconds`.

    The measure is `totalAudioEnergy` of inbound RTP (W3C webrtc-stats): the square of the level,
    1 being full scale, over time. All peer connections of the page are added up.
    """
    before: float = await page.evaluate(SUM_AUDIO_ENERGY)
    started = time.monotonic()
    await asyncio.sleep(seconds)
    after: float = await page.evaluate(SUM_AUDIO_ENERGY)
    return (after - before) / (time.monotonic() - started)


async def video_packets(page: Page, seconds: float = 1.0) -> int:
    """Video packets that arrive at the page during `seconds`."""
    before: int = await page.evaluate(COUNT_VIDEO_PACKETS)
    await asyncio.sleep(seconds)
    after: int = await page.evaluate(COUNT_VIDEO_PACKETS)
    return after - before


async def audio_arrives(page: Page, timeout: float = 60.0) -> bool:
    """Whether audible audio arrives at the page within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if await audio_energy(page, seconds=0.5) > AUDIBLE:
            return True
    return False


async def connect_control(one: Page, other: Page) -> None:
    """Connect two pages by a connection of the test's own, which carries their microphones.

    It never moves: what it brings, the application's connections could have brought. From now on
    both pages compare the audio of their tiles with it, see WATCH_AUDIO.
    """
    for page in (one, other):
        await page.evaluate(CONTROL)
        await page.evaluate(WATCH_AUDIO)
    offer = await one.evaluate("window.__controlOffer()")
    answer = await other.evaluate("(sdp) => window.__controlAnswer(sdp)", offer)
    await one.evaluate("(sdp) => window.__controlAccept(sdp)", answer)


async def longest_gap(page: Page, participant_id: str) -> float:
    """The longest stretch of audio, in seconds, that this tile missed; see WATCH_AUDIO."""
    found: dict[str, float] = await page.evaluate("window.__sound.longest")
    return found[participant_id]
