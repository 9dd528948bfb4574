import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { onNetworkChange } from "../../web/static/js/room/call/network-change.js";
import { FakeTime } from "./fake-time.js";

const real = { setTimeout, clearTimeout };
let time = new FakeTime();
let looked = 0;

class Connection extends EventTarget {
  /** @param {string} [type] */
  constructor(type) {
    super();
    this.type = type;
  }

  /** @param {string} [type] */
  change(type) {
    this.type = type;
    this.dispatchEvent(new Event("change"));
  }
}

beforeEach(() => {
  time = new FakeTime();
  looked = 0;
  Object.assign(globalThis, { setTimeout: time.setTimeout, clearTimeout: time.clearTimeout });
});

afterEach(() => {
  Object.assign(globalThis, real);
});

test("new estimates of the same network are no other network", () => {
  for (const type of ["cellular", undefined]) {
    const connection = new Connection(type);
    onNetworkChange(connection, new EventTarget(), () => (looked += 1));
    for (let estimate = 0; estimate < 15; estimate += 1) {
      connection.change(type);
      time.pass(1000);
    }
  }
  assert.equal(looked, 0);
});

test("a handover between two networks is one other network", () => {
  const page = new EventTarget();
  const connection = new Connection("wifi");
  onNetworkChange(connection, page, () => (looked += 1));
  for (const type of ["none", "cellular", "cellular"]) {
    connection.change(type);
    time.pass(200);
  }
  page.dispatchEvent(new Event("online"));
  time.pass(5000);
  assert.equal(looked, 1);
});

test("a browser that tells nothing of its network says when it is online again", () => {
  const page = new EventTarget();
  onNetworkChange(undefined, page, () => (looked += 1));
  page.dispatchEvent(new Event("online"));
  time.pass(5000);
  assert.equal(looked, 1);
});
