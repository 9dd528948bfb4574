"""A page that answers the relay's offers as a room of the application would, and its driver."""

from typing import Any

from aiohttp import web
from playwright.async_api import Page

from media.messages import OfferNeeded
from media.relay.client import Relay

PAGE = """<!doctype html><title>relay</title><body><script type="module">
window.connection = null;
window.tracks = {};
window.seen = {};
window.answer = async (offer) => {
  if (offer.fresh) {
    window.connection?.close();
    window.connection = new RTCPeerConnection({bundlePolicy: "max-bundle"});
    window.seen = {};
    window.connection.ontrack = (event) => {
      const video = document.createElement(event.track.kind);
      video.autoplay = true;
      video.srcObject = new MediaStream([event.track]);
      document.body.append(video);
      window.seen[event.transceiver.mid] = video;
    };
  }
  const pc = window.connection;
  await pc.setRemoteDescription({type: "offer", sdp: offer.sdp});
  for (const transceiver of pc.getTransceivers()) {
    const medium = transceiver.receiver.track.kind;
    const wanted = window.codecs?.[medium];
    if (!wanted) continue;
    const able = RTCRtpReceiver.getCapabilities(medium).codecs;
    transceiver.setCodecPreferences(wanted.flatMap((name) =>
      able.filter((one) => one.mimeType.toLowerCase() === `${medium}/${name}`)));
  }
  for (const line of offer.tracks) {
    if (line.direction !== "publish" || !window.tracks[line.kind]) continue;
    const transceiver = pc.getTransceivers().find((one) => one.mid === line.mid);
    if (!transceiver.sender.track) {
      transceiver.direction = "sendonly";
      await transceiver.sender.replaceTrack(window.tracks[line.kind]);
      const parameters = transceiver.sender.getParameters();
      if (parameters.encodings.length > 1) {
        parameters.encodings.forEach((one, index) => {
          one.scaleResolutionDownBy = 2 ** index;
          one.maxBitrate = 1200000 / 4 ** index;
        });
        await transceiver.sender.setParameters(parameters);
      }
    }
  }
  await pc.setLocalDescription(await pc.createAnswer());
  return pc.localDescription.sdp;
};
window.capture = async (kinds) => {
  if (kinds.includes("audio") || kinds.includes("video")) {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: kinds.includes("audio"),
      video: kinds.includes("video") && {width: 640, height: 360, frameRate: 15},
    });
    for (const track of stream.getTracks()) window.tracks[track.kind] = track;
  }
  if (kinds.includes("screen")) {
    const canvas = document.createElement("canvas");
    canvas.width = 320; canvas.height = 180;
    const context = canvas.getContext("2d");
    let count = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${(count += 7) % 360} 80% 50%)`;
      context.fillRect(0, 0, 320, 180);
    }, 100);
    window.tracks.screen = canvas.captureStream(10).getVideoTracks()[0];
  }
};
window.received = async () => {
  const result = {};
  const all = await window.connection?.getStats();
  for (const one of all?.values() ?? []) {
    if (one.type === "inbound-rtp") {
      result[one.mid] = {kind: one.kind, codec: all.get(one.codecId)?.mimeType, frames: one.framesDecoded ?? 0, height: one.frameHeight,
        samples: one.totalSamplesReceived ?? 0, energy: one.totalAudioEnergy ?? 0,
        lost: one.packetsLost, nacks: one.nackCount ?? 0, packets: one.packetsReceived,
        keyframes: one.keyFramesDecoded, repaired: one.retransmittedPacketsReceived ?? 0,
        concealed: one.concealedSamples ?? 0, octets: one.bytesReceived};
    }
  }
  return result;
};
window.sent = async () => {
  const result = [];
  const all = await window.connection?.getStats();
  for (const one of all?.values() ?? []) {
    if (one.type === "outbound-rtp") {
      result.push({kind: one.kind, rid: one.rid, frames: one.framesEncoded, packets: one.packetsSent,
        target: one.targetBitrate, codec: all.get(one.codecId)?.mimeType, nacks: one.nackCount});
    }
  }
  return result;
};
</script>"""


async def serve_page() -> tuple[web.AppRunner, str]:
    """The page on a free port of localhost, and its address."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def icon(request: web.Request) -> web.Response:
        return web.Response(status=204)

    application = web.Application()
    application.router.add_get("/", page)
    application.router.add_get("/favicon.ico", icon)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    return runner, f"http://localhost:{runner.addresses[0][1]}/"


class BrowserPeer:
    """One page as a participant: it answers every offer addressed to it."""

    def __init__(self, relay: Relay, peer_id: str, page: Page) -> None:
        self.relay = relay
        self.peer_id = peer_id
        self.page = page
        self.lines: dict[tuple[str, str], str] = {}
        "(publisher, kind) -> media id of the last offer."

    async def answer(self, offer: OfferNeeded) -> None:
        self.lines = {
            (one.peer_id, one.kind.value): one.mid
            for one in offer.tracks
            if one.direction == "subscribe"
        }
        text = await self.page.evaluate(
            "offer => window.answer(offer)",
            {
                "sdp": offer.sdp,
                "fresh": offer.fresh,
                "tracks": [
                    {
                        "mid": one.mid,
                        "kind": one.kind.value,
                        "direction": one.direction,
                        "peer": one.peer_id,
                    }
                    for one in offer.tracks
                ],
            },
        )
        await self.relay.answer(offer.room_id, self.peer_id, text, offer.revision)

    async def received(self, publisher_id: str, kind: str) -> dict[str, Any]:
        """The statistics of what arrives of a publication; empty when nothing does."""
        mid = self.lines.get((publisher_id, kind))
        statistics: dict[str, dict[str, Any]] = await self.page.evaluate("window.received()")
        return statistics.get(mid, {}) if mid is not None else {}
