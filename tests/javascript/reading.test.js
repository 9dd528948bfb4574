import assert from "node:assert/strict";
import { test } from "node:test";
import { LONG_ENOUGH, Reading } from "../../web/static/js/room/chat/reading.js";

test("a message is read when it was on the screen for long enough, not before", () => {
  const reading = new Reading();
  assert.equal(reading.look(7, true, 5_000), LONG_ENOUGH);
  assert.equal(reading.look(7, true, 5_000 + LONG_ENOUGH - 1), 1);
  assert.equal(reading.read, 0);
  assert.equal(reading.look(7, true, 5_000 + LONG_ENOUGH), null);
  assert.equal(reading.read, 7);
});

test("whoever looks away in between begins again", () => {
  const reading = new Reading();
  reading.look(7, true, 0);
  assert.equal(reading.look(7, false, LONG_ENOUGH / 2), null);
  reading.look(7, true, LONG_ENOUGH);
  reading.look(7, true, 1.5 * LONG_ENOUGH);
  assert.equal(reading.read, 0);
  reading.look(7, true, 2 * LONG_ENOUGH);
  assert.equal(reading.read, 7);
});

test("each of several messages has its own time", () => {
  const reading = new Reading();
  reading.look(7, true, 0);
  assert.equal(reading.look(8, true, LONG_ENOUGH - 100), 100);
  assert.equal(reading.look(8, true, LONG_ENOUGH), LONG_ENOUGH - 100);
  assert.equal(reading.read, 7);
  reading.look(8, true, 2 * LONG_ENOUGH - 100);
  assert.equal(reading.read, 8);
});

test("what is not on the screen is never read, however long it takes", () => {
  const reading = new Reading();
  for (let now = 0; now < 60_000; now += 500) assert.equal(reading.look(7, false, now), null);
  assert.equal(reading.read, 0);
});

test("what was read stays read", () => {
  const reading = new Reading();
  reading.look(7, true, 0);
  reading.look(7, true, LONG_ENOUGH);
  assert.equal(reading.look(7, true, 2 * LONG_ENOUGH), null);
  reading.look(8, false, 3 * LONG_ENOUGH);
  assert.equal(reading.read, 7);
});
