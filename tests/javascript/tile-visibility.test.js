import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { HIDE_DELAY, TileVisibility } from "../../web/static/js/room/call/tile-visibility.js";

const real = { setTimeout, clearTimeout };
let time = new FakeTime();
/** @type {any} */
let page;
/** @type {(entries: any[]) => void} */
let look;
/** @type {any[]} */
let watched;
let changes = 0;

/** A tile, or what holds tiles, or the document: whatever tells its listeners. */
class Place extends EventTarget {
  /** @param {number} clientHeight */
  constructor(clientHeight = 0) {
    super();
    this.clientHeight = clientHeight;
    this.video = {};
  }

  /** @param {unknown} one */
  contains(one) {
    return one === this.video;
  }
}

beforeEach(() => {
  time = new FakeTime();
  page = Object.assign(new EventTarget(), { hidden: false, pictureInPictureElement: null });
  watched = [];
  changes = 0;
  Object.assign(globalThis, {
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
    devicePixelRatio: 2,
    document: page,
    ResizeObserver: class {
      observe() {}
    },
    IntersectionObserver: class {
      /** @param {typeof look} callback */
      constructor(callback) {
        look = callback;
      }
      /** @param {unknown} tile */
      observe(tile) {
        watched.push(tile);
      }
    },
  });
});

afterEach(() => {
  Object.assign(globalThis, real);
});

/** @returns {{ sight: TileVisibility, tile: any, holder: any, scroll: (isIntersecting: boolean) => void }} */
function oneTile(height = 100) {
  /** @type {any} */
  const holder = new Place();
  /** @type {any} */
  const tile = new Place(height);
  const sight = new TileVisibility(holder, () => (changes += 1));
  sight.watch(tile);
  return {
    sight,
    tile,
    holder,
    scroll: (isIntersecting) => look([{ target: tile, isIntersecting }]),
  };
}

test("a height is told in the lines of the screen, in steps", () => {
  const { sight, tile } = oneTile();
  assert.deepEqual(watched, [tile]);
  assert.equal(sight.height(tile), 240);
  tile.clientHeight = 119;
  assert.equal(sight.height(tile), 240);
  tile.clientHeight = 121;
  assert.equal(sight.height(tile), 300);
});

test("a tile without height is not on the screen", () => {
  const { sight, tile } = oneTile(0);
  assert.equal(sight.height(tile), null);
});

test("a tile that was scrolled away is gone, and there as soon as it is scrolled to", () => {
  const { sight, tile, scroll } = oneTile();
  scroll(false);
  time.pass(HIDE_DELAY - 1);
  assert.equal(sight.height(tile), 240);
  changes = 0;
  time.pass(1);
  assert.equal(sight.height(tile), null);
  assert.equal(changes, 1);
  scroll(true);
  assert.equal(sight.height(tile), 240);
  assert.equal(changes, 2);
});

test("who scrolls to and fro loses no picture, and says nothing", () => {
  const { sight, tile, scroll } = oneTile();
  for (let count = 0; count < 20; count += 1) {
    scroll(false);
    time.pass(HIDE_DELAY / 2);
    assert.equal(sight.height(tile), 240);
    scroll(true);
    time.pass(HIDE_DELAY / 2);
    assert.equal(sight.height(tile), 240);
  }
  scroll(true);
  time.pass(HIDE_DELAY);
  assert.equal(sight.height(tile), 240);
});

test("of several looks at once the last one counts", () => {
  const { sight, tile } = oneTile();
  look([
    { target: tile, isIntersecting: true },
    { target: tile, isIntersecting: false },
  ]);
  time.pass(HIDE_DELAY);
  assert.equal(sight.height(tile), null);
});

test("a hidden page shows nothing but the picture in a window of its own", () => {
  const { sight, tile, holder, scroll } = oneTile();
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(changes, 1);
  assert.equal(sight.height(tile), null);
  page.pictureInPictureElement = tile.video;
  holder.dispatchEvent(new Event("enterpictureinpicture"));
  assert.equal(changes, 2);
  assert.equal(sight.height(tile), 240);
  page.hidden = false;
  scroll(false);
  time.pass(HIDE_DELAY);
  assert.equal(sight.height(tile), 240);
  page.pictureInPictureElement = null;
  changes = 0;
  holder.dispatchEvent(new Event("leavepictureinpicture"));
  assert.equal(changes, 1);
  assert.equal(sight.height(tile), null);
});

test("a browser that does not tell what is in sight shows every tile", () => {
  Reflect.deleteProperty(globalThis, "IntersectionObserver");
  const { sight, tile } = oneTile();
  assert.equal(sight.height(tile), 240);
});
