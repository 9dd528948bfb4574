import assert from "node:assert/strict";
import { test } from "node:test";
import { Unread } from "../../web/static/js/room/chat/unread.js";

/**
 * @param {number} last position of the newest line
 * @param {{ seen?: number, first?: number, end?: number, own?: number[], events?: number[] }} [other]
 */
function room(last, { seen = 0, first = 1, end = last, own = [], events = [] } = {}) {
  const chat = Array.from({ length: end - first + 1 }, (_, n) => ({
    id: `line-${first + n}`,
    position: first + n,
    participant_id: own.includes(first + n) ? "me" : "nurse",
    kind: events.includes(first + n) ? "joined" : "text",
    text: "hello",
    sent_at: 0,
  }));
  return { me: "me", seq: 1, chat, last, seen: { me: seen } };
}

/**
 * What is looked at is read as well.
 * @param {Unread} unread
 * @param {ReturnType<typeof room>} now
 * @param {boolean} visible
 * @param {boolean} looking
 */
function observe(unread, now, visible, looking) {
  unread.observe(now, visible, looking, visible && looking ? now.last : 0);
}

/** @param {Unread} unread @param {ReturnType<typeof room>} now */
const marks = (unread, now) =>
  unread
    .marked(now)
    .map((line, n, all) => (line.kind === "unread" ? all[n + 1]?.position : 0))
    .filter(Boolean);

test("the mark stands above the first message that was not seen when the page was opened", () => {
  const unread = new Unread();
  const now = room(9, { seen: 5, own: [6], events: [7] });
  observe(unread, now, true, true);
  assert.deepEqual(marks(unread, now), [8]);
  // and it stays there while the reader reads on
  observe(unread, room(12, { seen: 12 }), true, true);
  assert.deepEqual(marks(unread, room(12)), [6]);
});

test("what comes while the reader looks at the end is not marked", () => {
  const unread = new Unread();
  observe(unread, room(3, { seen: 3 }), true, true);
  observe(unread, room(4), true, true);
  assert.deepEqual(marks(unread, room(4)), []);
});

test("there is none for somebody who has never been here, nor when nothing is new", () => {
  for (const now of [room(9), room(9, { seen: 9 }), room(7, { seen: 5, own: [6], events: [7] })]) {
    const unread = new Unread();
    observe(unread, now, true, true);
    assert.deepEqual(marks(unread, now), []);
  }
});

test("whoever comes back to the page sees where they left it", () => {
  const unread = new Unread();
  observe(unread, room(3, { seen: 3 }), true, true);
  unread.hide();
  observe(unread, room(5), false, true);
  assert.deepEqual(marks(unread, room(5)), []);
  assert.equal(unread.count(room(5)), 2);
  observe(unread, room(5), true, true);
  assert.deepEqual(marks(unread, room(5)), [4]);
  assert.equal(unread.count(room(5)), 0);
  unread.hide();
  observe(unread, room(5), true, true);
  assert.deepEqual(marks(unread, room(5)), []);
});

test("messages that come while older ones are read are counted and marked", () => {
  const unread = new Unread();
  observe(unread, room(3, { seen: 3 }), true, true);
  const now = room(7, { own: [5], events: [6] });
  observe(unread, now, true, false);
  assert.equal(unread.count(now), 2);
  assert.ok(unread.isBehind(now));
  assert.deepEqual(marks(unread, now), [4]);
  observe(unread, now, true, true);
  assert.equal(unread.count(now), 0);
  unread.clear();
  assert.deepEqual(marks(unread, now), []);
});

test("nothing is marked where the first new message is not held; all are counted", () => {
  const unread = new Unread();
  const now = room(200, { seen: 20, first: 151 });
  observe(unread, now, false, true);
  assert.deepEqual(marks(unread, now), []);
  const earlier = room(200, { seen: 20, first: 21 });
  assert.deepEqual(marks(unread, earlier), [21]);
  // older lines are held, the newest are not
  assert.equal(unread.count(room(200, { seen: 20, first: 1, end: 30 })), 180);
});

test("before the first snapshot nothing is known", () => {
  const unread = new Unread();
  const before = { ...room(0), seq: -1 };
  observe(unread, before, true, true);
  assert.equal(unread.count(before), 0);
  const now = room(4, { seen: 2 });
  observe(unread, now, true, true);
  assert.deepEqual(marks(unread, now), [3]);
});

test("what was on the screen for a moment only is still new", () => {
  const unread = new Unread();
  observe(unread, room(3, { seen: 3 }), true, true);
  unread.observe(room(4), true, true, 3);
  assert.deepEqual(marks(unread, room(4)), []);
  unread.observe(room(4), true, false, 3);
  assert.deepEqual(marks(unread, room(4)), [4]);
  assert.equal(unread.count(room(4)), 1);
  unread.observe(room(4), true, true, 4);
  assert.equal(unread.count(room(4)), 0);
});
