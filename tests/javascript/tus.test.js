import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { ownSha256, sha256 } from "../../web/static/js/room/files/sha256.js";
import {
  Aborted,
  BLOCK,
  encoded,
  FileRefused,
  Speed,
  TusUpload,
} from "../../web/static/js/room/files/tus.js";
import { overHttp, TusServer } from "./tus-server.js";

let server = new TusServer();

beforeEach(async () => {
  server = await new TusServer().start();
});

afterEach(() => server.stop());

/**
 * @param {Buffer} content
 * @param {Partial<import("../../web/static/js/room/files/tus.js").TusFile>} [file]
 */
function upload(content, file = {}) {
  /** @type {(number | boolean)[]} */
  const told = [];
  const speed = new Speed();
  const tus = new TusUpload(
    {
      id: "file-1",
      blob: new Blob([new Uint8Array(content)]),
      metadata: { filename: "Röntgen.jpg", caption: "" },
      begun: false,
      ...file,
    },
    {
      address: server.address ?? "",
      request: overHttp,
      speed,
      onProgress: (bytes) => told.push(bytes),
      onWaiting: (waits) => told.push(waits),
      // pauses are not waited for
      environment: {
        setTimeout: (action, delay) => setTimeout(action, delay > 20_000 ? delay : 0),
      },
    },
  );
  return { tus, told, speed };
}

const stored = () => server.uploads.get("file-1");

test("a file arrives in pieces, with its name and what it holds", async () => {
  const content = randomBytes(20 * BLOCK + 5);
  const { tus, told } = upload(content);
  await tus.run();
  assert.ok(stored()?.bytes.equals(content));
  assert.equal(stored()?.metadata.get("filename"), "Röntgen.jpg");
  assert.deepEqual(server.asked.slice(0, 2), ["POST", "PATCH"]);
  assert.equal(Math.max(...told.map(Number)), content.length);
});

test("an empty caption and a name in any script are metadata that the protocol can carry", () => {
  assert.equal(encoded({ filename: "ሰላም", caption: "" }), "filename 4Yiw4YiL4Yid,caption ");
});

test("after a cut it goes on where it was, and sends less than a block twice", async () => {
  const content = randomBytes(12 * BLOCK);
  server.cutAt = 2 * BLOCK + 100;
  await upload(content).tus.run();
  assert.ok(stored()?.bytes.equals(content));
  assert.equal(server.asked.filter((method) => method === "HEAD").length, 1);
  assert.ok(server.received < content.length + BLOCK);
});

test("an earlier page's upload is continued, also if the server has all of it", async () => {
  const content = randomBytes(4 * BLOCK);
  const upTo = (/** @type {number} */ bytes) =>
    server.uploads.set("file-1", {
      metadata: new Map(),
      size: content.length,
      bytes: content.subarray(0, bytes),
      accepted: false,
    });
  for (const reached of [3 * BLOCK, content.length]) {
    upTo(reached);
    server.asked = [];
    server.received = 0;
    await upload(content, { begun: true }).tus.run();
    assert.deepEqual(server.asked, ["HEAD", "PATCH"]);
    assert.equal(server.received, content.length - reached);
    assert.equal(stored()?.accepted, true);
  }
});

test("what the server has forgotten begins again", async () => {
  const content = randomBytes(2 * BLOCK);
  await upload(content, { begun: true }).tus.run();
  assert.deepEqual(server.asked, ["HEAD", "POST", "PATCH"]);
  assert.ok(stored()?.bytes.equals(content));
});

test("a refusal is given with its code and sentence, whenever it comes", async () => {
  const body = JSON.stringify({ code: "file_too_large", text: "Too large." });
  const refused = (/** @type {unknown} */ error) =>
    error instanceof FileRefused &&
    error.code === "file_too_large" &&
    error.message === "Too large.";
  server.instead = (method) => (method === "POST" ? { status: 413, body } : null);
  await assert.rejects(upload(randomBytes(10)).tus.run(), refused);
  server.instead = () => null;
  server.judge = () => ({ status: 413, body });
  await assert.rejects(upload(randomBytes(10)).tus.run(), refused);
});

test("what passes is tried again until it is over", async () => {
  const failures = [503, 500, 429, 460, 409];
  server.instead = (method) => {
    const status = method === "PATCH" ? failures.shift() : undefined;
    return status ? { status } : null;
  };
  const content = randomBytes(3 * BLOCK);
  const { tus, told } = upload(content);
  await tus.run();
  assert.deepEqual(failures, []);
  assert.ok(stored()?.bytes.equals(content));
  assert.ok(told.includes(true), "said that it waits");
  assert.equal(told.filter((word) => typeof word === "boolean").at(-1), false);
});

test("a page of somebody else's on the way is no answer", async () => {
  let pages = 3;
  server.instead = () => (pages-- > 0 ? { status: 200, body: "<p>Sign in to the Wi-Fi" } : null);
  const content = randomBytes(BLOCK);
  await upload(content).tus.run();
  assert.ok(stored()?.bytes.equals(content));
});

test("a proxy that takes small bodies only gets small ones", async () => {
  const content = randomBytes(9 * BLOCK);
  const { tus } = upload(content);
  const { request } = tus.options;
  tus.options.request = (asked) =>
    (asked.body?.byteLength ?? 0) > 2 * BLOCK
      ? Promise.resolve({ status: 413, header: () => null, text: "<h1>413</h1>" })
      : request(asked);
  await tus.run();
  assert.ok(stored()?.bytes.equals(content));
  assert.ok(server.largest <= 2 * BLOCK);
});

test("a canceled file is deleted, and nothing more of it is sent", async () => {
  const content = randomBytes(40 * BLOCK);
  const { tus } = upload(content);
  /** @type {Promise<void> | null} */
  let canceled = null;
  tus.options.onProgress = (bytes) => {
    if (bytes > BLOCK) canceled ??= tus.cancel();
  };
  await assert.rejects(tus.run(), Aborted);
  await canceled;
  assert.equal(server.uploads.size, 0);
});

test("coming back ends the pause, and a request that was silent for long", async () => {
  const { tus } = upload(randomBytes(BLOCK));
  let now = 0;
  /** @type {(() => void)[]} */
  const timers = [];
  tus.environment.now = () => now;
  tus.environment.setTimeout = (action) => timers.push(action);
  const { request } = tus.options;
  let attempts = 0;
  /** @type {(value?: unknown) => void} */
  let hangs = () => {};
  const hanging = new Promise((resolve) => (hangs = resolve));
  tus.options.request = (asked) => {
    attempts += 1;
    if (attempts === 1) return Promise.reject(new TypeError("offline"));
    if (attempts > 2) return request(asked);
    hangs();
    return new Promise((_, reject) =>
      asked.signal.addEventListener("abort", () => reject(new Error())),
    );
  };
  tus.options.onWaiting = undefined;
  const done = tus.run();
  const wakeOnce = async () => {
    const before = attempts;
    for (let turn = 0; attempts === before; turn += 1) {
      assert.ok(turn < 10_000, "it does not go on");
      tus.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await wakeOnce();
  await hanging;
  tus.wake();
  assert.equal(attempts, 2);
  now = 10_000;
  tus.wake();
  await wakeOnce();
  await done;
  assert.equal(stored()?.accepted, true);
});

test("pieces take some seconds on every line, and end where blocks do", () => {
  const speed = new Speed();
  assert.equal(speed.piece, 4 * BLOCK);
  speed.add(1_000_000, 100);
  assert.equal(speed.piece, 16 * BLOCK);
  const slow = new Speed();
  slow.add(BLOCK, 60_000);
  assert.equal(slow.piece, BLOCK);
  const usual = new Speed();
  usual.add(250_000, 1_000);
  assert.equal(usual.piece % BLOCK, 0);
  assert.ok(usual.piece > 600_000 && usual.piece < 900_000);
});

test("the digest is SHA-256, with the browser's help and without", async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1_000, 2_500_000]) {
    const content = new Uint8Array(randomBytes(length));
    const expected = createHash("sha256").update(content).digest("hex");
    assert.equal(await ownSha256(content), expected, String(length));
    assert.equal(await sha256(content), expected, String(length));
  }
});
