import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { HeldCandidates } from "../../web/static/js/room/call/held-candidates.js";

const realTime = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

let time = new FakeTime();
/** @type {string[]} */
let sent = [];
let held = new HeldCandidates(() => {});

beforeEach(() => {
  time = new FakeTime();
  Object.assign(globalThis, { setTimeout: time.setTimeout, clearTimeout: time.clearTimeout });
  sent = [];
  held = new HeldCandidates(({ candidate }) => sent.push(candidate));
});

afterEach(() => void Object.assign(globalThis, realTime));

const gather = (/** @type {string} */ candidate, username_fragment = "new") =>
  held.send({ candidate, username_fragment });

test("candidates are held from a restart until shortly after the first one of the answer", () => {
  gather("first");
  held.hold();
  gather("second");
  held.answered("v=0");
  gather("third");
  time.pass(1_000);
  held.theirsCame();
  time.pass(50);
  held.theirsCame();
  time.pass(49);
  assert.deepEqual(sent, ["first"]);
  time.pass(1);
  gather("fourth");
  assert.deepEqual(sent, ["first", "second", "third", "fourth"]);
});

test("what the other side sends before the answer is of before the restart", () => {
  held.hold();
  gather("first");
  held.theirsCame();
  held.answered("v=0");
  time.pass(1_000);
  assert.deepEqual(sent, []);
});

test("an answer may come with its candidates", () => {
  held.hold();
  gather("first");
  held.answered("v=0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 5004 typ host\r\n");
  time.pass(99);
  assert.deepEqual(sent, []);
  time.pass(1);
  assert.deepEqual(sent, ["first"]);
});

test("an answer without candidates is not waited for long", () => {
  held.hold();
  gather("first");
  time.pass(2_500);
  held.answered("v=0");
  time.pass(1_999);
  assert.deepEqual(sent, []);
  time.pass(1);
  assert.deepEqual(sent, ["first"]);
});

test("an answer that takes long is not waited for", () => {
  held.hold();
  gather("first");
  time.pass(2_999);
  assert.deepEqual(sent, []);
  time.pass(1);
  assert.deepEqual(sent, ["first"]);
  held.answered("v=0");
  gather("second");
  assert.deepEqual(sent, ["first", "second"]);
});

test("candidates of before the restart are not held", () => {
  held.hold("v=0\r\na=ice-ufrag:old\r\na=ice-pwd:secret\r\n");
  gather("first", "old");
  gather("second");
  assert.deepEqual(sent, ["first"]);
});

test("candidates that are held go before those of the next restart", () => {
  held.hold();
  gather("first");
  held.answered("v=0");
  held.hold();
  gather("second");
  assert.deepEqual(sent, ["first"]);
  held.theirsCame();
  time.pass(2_000);
  assert.deepEqual(sent, ["first"], "theirs is of the restart before");
  held.answered("v=0");
  time.pass(2_000);
  assert.deepEqual(sent, ["first", "second"]);
});

test("a connection that is closed sends none of them", () => {
  held.hold();
  gather("first");
  held.drop();
  time.pass(10_000);
  assert.deepEqual(sent, []);
});
