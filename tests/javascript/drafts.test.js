import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { UnsentMessages } from "../../web/static/js/room/chat/drafts.js";
import { BrowserStore } from "../../web/static/js/shared/browser-store.js";

const SEAT = "consultation:invite:";
/** What the tab keeps, as in a browser where nothing else does. @type {Map<string, string>} */
let session = new Map();

beforeEach(() => {
  session = new Map();
  const storage = {
    getItem: (/** @type {string} */ key) => session.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) =>
      void session.set(key, value),
    removeItem: (/** @type {string} */ key) => void session.delete(key),
  };
  const sessionStorage = new Proxy(storage, {
    ownKeys: () => [...session.keys()],
    getOwnPropertyDescriptor: (_, key) => ({
      configurable: true,
      enumerable: true,
      value: session.get(String(key)),
    }),
    get: (target, key) => Reflect.get(target, key) ?? session.get(String(key)),
  });
  Object.defineProperty(globalThis, "sessionStorage", {
    configurable: true,
    value: sessionStorage,
  });
  console.warn = () => {};
});

async function opened(seat = SEAT) {
  const unsent = new UnsentMessages(await new BrowserStore().open(), seat);
  await unsent.open();
  return unsent;
}

/** What is stored, once it is. @param {UnsentMessages} unsent */
async function stored(unsent) {
  await Promise.resolve();
  await unsent.written;
  return session.size;
}

const message = /** @type {const} */ ({ type: "chat_send", id: "message-1", text: "hello" });
const second = /** @type {const} */ ({ type: "chat_send", id: "message-0", text: "again" });

test("a draft, queued and refused messages outlive the page, in their order", async () => {
  const unsent = await opened();
  unsent.queue(message);
  unsent.queue(second);
  unsent.add({ ...message, id: "message-2" }, "Full.");
  unsent.draft = "half a";
  await stored(unsent);
  const after = await opened();
  assert.deepEqual(after.queued(), [message, second]);
  assert.deepEqual(
    after.all().map(({ reason }) => reason),
    ["Full."],
  );
  assert.equal(after.draft, "half a");
});

test("another seat of this browser sees nothing of it", async () => {
  const unsent = await opened("consultation::");
  unsent.queue(message);
  unsent.draft = "half a";
  await stored(unsent);
  const other = await opened("consultation:invite:");
  assert.deepEqual([other.queued(), other.draft], [[], ""]);
});

test("what was sent or deleted leaves nothing in storage", async () => {
  const unsent = await opened();
  unsent.queue(message);
  unsent.add(second, "Full.");
  unsent.draft = "half a";
  await stored(unsent);
  unsent.draft = "";
  unsent.take(message.id);
  unsent.take(second.id);
  assert.equal(await stored(unsent), 0);
  assert.deepEqual(unsent.all(), []);
});

test("after the end nothing stays in storage, and everything on the page", async () => {
  const unsent = await opened();
  unsent.draft = "half a";
  unsent.keep(false);
  unsent.add(message, "This session is over.");
  assert.equal(await stored(unsent), 0);
  assert.equal(unsent.all().length, 1);
  assert.equal(unsent.draft, "half a");
  unsent.keep(true);
  assert.equal(await stored(unsent), 2);
});

test("a tab that lost its seat to another tab changes nothing any more", async () => {
  const unsent = await opened();
  unsent.queue(message);
  unsent.draft = "half a";
  unsent.handOver();
  unsent.clear();
  unsent.draft = "";
  unsent.keep(false);
  unsent.keep(true);
  await stored(unsent);
  const other = await opened();
  assert.deepEqual(other.queued(), [message]);
  assert.equal(other.draft, "half a");
});

test("a tab goes on with what another one has written, and with its own", async () => {
  const [here, there] = [await opened(), await opened()];
  here.queue(message);
  here.draft = "half a";
  await stored(here);
  // in this fallback each page reads what its tab held when it began
  const after = await opened();
  const store = there.store;
  there.store = after.store;
  assert.deepEqual(await there.adopt(), [message]);
  assert.deepEqual(await there.adopt(), []);
  assert.equal(there.draft, "half a");
  there.draft = "half a sentence";
  assert.deepEqual(await there.adopt(), []);
  assert.equal(there.draft, "half a sentence");
  there.store = store;
});

test("a message that was sent while the store was read is no draft again", async () => {
  const unsent = await opened();
  unsent.draft = "hello";
  await stored(unsent);
  const reading = unsent.adopt();
  unsent.draft = "";
  unsent.queue(message);
  await reading;
  assert.equal(unsent.draft, "");
});

test("what a page of an earlier version kept in its tab is taken over", async () => {
  session.set("queue:consultation:invite", JSON.stringify([message]));
  const unsent = [{ message: second, reason: "Full." }];
  session.set("unsent:consultation:invite", JSON.stringify({ unsent, draft: "half a" }));
  const after = await opened();
  assert.deepEqual(after.queued(), [message]);
  assert.deepEqual(after.all().length, 1);
  assert.equal(after.draft, "half a");
  assert.ok([...session.keys()].every((key) => key.startsWith("held:")));
});

test("something else in its place, or no storage at all, does no harm", async () => {
  session.set("unsent:consultation:invite", "{");
  assert.equal((await opened()).draft, "");
  Object.defineProperty(globalThis, "sessionStorage", {
    configurable: true,
    get: () => {
      throw new DOMException("no", "SecurityError");
    },
  });
  const unsent = await opened();
  unsent.queue(message);
  assert.deepEqual(unsent.queued(), [message]);
});
