import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import {
  accepted,
  foldersIn,
  mayBeDrawn,
  mayBeSent,
  sizeOf,
} from "../../web/static/js/room/files/kinds.js";
import { isDrawnTruly, isSlow, within } from "../../web/static/js/room/files/shrink.js";
import { Uploads } from "../../web/static/js/room/files/uploads.js";
import { BrowserStore } from "../../web/static/js/shared/browser-store.js";
import { overHttp, TusServer } from "./tus-server.js";

const plain = (/** @type {string} */ text) => text.replace(/[\u2068\u2069]/g, "");

test("photos and PDFs are known by their type or their ending", () => {
  for (const [name, type] of [
    ["IMG_1.HEIC", ""],
    ["photo", "image/jpeg"],
    ["letter.pdf", "application/octet-stream"],
    ["20261128", ""],
  ]) {
    assert.ok(mayBeSent({ name, type }), name);
  }
  for (const [name, type] of [
    ["letter.docx", ""],
    ["picture.svg", "image/svg+xml"],
    ["page.html", "text/html"],
    ["film.mp4", "video/mp4"],
  ]) {
    assert.ok(!mayBeSent({ name, type }), name);
  }
  assert.ok(!mayBeDrawn({ name: "IMG_1.heic", type: "" }));
  assert.ok(!mayBeDrawn({ name: "photo", type: "image/heif" }));
  assert.ok(mayBeDrawn({ name: "photo", type: "image/png" }));
});

test("each file that cannot be sent has its sentence, and the others are taken", () => {
  const file = (/** @type {string} */ name, size = 1000) => ({ name, type: "", size });
  const limits = { megabytes: 0.5, atOnce: 3 };
  const chosen = [file("a.jpg"), file("b.exe"), file("c.pdf", 600_000), file("d.png", 0)];
  const { taken, reasons } = accepted(chosen, limits, 0);
  assert.deepEqual(
    taken.map(({ name }) => name),
    ["a.jpg"],
  );
  assert.deepEqual(reasons.map(plain), [
    "b.exe is neither a photo nor a PDF.",
    "c.pdf is larger than 0.5 MB. Please choose a smaller one.",
    "d.png is empty. Please choose it again.",
  ]);
  const many = ["1.jpg", "2.jpg", "3.jpg"].map((name) => file(name));
  const some = accepted(many, limits, 1);
  assert.equal(some.taken.length, 2);
  assert.match(plain(some.reasons.join()), /No more than 3 files/);
});

test("a folder is no file, and of eleven files ten are taken", () => {
  const file = (/** @type {string} */ name) => ({ name, type: "", size: 4096 });
  const limits = { megabytes: 20, atOnce: 10 };
  const chosen = [file("Wounds"), file("1.jpg")];
  const entries = [null, { isDirectory: true }, { isDirectory: false }];
  const { taken, reasons } = accepted(chosen, limits, 0, foldersIn(chosen, entries));
  assert.deepEqual(taken, [chosen[1]]);
  assert.match(plain(reasons.join()), /^Wounds is a folder/);
  const eleven = Array.from({ length: 11 }, (_none, n) => file(`${n}.jpg`));
  const some = accepted(eleven, limits, 0);
  assert.deepEqual(some.taken, eleven.slice(0, 10));
  assert.equal(some.reasons.length, 1);
});

test("sizes are short", () => {
  assert.deepEqual(
    [10, 2_048, 1_023_000, 3_500_000].map((bytes) => plain(sizeOf(bytes))),
    ["1 kB", "2 kB", "999 kB", "3.3 MB"],
  );
});

test("a line is slow by what was measured, else by what the browser knows", () => {
  assert.ok(isSlow(100_000, 0, { effectiveType: "4g" }));
  assert.ok(!isSlow(2_000_000, 5_000, { effectiveType: "2g", saveData: true }));
  assert.ok(isSlow(0, 900));
  assert.ok(isSlow(0, 0, { effectiveType: "slow-2g" }));
  assert.ok(isSlow(0, 0, { saveData: true }));
  assert.ok(!isSlow(0, 50, { effectiveType: "4g" }));
  assert.ok(!isSlow(0, 0));
});

test("a photo is made as large as needed, never larger than it was", () => {
  assert.deepEqual(within(1000, 800), [1000, 800]);
  const [width, height] = within(4000, 3000);
  assert.ok(width * height <= 3_000_000 && width * height > 2_980_000);
  assert.ok(Math.abs(width / height - 4 / 3) < 0.01);
});

test("only what every browser draws truly is made smaller", () => {
  /** @param {...(number[] | string)} parts */
  const bytes = (...parts) =>
    new Uint8Array(
      parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part)),
    );
  const frame = (bits = 8, colors = 3) => [0xff, 0xc0, 0, 17, bits, 0, 9, 0, 9, colors];
  const xmp = (/** @type {string} */ text) => [
    0xff,
    0xe1,
    0,
    text.length + 2,
    ...Buffer.from(text),
  ];
  const png = (/** @type {number} */ bits) =>
    bytes([0x89], "PNG\r\n", [0x1a, 10], [0, 0, 0, 13], "IHDR", [0, 0, 1, 0, 0, 0, 1, 0, bits, 2]);
  assert.ok(isDrawnTruly(bytes([0xff, 0xd8], frame())));
  assert.ok(isDrawnTruly(bytes([0xff, 0xd8], xmp('tiff:Orientation="1"'), frame())));
  assert.ok(!isDrawnTruly(bytes([0xff, 0xd8], xmp('tiff:Orientation="6"'), frame())));
  assert.ok(!isDrawnTruly(bytes([0xff, 0xd8], frame(12))));
  assert.ok(!isDrawnTruly(bytes([0xff, 0xd8], frame(8, 4))));
  assert.ok(isDrawnTruly(png(8)));
  assert.ok(!isDrawnTruly(png(16)));
  assert.ok(!isDrawnTruly(bytes("RIFF....WEBPVP8X")));
  assert.ok(!isDrawnTruly(bytes([0xff, 0xd8])));
});

let server = new TusServer();

beforeEach(async () => {
  server = await new TusServer().start();
  // what an earlier page of the tab could have left
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, value: {} });
  console.warn = () => {};
});

afterEach(() => server.stop());

/**
 * @param {BrowserStore} store
 * @param {boolean} [isSlow]
 * @param {string} [seat]
 */
function page(store, isSlow = false, seat = "consultation:invite:") {
  /** @type {[requestId: string, reason: string][]} */
  const unanswered = [];
  /** @type {(() => void)[]} */
  const watchers = [];
  const uploads = new Uploads({
    store,
    seat,
    address: server.address ?? "",
    isSlow: () => isSlow,
    shrink: async () => new Blob(["small"], { type: "image/jpeg" }),
    request: overHttp,
    onChange: () => watchers.forEach((look) => look()),
    onProgress: () => {},
    onUnanswered: (...told) => unanswered.push(told),
  });
  /** @param {() => boolean} is */
  const until = (is) =>
    new Promise((resolve) => {
      const look = () => is() && resolve(null);
      watchers.push(look);
      look();
    });
  const states = () => uploads.all().map(({ state }) => state);
  return { uploads, until, states, unanswered };
}

const photo = (/** @type {string} */ name, size = 1000) => ({
  file: new Blob([new Uint8Array(randomBytes(size))], { type: "image/jpeg" }),
  name,
  caption: "",
});
const names = () => [...server.uploads.values()].map(({ metadata }) => metadata.get("filename"));

test("files are sent in their order, and nothing is left of them in the browser", async () => {
  const store = await new BrowserStore().open();
  const { uploads, until, states } = page(store);
  uploads.send([photo("1.jpg", 300_000), photo("2.jpg"), photo("3.jpg")]);
  assert.deepEqual(states(), ["waiting", "waiting", "waiting"]);
  uploads.start();
  await until(() => states().every((state) => state === "sent"));
  assert.deepEqual(names(), ["1.jpg", "2.jpg", "3.jpg"]);
  assert.deepEqual(await store.entries("uploads"), []);
  uploads.lines({ me: "me" }, new Set(uploads.all().map(({ id }) => id)));
  assert.deepEqual(uploads.all(), []);
});

test("the next page goes on with what this one has begun, also with what was made smaller", async () => {
  const store = await new BrowserStore().open();
  const first = page(store, true);
  server.instead = (method) => (method === "PATCH" ? { status: 503 } : null);
  first.uploads.send([photo("1.jpg")]);
  first.uploads.start();
  await first.until(() => first.uploads.all()[0]?.waits);
  await first.uploads.handOver();
  assert.deepEqual(first.uploads.all(), []);

  server.instead = () => null;
  const second = page(store);
  await second.uploads.adopt();
  await second.uploads.adopt();
  second.uploads.start();
  await second.until(() => second.states().join() === "sent");
  assert.equal(server.uploads.size, 1);
  assert.equal([...server.uploads.values()][0].bytes.toString(), "small");
});

test("what is still being stored when another tab takes over is that tab's", async () => {
  const store = await new BrowserStore().open();
  const { uploads } = page(store);
  uploads.send([photo("1.jpg")]);
  const stored = uploads.handOver();
  uploads.keep(true);
  await stored;
  const other = page(store);
  await other.uploads.adopt();
  assert.deepEqual(other.states(), ["waiting"]);
});

test("the original can be sent instead, as another file", async () => {
  const { uploads, until, states } = page(await new BrowserStore().open(), true);
  server.instead = (method) => (method === "PATCH" ? { status: 503 } : null);
  uploads.send([photo("1.jpg")]);
  uploads.start();
  await until(() => Boolean(uploads.all()[0]?.small) && states()[0] === "sending");
  uploads.again(uploads.all()[0].id, true);
  server.instead = () => null;
  await until(() => states().join() === "sent");
  const kept = [...server.uploads.values()].filter(({ accepted }) => accepted);
  assert.deepEqual(
    kept.map(({ size }) => size),
    [1000],
  );
});

test("a refused file says why, stays for its author, and holds nothing up", async () => {
  const { uploads, until, states } = page(await new BrowserStore().open());
  server.judge = ({ size }) =>
    size === 1000
      ? { status: 422, body: JSON.stringify({ code: "file_incomplete", text: "Send it again." }) }
      : null;
  uploads.send([photo("1.jpg"), photo("2.jpg", 2000)]);
  uploads.start();
  await until(() => states().join() === "refused,sent");
  assert.equal(uploads.all()[0].reason, "Send it again.");
  server.judge = () => null;
  uploads.again(uploads.all()[0].id);
  await until(() => states().join() === "sent,sent");
});

test("whoever loses the seat gets the files back, and the browser keeps none", async () => {
  const store = await new BrowserStore().open();
  const { uploads, states } = page(store);
  uploads.send([photo("1.jpg"), photo("2.jpg")]);
  uploads.giveBack("This session is over.");
  uploads.keep(false);
  assert.deepEqual(states(), ["refused", "refused"]);
  await Promise.all(uploads.all().map(({ ready }) => ready));
  assert.deepEqual(await store.entries("uploads"), []);
  assert.equal(server.asked.length, 0);
});

test("a photo request whose photo is refused or canceled is open again, and is told once", async () => {
  const { uploads, until, states, unanswered } = page(await new BrowserStore().open());
  const said = { code: "file_not_accepted", text: "Please send a photo." };
  server.judge = () => ({ status: 415, body: JSON.stringify(said) });
  uploads.send([{ ...photo("1.jpg"), request: "request-1" }, photo("2.jpg")]);
  uploads.start();
  await until(() => states().join() === "refused,refused");
  assert.deepEqual(unanswered, [["request-1", "Please send a photo."]]);
  // the refused one is removed, or sent again
  for (const { id } of uploads.all().slice(1)) uploads.cancel(id);
  server.instead = (method) => (method === "PATCH" ? { status: 503 } : null);
  uploads.again(uploads.all()[0].id);
  await until(() => states().join() === "sending");
  assert.equal(unanswered.length, 1);
  uploads.cancel(uploads.all()[0].id);
  assert.deepEqual(unanswered.slice(1), [["request-1", ""]]);
});

test("two seats of one browser have their files each for themselves", async () => {
  const store = await new BrowserStore().open();
  const mine = page(store);
  const other = page(store, false, "consultation:another:");
  mine.uploads.send([photo("1.jpg", 300_000)]);
  other.uploads.send([photo("2.jpg")]);
  await Promise.all([...mine.uploads.all(), ...other.uploads.all()].map(({ ready }) => ready));
  const next = page(store, false, "consultation:another:");
  await next.uploads.adopt();
  assert.deepEqual(
    next.uploads.all().map(({ name }) => name),
    ["2.jpg"],
  );
  other.uploads.keep(false);
  mine.uploads.start();
  await mine.until(() => mine.states().join() === "sent");
  assert.deepEqual(names(), ["1.jpg"]);
});

test("where the browser keeps nothing, a file lasts as long as its page, and says so", async () => {
  const { uploads, until } = page(await new BrowserStore().open());
  uploads.send([photo("1.jpg")]);
  await until(() => uploads.all()[0]?.lasts === false);
});
