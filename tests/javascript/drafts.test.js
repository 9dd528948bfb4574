import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { UnsentMessages } from "../../web/static/js/room/chat/drafts.js";
import { Keeping } from "../../web/static/js/room/chat/keeping.js";
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
  const unsent = new UnsentMessages();
  const keeping = new Keeping(unsent, await new BrowserStore().open(), seat);
  const messages = await keeping.open();
  return { unsent, keeping, messages };
}

/** What is stored, once it is. @param {Keeping} keeping */
async function stored(keeping) {
  await Promise.resolve();
  await keeping.written;
  return session.size;
}

const message = /** @type {const} */ ({ type: "chat_send", id: "message-1", text: "hello" });
const second = /** @type {const} */ ({ type: "chat_send", id: "message-0", text: "again" });

test("a draft, queued and refused messages outlive the page, in their order", async () => {
  const { unsent, keeping } = await opened();
  unsent.queue(message);
  unsent.queue(second);
  unsent.add({ ...message, id: "message-2" }, "Full.");
  unsent.draft = "half a";
  await stored(keeping);
  const { unsent: after } = await opened();
  assert.deepEqual(after.queued(), [message, second]);
  assert.deepEqual(
    after.all().map(({ reason }) => reason),
    ["Full."],
  );
  assert.equal(after.draft, "half a");
});

test("another seat of this browser sees nothing of it", async () => {
  const { unsent, keeping } = await opened("consultation::");
  unsent.queue(message);
  unsent.draft = "half a";
  await stored(keeping);
  const { unsent: other } = await opened("consultation:invite:");
  assert.deepEqual([other.queued(), other.draft], [[], ""]);
});

test("what was sent or deleted leaves nothing in storage", async () => {
  const { unsent, keeping } = await opened();
  unsent.queue(message);
  unsent.add(second, "Full.");
  unsent.draft = "half a";
  await stored(keeping);
  unsent.draft = "";
  unsent.take(message.id);
  unsent.take(second.id);
  assert.equal(await stored(keeping), 0);
  assert.deepEqual(unsent.all(), []);
});

test("after the end nothing stays in storage, and everything on the page", async () => {
  const { unsent, keeping } = await opened();
  unsent.draft = "half a";
  keeping.keep(false);
  unsent.add(message, "This session is over.");
  assert.equal(await stored(keeping), 0);
  assert.equal(unsent.all().length, 1);
  assert.equal(unsent.draft, "half a");
  keeping.keep(true);
  assert.equal(await stored(keeping), 2);
});

test("a tab that lost its seat to another tab changes nothing any more", async () => {
  const { unsent, keeping } = await opened();
  unsent.queue(message);
  unsent.draft = "half a";
  keeping.handOver();
  unsent.replace([], "");
  unsent.draft = "";
  keeping.keep(false);
  keeping.keep(true);
  await stored(keeping);
  const { unsent: other } = await opened();
  assert.deepEqual(other.queued(), [message]);
  assert.equal(other.draft, "half a");
});

test("a tab goes on with what another one has written, and with its own", async () => {
  const here = await opened();
  const unsent = new UnsentMessages();
  const there = new Keeping(unsent, here.keeping.store, SEAT);
  await there.open();
  here.unsent.queue(message);
  here.unsent.draft = "half a";
  await stored(here.keeping);
  assert.deepEqual(await there.adopt(), [message]);
  assert.deepEqual(await there.adopt(), []);
  assert.equal(unsent.draft, "half a");
  unsent.draft = "half a sentence";
  assert.deepEqual(await there.adopt(), []);
  assert.equal(unsent.draft, "half a sentence");
});

test("a message that was sent while the store was read is no draft again", async () => {
  const { unsent, keeping } = await opened();
  unsent.draft = "hello";
  await stored(keeping);
  const reading = keeping.adopt();
  unsent.draft = "";
  unsent.queue(message);
  await reading;
  assert.equal(unsent.draft, "");
});

test("what the tab itself held, in this version and the earlier one, is taken over", async () => {
  session.set("queue:consultation:invite", JSON.stringify([message]));
  const unsent = [{ message: second, reason: "Full." }];
  session.set("unsent:consultation:invite", JSON.stringify({ unsent, draft: "half a" }));
  const { unsent: after, messages } = await opened();
  assert.deepEqual(after.queued(), [message]);
  assert.deepEqual(messages, [message]);
  assert.deepEqual(after.all().length, 1);
  assert.equal(after.draft, "half a");
  assert.ok([...session.keys()].every((key) => key.startsWith("held:")));
});

test("something else in its place, or no storage at all, does no harm", async () => {
  session.set("unsent:consultation:invite", "{");
  assert.equal((await opened()).unsent.draft, "");
  Object.defineProperty(globalThis, "sessionStorage", {
    configurable: true,
    get: () => {
      throw new DOMException("no", "SecurityError");
    },
  });
  const { unsent } = await opened();
  unsent.queue(message);
  assert.deepEqual(unsent.queued(), [message]);
});
