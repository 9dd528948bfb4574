import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import {
  clockError,
  setServerTime,
  serverNow,
} from "../../web/static/js/shared/time/server-clock.js";

const HOUR = 3600_000;
const REAL = Date.parse("2026-12-07T14:30:00Z");

let device = 0;
let steady = 0;
/** @type {string[]} */
let asked = [];
/** @type {() => Promise<any>} */
let answer = async () => ({ headers: new Headers() });

beforeEach(() => {
  device = REAL;
  asked = [];
  mock.method(Date, "now", () => device);
  mock.method(performance, "now", () => steady);
  mock.method(globalThis, "fetch", (/** @type {string} */ _, /** @type {any} */ { method }) => {
    asked.push(method);
    return answer();
  });
  globalThis.location = /** @type {any} */ ({ href: "/here" });
});
afterEach(() => mock.restoreAll());

/** @param {number} duration */
function pass(duration) {
  device += duration;
  steady += duration;
}

test("A device that is hours ahead counts as the server does.", () => {
  device = REAL + 27 * HOUR;
  setServerTime(REAL);
  pass(HOUR);
  assert.equal(serverNow(), REAL + HOUR);
  assert.equal(clockError(), 27 * HOUR);
  assert.deepEqual(asked, []);
});

test("Some minutes are no matter.", () => {
  setServerTime(REAL - 200_000);
  assert.equal(clockError(), 0);
});

test("A clock that is set while the page is open makes it ask the server, once.", async () => {
  device = REAL + 5 * HOUR;
  setServerTime(REAL);
  pass(HOUR);
  device = REAL + HOUR;
  answer = async () => ({ headers: new Headers({ Date: new Date(REAL + HOUR).toUTCString() }) });
  serverNow();
  serverNow();
  await new Promise(setImmediate);
  assert.deepEqual(asked, ["HEAD"]);
  assert.equal(serverNow(), REAL + HOUR);
  assert.equal(clockError(), 0);
});

test("Without an answer what was known goes on.", async () => {
  device = REAL + 2 * HOUR;
  setServerTime(REAL);
  steady += 60_000;
  answer = () => Promise.reject(new TypeError("no line"));
  serverNow();
  await new Promise(setImmediate);
  assert.equal(serverNow(), REAL);
});
