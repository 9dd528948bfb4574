/** The page that keeps a form: whose sign-in sends it. */

import assert from "node:assert/strict";
import { test } from "node:test";

/**
 * What the page does when somebody signs in beside it.
 * @param {string} kept what the browser's storage says of the account before
 * @param {string} account who signs in
 */
async function afterSigningIn(kept, account) {
  /** @type {string[]} */
  const done = [];
  /** @type {((event: object) => void)[]} */
  const listeners = [];
  class Form {
    dataset = { home: "/" };
    addEventListener() {}
    requestSubmit() {
      done.push("sent");
    }
  }
  class Anchor {
    addEventListener() {}
  }
  const world = {
    HTMLFormElement: Form,
    HTMLAnchorElement: Anchor,
    document: {
      getElementById: (/** @type {string} */ id) =>
        id === "kept-form" ? new Form() : new Anchor(),
    },
    localStorage: { getItem: () => kept || null },
    location: { replace: (/** @type {string} */ address) => done.push(address) },
    addEventListener: (/** @type {string} */ _, /** @type {() => void} */ listener) =>
      listeners.push(listener),
  };
  for (const [name, value] of Object.entries(world)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  await import(`../../web/static/js/pages/kept-form.js?${kept}-${account}`);
  for (const listener of listeners) listener({ key: "signed-in", newValue: `${account} 1` });
  return done;
}

test("the form is sent once the same account is signed in again", async () => {
  assert.deepEqual(await afterSigningIn("nurse 0", "nurse"), ["sent"]);
});

test("somebody else leaves it, and does not send it", async () => {
  assert.deepEqual(await afterSigningIn("nurse 0", "doctor"), ["/"]);
});

test("nobody sends by signing in what is not known to be theirs", async () => {
  assert.deepEqual(await afterSigningIn("", "doctor"), []);
});
