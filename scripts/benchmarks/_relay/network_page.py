"""A page that calls another one through the relay, Janus or TURN, and reports its statistics.

With the relay it runs the very code of a session's page (``web/static/js/room/call/relay-peer.js``).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Route

import web

WIDTH, HEIGHT, FRAMES_PER_SECOND = 640, 360, 15
BLOCK = 8
ADDRESS = "http://localhost:1/"
"Never asked of the network: the browser counts it as secure, and the driver answers."
SCRIPTS = Path(web.__file__).parent / "static" / "js"

PAGE = """<!doctype html><title>call</title><body><script type="module">
import {RelayPeer} from "./room/call/relay-peer.js";
import {setEncodings} from "./room/line/encodings.js";

const connections = [];
let local, relay;

function show(event) {
  const element = document.createElement(event.track.kind);
  element.autoplay = true;
  element.srcObject = new MediaStream([event.track]);
  document.body.append(element);
}

function connect(configuration = {}) {
  const connection = new RTCPeerConnection({bundlePolicy: "max-bundle", ...configuration});
  connection.ontrack = show;
  connections.push(connection);
  return connection;
}

async function gathered(connection) {
  if (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => {
      connection.onicegatheringstatechange = () => {
        if (connection.iceGatheringState === "complete") resolve();
      };
    });
  }
  return connection.localDescription.sdp;
}

async function send(connection, direction) {
  for (const track of local.getTracks()) {
    const {sender} = connection.addTransceiver(track, {direction, streams: [local]});
    const parameters = sender.getParameters();
    setEncodings(track.kind, track, parameters.encodings);
    await sender.setParameters(parameters);
  }
}

window.capture = async (video) => {
  local = await navigator.mediaDevices.getUserMedia({audio: true, video});
};

window.enterRelay = () => {
  relay = new RelayPeer({
    configuration: {},
    makeConnection: (configuration) => {
      connections.length = 0;
      return connect(configuration);
    },
    send: (answer) => {
      window.answered(answer);
      return true;
    },
    onChange: () => {},
    onFailure: () => {},
  });
  for (const track of local.getTracks()) relay.setTrack(track.kind, track);
};
window.takeRelayOffer = (offer) => relay.receiveOffer(offer);

window.offer = async (direction, configuration) => {
  const connection = connect(configuration);
  await send(connection, direction);
  await connection.setLocalDescription();
  return gathered(connection);
};
window.finish = (sdp) => connections.at(-1).setRemoteDescription({type: "answer", sdp});
window.connected = async () => {
  const connection = connections.at(-1);
  while (connection.connectionState !== "connected") {
    await new Promise((resolve) => connection.onconnectionstatechange = resolve);
  }
};
window.answer = async (sdp, direction, configuration) => {
  const connection = connect(configuration);
  await connection.setRemoteDescription({type: "offer", sdp});
  if (direction === "sendrecv") {
    for (const transceiver of connection.getTransceivers()) {
      const track = local.getTracks().find((one) => one.kind === transceiver.receiver.track.kind);
      transceiver.direction = direction;
      await transceiver.sender.replaceTrack(track);
      const parameters = transceiver.sender.getParameters();
      setEncodings(track.kind, track, parameters.encodings);
      await transceiver.sender.setParameters(parameters);
    }
  }
  await connection.setLocalDescription();
  return gathered(connection);
};

window.look = async () => {
  const found = {packets: 0, octets: 0, frames: 0, frozen: 0, height: 0, samples: 0,
    concealed: 0, played: 0, delay: 0, roundTrip: 0};
  for (const connection of connections) {
    for (const one of (await connection.getStats()).values()) {
      if (one.type === "inbound-rtp") {
        found.packets += one.packetsReceived;
        found.octets += one.bytesReceived + one.headerBytesReceived;
        if (one.kind === "video") {
          found.frames += one.framesDecoded;
          found.frozen += one.totalFreezesDuration ?? 0;
          found.height = Math.max(found.height, one.frameHeight ?? 0);
        } else {
          found.samples += one.totalSamplesReceived ?? 0;
          found.concealed += one.concealedSamples ?? 0;
          found.played += one.jitterBufferEmittedCount ?? 0;
          found.delay += one.jitterBufferDelay ?? 0;
        }
      } else if (one.type === "candidate-pair" && one.nominated) {
        found.roundTrip = Math.max(found.roundTrip, one.currentRoundTripTime ?? 0);
      }
    }
  }
  return found;
};
window.pictured = async () => {
  while (!(await window.look()).frames) await new Promise((resolve) => setTimeout(resolve, 50));
};
window.ready = true;
</script>"""


def write_busy_camera(path: Path) -> None:
    """Two seconds of a moving texture as Y4M: video that uses whatever bit rate it is given.

    Chromium plays it in a loop.
    """
    chance = random.Random(1)
    columns, lines = 2 * WIDTH // BLOCK, HEIGHT // BLOCK
    texture = [[chance.randrange(40, 216) for _ in range(columns)] for _ in range(lines)]
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420\n".encode())
        for frame in range(2 * FRAMES_PER_SECOND):
            for _ in range(columns * lines // 25):
                changed = texture[chance.randrange(lines)]
                changed[chance.randrange(columns)] = chance.randrange(40, 216)
            file.write(b"FRAME\n")
            for line in texture:
                row = b"".join(bytes([one]) * BLOCK for one in line)
                start = frame * WIDTH // (2 * FRAMES_PER_SECOND)
                file.write(row[start : start + WIDTH] * BLOCK)
            file.write(chroma)


async def open_page(page: Page) -> None:
    """Load the page and its scripts from this process, then camera and microphone."""

    async def give(route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if not name:
            await route.fulfill(body=PAGE, content_type="text/html")
        elif name.endswith(".js"):
            await route.fulfill(path=SCRIPTS / name, content_type="text/javascript")
        else:
            await route.fulfill(status=204)

    await page.route(f"{ADDRESS}**", give)
    await page.goto(ADDRESS)
    await page.wait_for_function("() => window.ready")
    video: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "frameRate": FRAMES_PER_SECOND}
    await page.evaluate("video => window.capture(video)", video)
