import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { LazyOffline } from "../../web/static/js/room/lazy-offline.js";

const real = { setTimeout, clearTimeout };
const taken = ["document", "navigator", "performance"];
/** @type {Map<string, PropertyDescriptor | undefined>} */
const before = new Map();
let time = new FakeTime();
let told = Promise.resolve(/** @type {any} */ (null));

beforeEach(() => {
  time = new FakeTime();
  /** @type {(said: any) => void} */
  let postMessage = () => {};
  told = new Promise((done) => (postMessage = done));
  const registration = { active: { postMessage } };
  const serviceWorker = { controller: null, register: async () => registration };
  const stage = /** @type {Record<string, any>} */ ({
    document: new EventTarget(),
    navigator: { serviceWorker },
    performance: { getEntriesByType: () => [{ name: "/static/core.js" }] },
  });
  for (const name of taken) {
    before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { configurable: true, value: stage[name] });
  }
  Object.assign(globalThis, { setTimeout: time.setTimeout, clearTimeout: time.clearTimeout });
});

afterEach(() => {
  Object.assign(globalThis, real);
  for (const [name, described] of before) {
    if (described) Object.defineProperty(globalThis, name, described);
    else Reflect.deleteProperty(globalThis, name);
  }
});

for (const roundTrip of [0, 120]) {
  test(`a live page is kept with a round trip of ${roundTrip} ms`, async () => {
    const page = /** @type {any} */ ({ worker: "/w", workerScope: "/seat/a", workerVersion: "1" });
    const outbox = { isWaiting: false, prepare: async () => {}, written: async () => {} };
    new LazyOffline(page, outbox).start(roundTrip);
    time.pass(2_000);
    const files = ["/static/core.js"];
    assert.deepEqual(await told, { type: "keep", version: "1", files, roundTrip });
  });
}
