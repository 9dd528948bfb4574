"""A page in a relayed call, and its statistics of the audio and video it receives."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web
from playwright.async_api import Page

from media.messages import OfferNeeded

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 180, 10

PAGE = """<!doctype html><title>relay</title><style>video {width: 160px}</style>
<body><script type="module">
let connection, tracks = {};
window.capture = async (video) => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video});
  for (const track of stream.getTracks()) tracks[track.kind] = track;
};
window.answer = async (offer) => {
  if (offer.fresh) {
    connection?.close();
    document.body.replaceChildren();
    connection = new RTCPeerConnection({bundlePolicy: "max-bundle"});
    connection.ontrack = ({track, streams}) => {
      const element = document.createElement(track.kind);
      element.autoplay = true;
      element.srcObject = streams[0];
      document.body.append(element);
      track.onmute = () => element.remove();
    };
  }
  await connection.setRemoteDescription({type: "offer", sdp: offer.sdp});
  for (const {mid, kind} of offer.publish) {
    const transceiver = connection.getTransceivers().find((one) => one.mid === mid);
    if (transceiver.sender.track) continue;
    transceiver.direction = "sendonly";
    await transceiver.sender.replaceTrack(tracks[kind]);
  }
  await connection.setLocalDescription(await connection.createAnswer());
  return connection.localDescription.sdp;
};
window.look = async () => {
  const found = {};
  for (const one of (await connection?.getStats())?.values() ?? []) {
    if (one.type !== "inbound-rtp") continue;
    found[one.mid] = {playout: one.estimatedPlayoutTimestamp, lost: one.packetsLost,
      packets: one.packetsReceived, frames: one.framesDecoded ?? 0,
      energy: one.totalAudioEnergy ?? 0, samples: one.totalSamplesReceived ?? 0,
      concealed: one.concealedSamples ?? 0, freezes: one.freezeCount ?? 0,
      jitter: one.jitterBufferDelay / (one.jitterBufferEmittedCount || 1)};
  }
  return found;
};
window.received = async () => {
  const found = {};
  for (const one of (await connection?.getStats())?.values() ?? []) {
    if (one.type === "inbound-rtp") found[one.ssrc] = one.packetsReceived;
  }
  return found;
};
window.sending = async () => {
  const found = {bytes: 0, estimate: 0, frames: 0};
  for (const one of (await connection.getStats()).values()) {
    if (one.type === "outbound-rtp" && one.kind === "video") {
      found.bytes += one.bytesSent;
      found.frames += one.framesSent;
    }
    if (one.type === "candidate-pair" && one.availableOutgoingBitrate)
      found.estimate = one.availableOutgoingBitrate;
  }
  return found;
};
</script>"""


def write_camera(path: Path) -> None:
    """Two seconds of moving stripes as Y4M, which Chromium plays in a loop."""
    frames = 2 * FRAMES_PER_SECOND
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420\n".encode())
        for frame in range(frames):
            row = bytes((column + frame * WIDTH // frames) % WIDTH // 2 for column in range(WIDTH))
            file.write(b"FRAME\n" + row * HEIGHT + chroma)


@contextlib.asynccontextmanager
async def serve_page() -> AsyncIterator[str]:
    """The page on a free port of this machine; gives its address."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    application = web.Application()
    application.router.add_get("/", page)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class Answers(Protocol):
    """What takes a page's answers: a relay."""

    async def answer(self, room_id: str, peer_id: str, sdp: str, revision: int) -> None: ...


class Guest:
    """One page as a participant of a room."""

    def __init__(self, relay: Answers, peer_id: str, page: Page) -> None:
        self.peer_id = peer_id
        self._relay = relay
        self._page = page
        self._lines: dict[str, tuple[str, str]] = {}
        "Media id -> publisher and kind, as the last offer said."

    async def enter(
        self, url: str, width: int = WIDTH, height: int = HEIGHT, rate: int = FRAMES_PER_SECOND
    ) -> None:
        """Open the page with its camera and microphone."""
        await self._page.goto(url)
        video = {"width": width, "height": height, "frameRate": rate}
        await self._page.evaluate("video => window.capture(video)", video)

    async def answer(self, offer: OfferNeeded) -> None:
        """Answer an offer as the page's browser does."""
        tracks = offer.tracks
        self._lines = {
            one.mid: (one.peer_id, one.kind.value) for one in tracks if one.direction != "publish"
        }
        publish = [
            {"mid": one.mid, "kind": one.kind.value} for one in tracks if one.direction == "publish"
        ]
        text = await self._page.evaluate(
            "offer => window.answer(offer)",
            {"sdp": offer.sdp, "fresh": offer.fresh, "publish": publish},
        )
        await self._relay.answer(offer.room_id, self.peer_id, text, offer.revision)

    async def sending(self) -> dict[str, float]:
        """What the browser sends: video bytes, frames, and its estimate of its uplink (bit/s)."""
        found: dict[str, float] = await self._page.evaluate("window.sending()")
        return found

    async def look(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(publisher, kind) -> the browser's inbound statistics."""
        found: dict[str, dict[str, Any]] = await self._page.evaluate("window.look()")
        return {self._lines[mid]: one for mid, one in found.items() if mid in self._lines}
