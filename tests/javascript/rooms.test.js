// The folders of the front end: no circle between modules, and each folder imports only those listed.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const ROOT = "web/static/js";
const MAX_FILES = 25;

/**
 * Folder -> the other folders that it may import, for types too.
 * @type {Record<string, string[]>}
 */
const MAY_IMPORT = {
  // for a type alone: first.js stands in the page by itself
  ".": ["signaling"],
  engines: [],
  // bell.js says until when
  shared: ["shared/time"],
  "shared/text": ["shared"],
  "shared/time": ["shared"],
  signaling: ["shared", "shared/time"],
  // attachments.js and photos.js load what is in room/files when it is used
  room: ["room/call", "room/files", "room/greenroom", "shared", "shared/time", "signaling"],
  "room/call": ["room", "room/line", "room/saving", "shared", "signaling"],
  "room/line": [],
  "room/saving": ["room/files", "shared"],
  "room/greenroom": ["room", "room/call", "room/files", "shared", "shared/time", "signaling"],
  "room/chat": ["room", "shared", "shared/text", "shared/time", "signaling"],
  "room/files": ["room", "room/call", "room/chat", "shared", "shared/time", "signaling"],
  forms: ["shared", "shared/time"],
  worker: [],
  "device-test": ["shared", "signaling"],
  pages: [
    ...["device-test", "forms", "room", "room/call", "room/chat", "room/files"],
    ...["room/greenroom", "room/saving", "shared", "shared/time", "signaling"],
  ],
};

const IMPORT = /(?:from |import |import\()"(\.[^"]+)"/g;

/**
 * @param {Map<string, string>} sources by path
 * @returns {Map<string, string[]>} path -> paths that it imports
 */
function importsOf(sources) {
  return new Map(
    [...sources].map(([path, source]) => [
      path,
      [...source.matchAll(IMPORT)].map(([, name = ""]) => posix.join(posix.dirname(path), name)),
    ]),
  );
}

/**
 * @param {Map<string, string[]>} imports
 * @returns {string[]} the modules of a circle, empty if there is none
 */
function circle(imports) {
  const done = new Set();
  /** @type {(path: string, trail: string[]) => string[]} */
  const follow = (path, trail) => {
    if (trail.includes(path)) return trail.slice(trail.indexOf(path));
    if (done.has(path)) return [];
    for (const next of imports.get(path) ?? []) {
      const found = follow(next, [...trail, path]);
      if (found.length) return found;
    }
    done.add(path);
    return [];
  };
  return [...imports.keys()].map((path) => follow(path, [])).find((found) => found.length) ?? [];
}

/**
 * @param {Map<string, string[]>} imports
 * @returns {string[]} what the table does not allow
 */
function forbidden(imports) {
  return [...imports].flatMap(([path, names]) => {
    const folder = posix.dirname(path);
    const allowed = MAY_IMPORT[folder];
    return names
      .filter((name) => posix.dirname(name) !== folder)
      .filter((name) => !allowed?.includes(posix.dirname(name)))
      .map((name) => `${path}: ${name}`);
  });
}

/** @type {Map<string, string>} path below ROOT -> source */
const sources = new Map();
for (const folder of Object.keys(MAY_IMPORT)) {
  for (const name of readdirSync(posix.join(ROOT, folder)).filter((each) => each.endsWith(".js"))) {
    sources.set(posix.join(folder, name), readFileSync(posix.join(ROOT, folder, name), "utf8"));
  }
}

test("no module imports itself by way of others", () => {
  assert.deepEqual(circle(importsOf(sources)), []);
});

test("each folder imports only those that the table allows", () => {
  assert.deepEqual(forbidden(importsOf(sources)), []);
});

test("every folder is in the table, and none holds too many files", () => {
  const folders = readdirSync(ROOT, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(".js"))
    .map((path) => posix.dirname(path));
  assert.deepEqual([...new Set(folders)].sort(), Object.keys(MAY_IMPORT).sort());
  for (const folder of Object.keys(MAY_IMPORT)) {
    assert.ok(folders.filter((each) => each === folder).length <= MAX_FILES, folder);
  }
});

test("a planted circle and a planted import are found", () => {
  const planted = new Map([
    ["room/a.js", '/** @import { B } from "./chat/b.js" */'],
    ["room/chat/b.js", 'const { a } = await import("../a.js");'],
  ]);
  assert.deepEqual(circle(importsOf(planted)), ["room/a.js", "room/chat/b.js"]);
  assert.deepEqual(forbidden(importsOf(planted)), ["room/a.js: room/chat/b.js"]);
});
