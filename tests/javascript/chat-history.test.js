import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isAtEnd,
  isAtStart,
  MAX_HELD_LINES,
  withLine,
  withNewest,
  withoutOldest,
  withPage,
} from "../../web/static/js/room/chat-history.js";

/** @import { ChatLine } from "../../web/static/js/signaling/values.js" */
/** @import { History } from "../../web/static/js/room/chat-history.js" */

/**
 * @param {number} position
 * @returns {ChatLine}
 */
const line = (position) => ({
  id: `line-${position}`,
  position,
  participant_id: "U",
  kind: "text",
  text: "hello",
  sent_at: 0,
});

/**
 * @param {number} from
 * @param {number} to
 */
const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => line(from + index));

/** @type {History} */
const nothing = { chat: [], last: 0 };

/**
 * @param {number} from
 * @param {number} to
 * @param {number} [last]
 * @returns {History}
 */
const held = (from, to, last = to) => ({ chat: lines(from, to), last });

/** @param {History} history */
const range = ({ chat, last }) => {
  const positions = chat.map((one) => one.position);
  const first = positions[0] ?? 0;
  assert.deepEqual(
    positions,
    positions.map((_, index) => first + index),
    "without holes and without doubles",
  );
  return [first, positions.at(-1) ?? 0, last];
};

test("a chat is read back to its first line, and no further page is requested", () => {
  let history = withNewest(nothing, lines(151, 250));
  assert.ok(!isAtStart(history) && isAtEnd(history));
  history = withPage(history, lines(51, 150));
  history = withPage(history, lines(1, 50));
  assert.ok(isAtStart(history));
  assert.deepEqual(range(history), [1, 250, 250]);
});

test("lines far from the reader are dropped, and read again from there", () => {
  let history = withPage(held(101, 100 + MAX_HELD_LINES), lines(1, 100));
  assert.deepEqual(range(history), [1, MAX_HELD_LINES, 100 + MAX_HELD_LINES]);
  assert.ok(!isAtEnd(history));
  history = withPage(history, lines(MAX_HELD_LINES + 1, MAX_HELD_LINES + 100));
  assert.deepEqual(range(history), [101, 100 + MAX_HELD_LINES, 100 + MAX_HELD_LINES]);
  assert.ok(isAtEnd(history));
});

test("a new line follows the newest one only", () => {
  assert.deepEqual(range(withLine(held(1, 5), line(6))), [1, 6, 6]);
  assert.deepEqual(range(withLine(held(1, 5, 9), line(10))), [1, 5, 10]);
  assert.deepEqual(range(withLine(nothing, line(1))), [1, 1, 1]);
});

test("a late line is inserted at its position, a repeated one once", () => {
  const early = withLine(held(901, 950), line(952));
  assert.deepEqual(range(withLine(early, line(951))), [901, 952, 952]);
  assert.deepEqual(range(withLine(withLine(nothing, line(2)), line(1))), [1, 2, 2]);
  assert.deepEqual(range(withLine(held(1, 5), line(5))), [1, 5, 5]);
});

test("after a snapshot older lines stay if none is missing in between", () => {
  assert.deepEqual(range(withNewest(held(1, 400), lines(350, 449))), [1, 449, 449]);
  assert.deepEqual(range(withNewest(held(1, 400), lines(401, 500))), [1, 500, 500]);
});

test("after a snapshot with a gap before it only its own lines are held", () => {
  assert.deepEqual(range(withNewest(held(1, 400), lines(402, 501))), [402, 501, 501]);
});

test("older lines that are being read stay after a snapshot", () => {
  assert.deepEqual(range(withNewest(held(1, 400, 900), lines(1001, 1100))), [1, 400, 1100]);
});

test("a chat that has become shorter is taken as it is", () => {
  assert.deepEqual(range(withNewest(held(1, 400), lines(1, 50))), [1, 50, 50]);
  assert.deepEqual(range(withNewest(held(1, 400), [])), [0, 0, 0]);
});

test("a page that does not adjoin the held lines changes nothing", () => {
  const history = held(901, 1000);
  assert.equal(withPage(history, lines(301, 400)), history);
  assert.deepEqual(range(withPage(history, [])), [901, 1000, 1000]);
});

test("the held lines do not grow without limit", () => {
  let history = held(1, 1);
  for (let position = 2; position <= 2 * MAX_HELD_LINES + 50; position += 1) {
    history = withLine(history, line(position));
  }
  assert.deepEqual(range(history), [1, 2 * MAX_HELD_LINES, 2 * MAX_HELD_LINES + 50]);
  assert.equal(withoutOldest(held(1, MAX_HELD_LINES + 5)).chat.length, MAX_HELD_LINES);
});
