import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange } from "../../web/static/js/room/call/layout.js";

/** @import { Box, Corner, Scene } from "../../web/static/js/room/call/layout.js" */

/** What is left for pictures on a phone upright and on its side, and on two desks beside the chat. */
const STAGES = [
  [360, 620],
  [360, 240],
  [610, 360],
  [870, 500],
  [1030, 680],
  [1424, 680],
];
const [PORTRAIT, CAMERA, WIDE] = [9 / 16, 4 / 3, 16 / 9];
/** @type {Corner[]} */
const CORNERS = [
  { block: "start", inline: "end" },
  { block: "end", inline: "end" },
  { block: "end", inline: "start" },
  { block: "start", inline: "start" },
];

/** @param {Partial<Scene>} scene */
function arranged(scene) {
  return arrange({
    width: 870,
    height: 500,
    ratios: [],
    enlarged: -1,
    own: WIDE,
    corner: { block: "start", inline: "end" },
    fill: false,
    ...scene,
  });
}

/** @param {Box} one @param {Box} other */
const apart = (one, other) =>
  one.x + one.width <= other.x + 0.01 ||
  other.x + other.width <= one.x + 0.01 ||
  one.y + one.height <= other.y + 0.01 ||
  other.y + other.height <= one.y + 0.01;

/** @param {Box[]} boxes */
const area = (boxes) => boxes.reduce((sum, { width, height }) => sum + width * height, 0);

test("up to six pictures of any shape are whole, on the stage, and on nobody, in every corner", () => {
  let scenes = 0;
  for (const [width = 0, height = 0] of STAGES) {
    for (let people = 1; people <= 6; people += 1) {
      for (const shapes of [
        [PORTRAIT],
        [CAMERA],
        [WIDE],
        [PORTRAIT, CAMERA],
        [0, WIDE, PORTRAIT],
      ]) {
        const ratios = Array.from({ length: people }, (_, n) => shapes[n % shapes.length] ?? 0);
        for (const corner of CORNERS) {
          for (const enlarged of [-1, people - 1]) {
            const { pictures, own } = arranged({ width, height, ratios, corner, enlarged });
            const all = own ? [...pictures, own] : pictures;
            const what = JSON.stringify({ width, height, ratios, corner, enlarged, all });
            assert.equal(pictures.length, people, what);
            for (const [index, box] of all.entries()) {
              assert.ok(Math.min(box.width, box.height) >= (enlarged < 0 ? 30 : 10), what);
              assert.ok(box.x >= -0.01 && box.x + box.width <= width + 0.01, what);
              assert.ok(box.y >= -0.01 && box.y + box.height <= height + 0.01, what);
              for (const other of all.slice(index + 1)) assert.ok(apart(box, other), what);
            }
            for (const [index, box] of pictures.entries()) {
              const ratio = ratios[index];
              if (ratio) assert.ok(Math.abs(box.width / box.height - ratio) < 0.01, what);
            }
            scenes += 1;
          }
        }
      }
    }
  }
  assert.equal(scenes, STAGES.length * 6 * 5 * 4 * 2);
});

test("one picture takes all that its shape allows", () => {
  const { pictures } = arranged({ width: 360, height: 620, ratios: [CAMERA] });
  assert.deepEqual(pictures, [{ x: 0, y: 175, width: 360, height: 270 }]);
  const [upright] = arranged({ ratios: [PORTRAIT] }).pictures;
  assert.equal(upright?.height, 500);
});

test("the best number of columns follows from the shapes of stage and pictures", () => {
  /** @param {number} width @param {number} height @param {number[]} ratios */
  const columns = (width, height, ratios) =>
    new Set(arranged({ width, height, ratios, own: 0 }).pictures.map(({ x }) => Math.round(x)))
      .size;
  assert.equal(columns(360, 620, [WIDE, WIDE]), 1);
  assert.equal(columns(360, 620, [WIDE, WIDE, WIDE]), 1);
  assert.equal(columns(1030, 680, [WIDE, WIDE, WIDE, WIDE]), 2);
  assert.equal(columns(1030, 680, [PORTRAIT, PORTRAIT, PORTRAIT]), 3);
  assert.equal(columns(1424, 680, Array(6).fill(CAMERA)), 3);
});

test("the last row stands in the middle", () => {
  const { pictures } = arranged({
    width: 1000,
    height: 700,
    ratios: [CAMERA, CAMERA, CAMERA],
    own: 0,
  });
  const last = pictures[2];
  assert.ok(last && Math.abs(last.x + last.width / 2 - 500) < 0.01);
});

test("without space beside the pictures some is set aside for the own one, as little as possible", () => {
  const scene = { width: 360, height: 620, ratios: [PORTRAIT] };
  const { pictures, own } = arranged(scene);
  assert.ok(own && own.width >= 72);
  assert.ok(area(pictures) > 0.6 * area(arranged({ ...scene, own: 0 }).pictures));
});

test("who is enlarged has most of the stage, and the others stay in view", () => {
  const ratios = [WIDE, CAMERA, PORTRAIT, WIDE];
  const { pictures } = arranged({ ratios, enlarged: 1 });
  const sizes = pictures.map((box) => area([box]));
  assert.equal(sizes.indexOf(Math.max(...sizes)), 1);
  assert.ok((sizes[1] ?? 0) > 4 * (sizes[0] ?? 0));
});

test("nobody who is not there, and nobody alone, is enlarged", () => {
  const one = arranged({ ratios: [WIDE] });
  assert.deepEqual(arranged({ ratios: [WIDE], enlarged: 0 }), one);
  const two = arranged({ ratios: [WIDE, WIDE] });
  assert.deepEqual(arranged({ ratios: [WIDE, WIDE], enlarged: 5 }), two);
});

test("pictures that fill their space leave none", () => {
  const { pictures, own } = arranged({
    width: 360,
    height: 620,
    ratios: [WIDE, PORTRAIT],
    fill: true,
  });
  assert.ok(own);
  assert.ok(area(pictures) > 0.99 * 360 * 620);
});

test("a stage that is too low for it shows no own picture", () => {
  assert.equal(arranged({ height: 120, ratios: [WIDE] }).own, null);
  assert.equal(arranged({ own: 0, ratios: [WIDE] }).own, null);
});

test("before anybody is there, one sees oneself", () => {
  assert.ok(arranged({}).own);
});
