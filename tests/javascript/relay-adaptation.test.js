import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import {
  readLinkStats,
  EncodingChoice,
  POLL_INTERVAL,
  RelayAdaptation,
  setPlayoutDelay,
  PlayoutDelay,
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

test("a link that carries no picture is not narrow", () => {
  const encodings = new EncodingChoice();
  for (let count = 0; count < 9; count++) assert.equal(encodings.note(300_000, false), false);
});

test("two encodings are tried again from time to time", () => {
  const encodings = new EncodingChoice();
  encodings.note(300_000, true);
  encodings.note(300_000, true);
  let looks = 0;
  while (encodings.single) {
    encodings.note(300_000, true);
    looks += 1;
    assert.ok(looks < 100);
  }
  assert.equal(looks, 45);
  while (!encodings.single) {
    encodings.note(300_000, true);
    looks += 1;
    assert.ok(looks < 100);
  }
  assert.equal(looks, 45 + 8 + 2, "for long enough that a limit can end");
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
  assert.deepEqual(waits, [90, 180, 180, 180], "tries in vain come less and less often");
  for (let count = 0; count < 3; count++) encodings.note(900_000, true);
  assert.equal(encodings.single, false);
});

test("pictures wait as long as it takes, and no longer than one can talk over", () => {
  const wait = new PlayoutDelay();
  let now = { missed: 0, skipped: 0 };
  /** @param {number} missed @param {number} skipped */
  const look = (missed, skipped) => {
    const before = now;
    now = { missed: before.missed + missed, skipped: before.skipped + skipped };
    return wait.note(before, now);
  };
  assert.equal(look(100, 0), false, "nothing was skipped");
  assert.equal(look(0, 5), false, "nothing was lost");
  /** @type {number[]} */
  const steps = [];
  for (let count = 0; count < 8; count++) {
    look(20, 3);
    steps.push(wait.milliseconds);
  }
  assert.deepEqual(steps, [200, 300, 400, 500, 500, 500, 500, 500]);
  for (let count = 0; count < 14; count++) assert.equal(look(0, 0), false);
  assert.equal(look(0, 0), true);
  assert.equal(wait.milliseconds, 400);
  for (let count = 0; count < 100; count++) look(0, 0);
  assert.equal(wait.milliseconds, 0);
});

test("what a browser counts is found by media id", () => {
  const counters = readLinkStats([
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
  assert.equal(counters.pictured, true);
  assert.equal(counters.uplink, 300_000);
  assert.deepEqual([...counters.pictures], [["3", { missed: 4, skipped: 3 }]]);
});

test("a picture counts as sent if it gets bits, or would", () => {
  /** @param {object} report */
  const pictured = (report) =>
    readLinkStats([{ type: "outbound-rtp", kind: "video", ...report }]).pictured;
  assert.equal(pictured({ targetBitrate: 78_000, qualityLimitationReason: "none" }), true);
  assert.equal(pictured({ targetBitrate: 0, qualityLimitationReason: "bandwidth" }), true);
  assert.equal(pictured({ targetBitrate: 0, qualityLimitationReason: "none" }), false);
  assert.equal(pictured({}), false);
});

test("an older browser is told in its own way", () => {
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

test("a connection is looked at until it is closed", async () => {
  let nacks = 0;
  /** @type {any} */
  const receiver = { jitterBufferTarget: null };
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
