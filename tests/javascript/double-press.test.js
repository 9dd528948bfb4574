import assert from "node:assert/strict";
import { test } from "node:test";
import { ignoreStrayPresses } from "../../web/static/js/shared/dom.js";

/** @type {((event: any) => void)[]} */
const listeners = [];
/** @type {any} */ (globalThis).document = {
  addEventListener: (/** @type {string} */ _type, /** @type {(event: any) => void} */ listener) => {
    if (!listeners.includes(listener)) listeners.push(listener); // as in a browser
  },
};

/** @param {string | null} name of the button at the place of the press */
function press(name, detail = 1) {
  const button = name && { name };
  if (name) buttons[name] ??= button;
  let reached = true;
  const target = { closest: () => (name ? buttons[name] : null) };
  const stop = () => (reached = false);
  const event = { detail, target, preventDefault: stop, stopImmediatePropagation: stop };
  for (const listener of listeners) listener(event);
  return reached;
}

/** @type {Record<string, any>} */
const buttons = {};

test("the second press of a double one presses nothing that has come there since", () => {
  ignoreStrayPresses();
  ignoreStrayPresses(); // both of a call and of a scheduler's steps
  assert.equal(listeners.length, 1);
  assert.ok(press("start"));
  assert.ok(!press("terminate", 2));
  assert.ok(!press("terminate", 3));
  // the next press is one of its own
  assert.ok(press("terminate"));
});

test("the same button may be pressed as often and as fast as one likes", () => {
  for (const detail of [1, 2, 3]) assert.ok(press("microphone", detail));
});

test("a press beside every button forgets the last one", () => {
  assert.ok(press("start"));
  assert.ok(press(null, 2));
  assert.ok(!press("start", 2));
});

test("a key, which counts no presses, is never stray", () => {
  assert.ok(press("start"));
  assert.ok(press("terminate", 0));
});
