import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, test } from "node:test";
import { Tabs } from "../../web/static/js/room/tabs.js";
import { FakeTime } from "./fake-time.js";

const SEAT = "seat";
/** @type {BroadcastChannel[]} */
let channels = [];
/** @type {(() => void)[]} what each page does when it goes */
let leavers = [];
let time = new FakeTime();
let reloads = 0;
let heres = 0;
let elsewheres = 0;
let writtens = 0;

class Channel extends BroadcastChannel {
  /** @param {string} name */
  constructor(name) {
    super(name);
    channels.push(this);
  }
}

beforeEach(() => {
  leavers = [];
  time = new FakeTime();
  reloads = heres = elsewheres = writtens = 0;
  Object.assign(globalThis, {
    BroadcastChannel: Channel,
    window: globalThis,
    addEventListener: (/** @type {string} */ _type, /** @type {() => void} */ leave) =>
      leavers.push(leave),
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
    location: { reload: () => (reloads += 1) },
  });
});

const { setTimeout, clearTimeout } = globalThis;

afterEach(() => {
  Object.assign(globalThis, { setTimeout, clearTimeout });
  for (const channel of channels) channel.close();
  channels = [];
});

const page = () =>
  new Tabs(SEAT, {
    onHere: () => (heres += 1),
    onElsewhere: () => (elsewheres += 1),
    onWritten: () => (writtens += 1),
  });

/**
 * @param {() => void} action says one word, which all others have heard afterwards
 */
async function told(action) {
  const ear = new Channel(SEAT);
  const heard = once(/** @type {EventTarget} */ (ear), "message");
  action();
  await heard;
  ear.close();
}

test("a replaced tab learns that a tab of the same browser took its seat", async () => {
  const [first, second] = [page(), page()];
  await told(() => first.follow("open", ""));
  first.follow("ended", "replaced");
  assert.equal(first.here, false);
  await told(() => second.follow("open", ""));
  assert.equal(first.here, true);
  assert.equal(heres, 1);
});

test("a tab that no other one answers has lost its seat to another browser", async () => {
  const first = page();
  await told(() => first.follow("open", ""));
  first.follow("ended", "replaced");
  time.pass(1_999);
  assert.equal(first.elsewhere, false);
  time.pass(1);
  assert.equal(first.elsewhere, true);
  assert.equal(elsewheres, 1);
  // the link was opened here again
  const second = page();
  await told(() => second.follow("open", ""));
  assert.deepEqual([first.here, first.elsewhere], [true, false]);
  time.pass(60_000);
  assert.equal(elsewheres, 1);
});

test("only the tab with the seat hears that something was left for it", async () => {
  const [first, second, third] = [page(), page(), page()];
  await told(() => second.follow("open", ""));
  await told(() => first.tellWritten());
  assert.equal(writtens, 1);
  await told(() => third.follow("open", ""));
  second.follow("ended", "replaced");
  await told(() => second.tellWritten());
  assert.equal(writtens, 2);
});

test("a tab that is about to take the seat finds what was left for it meanwhile", async () => {
  const [first, second] = [page(), page()];
  await told(() => first.follow("open", ""));
  second.follow("connecting", "");
  first.follow("ended", "replaced");
  await told(() => first.tellWritten());
  assert.equal(writtens, 0);
  await told(() => second.follow("open", ""));
  assert.equal(writtens, 1);
  second.follow("waiting", "");
  await told(() => second.follow("open", ""));
  assert.equal(writtens, 1);
});

test("a tab that has no line for a moment still has the seat", async () => {
  const second = await replaced();
  second.follow("waiting", "");
  const other = new Channel(SEAT);
  await told(() => other.postMessage("written"));
  assert.equal(writtens, 1);
  await told(() => leavers[1]?.());
  time.pass(2_000);
  assert.equal(reloads, 1);
});

/** Two pages: the second one sits where the first one sat. */
async function replaced() {
  const [first, second] = [page(), page()];
  await told(() => first.follow("open", ""));
  await told(() => second.follow("open", ""));
  first.follow("ended", "replaced");
  return second;
}

test("when the tab with the seat is closed, the other one comes back", async () => {
  await replaced();
  await told(() => leavers[1]?.());
  time.pass(1_999);
  assert.equal(reloads, 0);
  time.pass(1);
  assert.equal(reloads, 1);
});

test("a tab that is only reloaded keeps its seat", async () => {
  await replaced();
  await told(() => leavers[1]?.());
  await told(() => page().follow("open", ""));
  time.pass(60_000);
  assert.equal(reloads, 0);
});

test("a tab without the seat announces nothing when it is closed", async () => {
  await replaced();
  const ear = new Channel(SEAT);
  /** @type {string[]} */
  const heard = [];
  ear.onmessage = ({ data }) => heard.push(data);
  leavers[0]?.();
  page();
  leavers[2]?.();
  await told(() => leavers[1]?.());
  assert.deepEqual(heard, ["left"]);
});
