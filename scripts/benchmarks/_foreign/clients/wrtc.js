// @roamhq/wrtc: libwebrtc for Node. It encodes and decodes; the pictures are gray of changing shade.
import wrtc from "@roamhq/wrtc";
import { serve } from "./door.js";

const { RTCPeerConnection, nonstandard } = wrtc;
const WIDTH = 160;
const HEIGHT = 120;
const video = new nonstandard.RTCVideoSource();
const audio = new nonstandard.RTCAudioSource();
const tracks = { audio: audio.createTrack(), video: video.createTrack() };

let count = 0;
setInterval(() => {
  count += 1;
  const data = new Uint8ClampedArray(WIDTH * HEIGHT * 1.5).fill(128);
  for (let at = 0; at < WIDTH * HEIGHT; at += 1) data[at] = ((at % WIDTH) + count * 8) % 200;
  video.onFrame({ width: WIDTH, height: HEIGHT, data });
}, 1000 / 15);

const RATE = 48000;
const SAMPLES = RATE / 100;
let due = performance.now();
let phase = 0;
setInterval(() => {
  for (; performance.now() >= due; due += 10) {
    const samples = new Int16Array(SAMPLES);
    for (let at = 0; at < SAMPLES; at += 1) {
      phase += (2 * Math.PI * 440) / RATE;
      samples[at] = 8000 * Math.sin(phase);
    }
    audio.onData({ samples, sampleRate: RATE, bitsPerSample: 16, channelCount: 1 });
  }
}, 5);

let connection;

await serve(
  async (offer) => {
    if (offer.fresh) {
      connection?.close();
      connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    }
    await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    for (const { mid, kind } of offer.publish) {
      const transceiver = connection.getTransceivers().find((one) => one.mid === mid);
      if (transceiver.sender.track) continue;
      transceiver.direction = "sendonly";
      await transceiver.sender.replaceTrack(tracks[kind]);
    }
    await connection.setLocalDescription(await connection.createAnswer());
    return connection.localDescription.sdp;
  },
  async () => {
    const found = {};
    for (const one of (await connection?.getStats())?.values() ?? []) {
      if (one.type === "inbound-rtp") found[one.ssrc] = one.packetsReceived;
    }
    return found;
  },
);
