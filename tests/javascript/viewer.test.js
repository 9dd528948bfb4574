import assert from "node:assert/strict";
import { test } from "node:test";
import {
  begun,
  drawnTo,
  inside,
  isSeen,
  outline,
  widths,
} from "../../web/static/js/room/files/marks.js";
import {
  fitted,
  MAX_ZOOM,
  MIN_ZOOM,
  pageAt,
  pinch,
  turnedBy,
  turnedSize,
  wheelFactor,
  withinLimits,
} from "../../web/static/js/room/files/zoom.js";

const PICTURE = { width: 1600, height: 1200 };

test("a photo is seen whole in every frame, also when it is turned", () => {
  for (const frame of [
    { width: 360, height: 500 },
    { width: 1440, height: 600 },
  ]) {
    for (const turned of [0, 1, 2, 3]) {
      const size = turnedSize(PICTURE, turned);
      const shown = fitted(size, frame);
      assert.ok(shown.width <= frame.width + 1e-9 && shown.height <= frame.height + 1e-9);
      assert.ok(
        Math.abs(shown.width - frame.width) < 1e-9 || Math.abs(shown.height - frame.height) < 1e-9,
      );
      assert.ok(Math.abs(shown.width / shown.height - size.width / size.height) < 1e-9);
    }
  }
});

test("four turns to one side are none, and one to the other side takes one back", () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((turned) => turnedBy(turned, 1)),
    [1, 2, 3, 0],
  );
  for (const turned of [0, 1, 2, 3]) assert.equal(turnedBy(turnedBy(turned, -1), 1), turned);
});

test("nothing zooms beyond the limits, whatever a wheel says", () => {
  assert.equal(withinLimits(0.2), MIN_ZOOM);
  assert.equal(withinLimits(500), MAX_ZOOM);
  assert.equal(wheelFactor(1e9), wheelFactor(200));
  assert.ok(wheelFactor(100) < 1 && wheelFactor(-100) > 1);
  assert.ok(Math.abs(wheelFactor(100) * wheelFactor(-100) - 1) < 1e-9);
});

test("two fingers have a distance and a middle", () => {
  assert.deepEqual(pinch({ x: 10, y: 20 }, { x: 40, y: 60 }), {
    distance: 50,
    middle: { x: 25, y: 40 },
  });
});

test("the page in the middle is the one that is read", () => {
  const pages = [0, 1, 2].map((index) => ({ top: index * 100, bottom: index * 100 + 90 }));
  assert.equal(pageAt(pages, 45), 0);
  assert.equal(pageAt(pages, 95), 1); // between two pages: the one that comes
  assert.equal(pageAt(pages, 1000), 2);
  assert.equal(pageAt([], 0), -1);
});

test("an arrow and a circle end where the finger is, a line goes wherever it was", () => {
  const points = [
    { x: 100, y: 100 },
    { x: 300, y: 200 },
    { x: 500, y: 100 },
  ];
  const [first, ...rest] = points;
  assert.ok(first);
  for (const [shape, count] of /** @type {const} */ ([
    ["arrow", 2],
    ["circle", 2],
    ["line", 3],
  ])) {
    const mark = rest.reduce(drawnTo, begun(shape, "blue", first));
    assert.equal(mark.points.length, count);
    assert.deepEqual(mark.points.at(-1), points.at(-1));
    assert.ok(isSeen(mark, PICTURE));
  }
});

test("a slip of the finger is no mark", () => {
  const mark = drawnTo(begun("line", "yellow", { x: 10, y: 10 }), { x: 12, y: 11 });
  assert.ok(!isSeen(mark, PICTURE));
  assert.ok(!isSeen(begun("line", "yellow", { x: 10, y: 10 }), PICTURE));
});

test("an outline begins at the first point and its head is at the tip", () => {
  const mark = drawnTo(begun("arrow", "yellow", { x: 0, y: 600 }), { x: 800, y: 600 });
  const [line, head, ...more] = outline(mark, PICTURE).slice(1).split("M");
  assert.equal(line, "0 600L800 600");
  assert.equal(more.length, 0);
  const numbers = String(head).split(/[ L]/).map(Number);
  assert.deepEqual(numbers.slice(2, 4), [800, 600]);
  // both ends of the head lie behind the tip, one on each side
  assert.ok(Number(numbers[0]) < 800 && Number(numbers[4]) < 800);
  assert.ok(Math.sign(Number(numbers[1]) - 600) === -Math.sign(Number(numbers[5]) - 600));
});

test("a circle fills the box between its corners, whichever are given", () => {
  const one = { x: 100, y: 100 };
  const other = { x: 300, y: 200 };
  const forth = outline(drawnTo(begun("circle", "blue", one), other), PICTURE);
  const back = outline(drawnTo(begun("circle", "blue", other), one), PICTURE);
  assert.equal(forth, back);
  assert.equal(forth, "M100 150A100 50 0 1 1 300 150A100 50 0 1 1 100 150Z");
});

test("marks have the same weight on small and large pictures, and stay inside", () => {
  const { line, edge } = widths(PICTURE);
  assert.equal(widths({ width: 800, height: 600 }).line, line / 2);
  assert.ok(edge > line);
  assert.deepEqual(inside({ x: -5, y: 5000 }, PICTURE), { x: 0, y: 1200 });
});
