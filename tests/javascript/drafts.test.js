import assert from "node:assert/strict";
import { test } from "node:test";
import { UnsentMessages } from "../../web/static/js/room/chat/drafts.js";

/** @param {Map<string, string>} stored */
function written(stored = new Map()) {
  const storage = {
    getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) =>
      void stored.set(key, value),
    removeItem: (/** @type {string} */ key) => void stored.delete(key),
  };
  return { stored, unsent: new UnsentMessages(storage, "unsent:seat") };
}

const message = /** @type {const} */ ({ type: "chat_send", id: "message-1", text: "hello" });

test("a draft and refused messages survive a reload", () => {
  const { unsent, stored } = written();
  unsent.add(message, "Full.");
  unsent.draft = "half a";
  const after = written(stored).unsent;
  assert.deepEqual(after.all(), [{ message, reason: "Full." }]);
  assert.equal(after.draft, "half a");
});

test("what is sent again or deleted leaves nothing in storage", () => {
  const { unsent, stored } = written();
  unsent.add(message, "Full.");
  unsent.draft = "half a";
  unsent.draft = "";
  unsent.take("message-1");
  assert.equal(stored.size, 0);
  assert.deepEqual(unsent.all(), []);
});

test("after the end nothing stays in storage, and everything on the page", () => {
  const { unsent, stored } = written();
  unsent.draft = "half a";
  unsent.keep(false);
  unsent.add(message, "This session is over.");
  assert.equal(stored.size, 0);
  assert.equal(unsent.all().length, 1);
  assert.equal(unsent.draft, "half a");
  unsent.keep(true);
  assert.equal(stored.size, 1);
});

test("a browser without storage, or with something else in it, only loses the reload", () => {
  assert.deepEqual(written(new Map([["unsent:seat", "[]"]])).unsent.all(), []);
  assert.equal(written(new Map([["unsent:seat", "{"]])).unsent.draft, "");
});
