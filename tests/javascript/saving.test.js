import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { withThriftyAudio } from "../../web/static/js/room/line/thrifty-audio.js";
import { bytesOf } from "../../web/static/js/room/line/connection-bytes.js";
import { DataUsed } from "../../web/static/js/room/saving/data-used.js";
import { Preference, savesByDefault } from "../../web/static/js/room/saving/preference.js";

class Kept {
  /** @type {Map<string, string>} */
  values = new Map();
  /** @param {string} key */
  getItem(key) {
    return this.values.get(key) ?? null;
  }
  /**
   * @param {string} key
   * @param {string} value
   */
  setItem(key, value) {
    this.values.set(key, value);
  }
}

beforeEach(() => {
  Object.assign(globalThis, { localStorage: new Kept(), sessionStorage: new Kept() });
});

test("data is saved by default where the browser or the line says so", () => {
  assert.equal(savesByDefault(), false);
  assert.equal(savesByDefault({ effectiveType: "3g" }), false);
  assert.equal(savesByDefault({ effectiveType: "2g" }), true);
  assert.equal(savesByDefault({ effectiveType: "slow-2g" }), true);
  assert.equal(savesByDefault({ saveData: true, effectiveType: "4g" }), true);
  assert.equal(savesByDefault({}, true), true);
});

test("a person's own choice wins, in their seat, for as long as the browser keeps it", () => {
  const first = new Preference("seat-1", true);
  assert.equal(first.on, true);
  first.choose(false);
  assert.equal(first.on, false);
  assert.equal(new Preference("seat-1", true).on, false);
  assert.equal(new Preference("seat-2", true).on, true);
  new Preference("seat-1", false).choose(true);
  assert.equal(new Preference("seat-1", false).on, true);
});

test("without storage the choice lasts as long as the page", () => {
  Object.assign(globalThis, {
    localStorage: {
      getItem() {
        throw new Error("forbidden");
      },
      setItem() {
        throw new Error("forbidden");
      },
    },
  });
  const preference = new Preference("seat-1", false);
  preference.choose(true);
  assert.equal(preference.on, true);
});

test("both ways of a connection are counted, with the headers of its packets", () => {
  const transport = { bytesSent: 1000, bytesReceived: 500, packetsSent: 10, packetsReceived: 5 };
  const pair = { type: "candidate-pair", bytesSent: 7, bytesReceived: 3 };
  assert.equal(bytesOf([{ type: "transport", ...transport }, pair]), 1500 + 15 * 28);
  assert.equal(bytesOf([pair, { type: "candidate-pair" }, { type: "inbound-rtp" }]), 10);
});

test("what was used is added up, once, and goes on after a reload", () => {
  const used = new DataUsed("seat-1");
  used.count("call", 1000);
  used.count("call", 1500);
  used.count("call", 1200);
  used.count("other call", 100);
  assert.equal(used.bytes, 1600);
  used.keep();
  used.keep();
  const next = new DataUsed("seat-1");
  assert.equal(next.bytes, 1600);
  next.count("call", 10);
  assert.equal(next.bytes, 1610);
  assert.equal(new DataUsed("seat-2").bytes, 0);
});

const SDP = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
  "a=rtpmap:111 opus/48000/2",
  "a=rtcp-fb:111 transport-cc",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "a=ptime:20",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=rtpmap:96 VP8/90000",
  "",
].join("\r\n");

test("audio in few packets is asked for in the audio's section alone", () => {
  const written = withThriftyAudio(SDP);
  const [before, audio = "", video] = written.split(/^(?=m=)/m);
  assert.equal(before, "v=0\r\n");
  assert.equal(video, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n");
  assert.match(
    audio,
    /a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=20000;usedtx=1\r\na=ptime:60\r\n/,
  );
  assert.equal(audio.match(/ptime:/g)?.length, 1);
  assert.match(audio, /a=fmtp:63 111\/111\r\n/);
  assert.equal(withThriftyAudio(written), written);
});

test("a description without Opus stays as it is", () => {
  const other = SDP.replace("opus", "G722");
  assert.equal(withThriftyAudio(other), other);
  const bare = SDP.replace("a=fmtp:111 minptime=10;useinbandfec=1\r\n", "");
  assert.match(withThriftyAudio(bare), /a=fmtp:111 maxaveragebitrate=20000;usedtx=1\r\n/);
});
