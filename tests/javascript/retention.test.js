import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Retention } from "../../web/static/js/room/retention.js";

const HOUR = 3_600_000;
const { now } = Date;
let time = 0;
let reloads = 0;
/** @type {Map<string, () => void>} what the page does when its tab wakes up */
let wakers = new Map();

beforeEach(() => {
  time = 1_000_000;
  reloads = 0;
  wakers = new Map();
  Date.now = () => time;
  const addEventListener = (/** @type {string} */ type, /** @type {() => void} */ wake) =>
    wakers.set(type, wake);
  Object.assign(globalThis, {
    addEventListener,
    document: { addEventListener },
    // a tab that sleeps runs no timer
    setInterval: () => 0,
    sessionStorage: { clear() {} },
    location: { reload: () => (reloads += 1) },
  });
});

afterEach(() => {
  Date.now = now;
});

for (const waker of ["visibilitychange", "focus", "resume"]) {
  test(`a tab that slept over the deadline forgets when it wakes: ${waker}`, () => {
    const retention = new Retention(24 * HOUR, false);
    retention.follow("open", "");
    retention.follow("ended", "closed");
    time += 24 * HOUR - 1;
    wakers.get(waker)?.();
    assert.equal(reloads, 0);
    time += 1;
    wakers.get(waker)?.();
    assert.equal(reloads, 1);
  });
}

test("a session that was reopened meanwhile is not forgotten", () => {
  const retention = new Retention(24 * HOUR, false);
  retention.follow("ended", "closed");
  retention.follow("open", "");
  time += 48 * HOUR;
  wakers.get("focus")?.();
  assert.equal(reloads, 0);
});
