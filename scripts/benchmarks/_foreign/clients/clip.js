// The clips of the driver as RTP packets, for clients that send what they are given.
import { readFileSync } from "node:fs";

const MOST = 1100;

/** The frames of an IVF file. */
const frames = (path) => {
  const file = readFileSync(path);
  const found = [];
  for (let at = 32; at < file.length;) {
    const length = file.readUInt32LE(at);
    found.push(file.subarray(at + 12, at + 12 + length));
    at += 12 + length;
  }
  return found;
};

/** The RTP payloads of a frame: Opus as it is, VP8 cut up, each piece with its descriptor. */
const payloads = (frame, isVideo) => {
  if (!isVideo) return [frame];
  const pieces = [];
  for (let at = 0; at < frame.length; at += MOST) {
    const descriptor = Buffer.from([at ? 0x00 : 0x10]);
    pieces.push(Buffer.concat([descriptor, frame.subarray(at, at + MOST)]));
  }
  return pieces;
};

/** Plays a clip for ever: calls back with each RTP packet when it is due. */
export class Clip {
  packets = 0;
  octets = 0;
  timestamp = (Math.random() * 2 ** 32) >>> 0;

  constructor(kind, ssrc, payloadType, send) {
    const isVideo = kind !== "audio";
    this.isVideo = isVideo;
    this.ssrc = ssrc;
    this.payloadType = payloadType;
    this.send = send;
    this.frames = frames(`${process.argv.at(-1)}/${isVideo ? "video" : "audio"}.ivf`);
    this.milliseconds = isVideo ? 1000 / 15 : 20;
    this.ticks = isVideo ? 6000 : 960;
    this.sequence = Math.floor(Math.random() * 30000);
    this.next = 0;
    this.due = performance.now();
    this.timer = setInterval(() => this.play(), 5);
  }

  play() {
    while (performance.now() >= this.due) {
      this.due += this.milliseconds;
      this.timestamp = (this.timestamp + this.ticks) >>> 0;
      const pieces = payloads(this.frames[this.next], this.isVideo);
      this.next = (this.next + 1) % this.frames.length;
      pieces.forEach((piece, index) => this.write(piece, index === pieces.length - 1));
    }
  }

  write(payload, last) {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = this.payloadType | (this.isVideo && last ? 0x80 : 0);
    header.writeUInt16BE(this.sequence, 2);
    header.writeUInt32BE(this.timestamp, 4);
    header.writeUInt32BE(this.ssrc, 8);
    this.sequence = (this.sequence + 1) & 0xffff;
    this.packets += 1;
    this.octets += payload.length;
    this.send(Buffer.concat([header, payload]));
  }

  /** Goes on with a keyframe, as somebody needs one. */
  rewind() {
    this.next = 0;
  }

  stop() {
    clearInterval(this.timer);
  }
}
