import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { EncodingChoice } from "../../web/static/js/room/line/encoding-choice.js";
import { PlayoutDelay, setPlayoutDelay } from "../../web/static/js/room/line/playout-delay.js";
import {
  readLinkStats,
  POLL_INTERVAL,
  RelayAdaptation,
} from "../../web/static/js/room/call/relay-adaptation.js";

const real = { setTimeout, clearTimeout };
let time = new FakeTime();

beforeEach(() => {
  time = new FakeTime();
  Object.assign(globalThis, { setTimeout: time.setTimeout, clearTimeout: time.clearTimeout });
});

afterEach(() => {
  Object.assign(globalThis, real);
});

test("a link that stays narrow gets one encoding, and two again when it is wide", () => {
  const encodings = new EncodingChoice();
  assert.equal(encodings.note(0, true), false, "unknown is not narrow");
  assert.equal(encodings.note(300_000, true), false);
  assert.equal(encodings.note(900_000, true), false);
  assert.equal(encodings.note(300_000, true), false);
  assert.equal(encodings.note(300_000, true), true);
  assert.equal(encodings.single, true);
  for (const bits of [500_000, 700_000, 700_000, 500_000, 700_000, 700_000]) {
    assert.equal(encodings.note(bits, true), false);
  }
  assert.equal(encodings.note(700_000, false), true);
  assert.equal(encodings.single, false);
});

test("a link that carries no video is not narrow", () => {
  const encodings = new EncodingChoice();
  for (let count = 0; count < 9; count++) assert.equal(encodings.note(300_000, false), false);
});

test("two encodings are tried again from time to time", () => {
  const encodings = new EncodingChoice();
  encodings.note(300_000, true);
  encodings.note(300_000, true);
  let polls = 0;
  while (encodings.single) {
    encodings.note(300_000, true);
    polls += 1;
    assert.ok(polls < 100);
  }
  assert.equal(polls, 45);
  while (!encodings.single) {
    encodings.note(300_000, true);
    polls += 1;
    assert.ok(polls < 100);
  }
  assert.equal(polls, 45 + 8 + 2, "for long enough that a cap can be lifted");
  /** @type {number[]} */
  const waits = [];
  for (let count = 0; count < 4; count++) {
    let wait = 0;
    while (encodings.single) {
      encodings.note(300_000, true);
      wait += 1;
    }
    waits.push(wait);
    while (!encodings.single) encodings.note(300_000, true);
  }
  assert.deepEqual(waits, [90, 180, 180, 180], "failed retries become rarer and rarer");
  for (let count = 0; count < 3; count++) encodings.note(900_000, true);
  assert.equal(encodings.single, false);
});

test("video waits as long as it takes, and no longer than a conversation bears", () => {
  const delay = new PlayoutDelay();
  let now = { nacks: 0, skips: 0 };
  /** @param {number} nacks @param {number} skips */
  const poll = (nacks, skips) => {
    const before = now;
    now = { nacks: before.nacks + nacks, skips: before.skips + skips };
    return delay.note(before, now);
  };
  assert.equal(poll(100, 0), false, "nothing was skipped");
  assert.equal(poll(0, 5), false, "nothing was lost");
  /** @type {number[]} */
  const steps = [];
  for (let count = 0; count < 8; count++) {
    poll(20, 3);
    steps.push(delay.milliseconds);
  }
  assert.deepEqual(steps, [200, 300, 400, 500, 500, 500, 500, 500]);
  for (let count = 0; count < 14; count++) assert.equal(poll(0, 0), false);
  assert.equal(poll(0, 0), true);
  assert.equal(delay.milliseconds, 400);
  for (let count = 0; count < 100; count++) poll(0, 0);
  assert.equal(delay.milliseconds, 0);
});

test("received video is found by its mid", () => {
  const stats = readLinkStats([
    { type: "candidate-pair", nominated: true, availableOutgoingBitrate: 300_000 },
    { type: "candidate-pair", nominated: false, availableOutgoingBitrate: 900_000 },
    {
      type: "inbound-rtp",
      kind: "video",
      mid: "3",
      nackCount: 4,
      framesDropped: 2,
      freezeCount: 1,
    },
    { type: "inbound-rtp", kind: "audio", mid: "2", nackCount: 9 },
    { type: "outbound-rtp", kind: "video", qualityLimitationReason: "none" },
    { type: "outbound-rtp", kind: "video", qualityLimitationReason: "bandwidth" },
  ]);
  assert.equal(stats.sendsVideo, true);
  assert.equal(stats.uplink, 300_000);
  assert.deepEqual([...stats.videos], [["3", { nacks: 4, skips: 3 }]]);
});

test("received video without a mid is found by its track, also by the report of the track", () => {
  const mids = new Map([
    ["{one}", "3"],
    ["two", "4"],
  ]);
  const { videos } = readLinkStats(
    [
      { type: "inbound-rtp", kind: "video", trackIdentifier: "{one}", nackCount: 1 },
      { type: "inbound-rtp", mediaType: "video", trackId: "T2", nackCount: 2 },
      { type: "inbound-rtp", kind: "video", nackCount: 3 },
      { type: "track", id: "T2", trackIdentifier: "two" },
    ],
    mids,
  );
  assert.deepEqual([...videos.keys()], ["3", "4"]);
});

test("video counts as sent if it gets bits, or would", () => {
  /** @param {object} report */
  const sendsVideo = (report) =>
    readLinkStats([{ type: "outbound-rtp", kind: "video", ...report }]).sendsVideo;
  assert.equal(sendsVideo({ targetBitrate: 78_000, qualityLimitationReason: "none" }), true);
  assert.equal(sendsVideo({ targetBitrate: 0, qualityLimitationReason: "bandwidth" }), true);
  assert.equal(sendsVideo({ targetBitrate: 0, qualityLimitationReason: "none" }), false);
  assert.equal(sendsVideo({}), false);
});

test("an older browser gets the delay under its own name", () => {
  /** @type {any} */
  const newer = { jitterBufferTarget: null };
  /** @type {any} */
  const older = {};
  setPlayoutDelay(newer, 300);
  setPlayoutDelay(older, 300);
  assert.deepEqual([newer, older], [{ jitterBufferTarget: 300 }, { playoutDelayHint: 0.3 }]);
  setPlayoutDelay(newer, 0);
  setPlayoutDelay(older, 0);
  assert.deepEqual([newer, older], [{ jitterBufferTarget: null }, { playoutDelayHint: null }]);
});

test("a connection is polled until it is closed", async () => {
  let nacks = 0;
  /** @type {any} */
  const receiver = { jitterBufferTarget: null, track: { id: "hers" } };
  const connection = {
    getStats: async () => {
      nacks += 10;
      return new Map([
        ["a", { type: "candidate-pair", nominated: true, availableOutgoingBitrate: 200_000 }],
        ["c", { type: "outbound-rtp", kind: "video", qualityLimitationReason: "bandwidth" }],
        [
          "b",
          { type: "inbound-rtp", kind: "video", mid: "1", nackCount: nacks, framesDropped: nacks },
        ],
      ]);
    },
    getTransceivers: () => [{ mid: "1", receiver }],
  };
  /** @type {boolean[]} */
  const said = [];
  const link = new RelayAdaptation(/** @type {any} */ (connection), (single) => said.push(single));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  for (let count = 0; count < 3; count++) {
    time.pass(POLL_INTERVAL);
    await settle();
  }
  assert.deepEqual(said, [true]);
  assert.equal(receiver.jitterBufferTarget, 300);
  link.close();
  const before = nacks;
  time.pass(10 * POLL_INTERVAL);
  await settle();
  assert.equal(nacks, before);
});
