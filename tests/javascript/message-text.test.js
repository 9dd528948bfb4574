import assert from "node:assert/strict";
import { test } from "node:test";
import { cleaned, inParts, lengthOf } from "../../web/static/js/room/chat/message-text.js";

test("half a character is replaced: a message that holds it would never arrive", () => {
  assert.equal(cleaned("so \ud83d\ude00 it is\ud83d"), "so \ud83d\ude00 it is\ufffd");
});

test("characters are counted as the server does: composed, and each emoji once", () => {
  assert.equal(lengthOf(cleaned("e\u0301\ud83d\ude00")), 2);
});

test("what is short enough stays whole", () => {
  assert.deepEqual(inParts("Take one\n\nin the morning.", 40), ["Take one\n\nin the morning."]);
  assert.deepEqual(inParts(" \n ", 40), []);
});

for (const [end, text, parts] of /** @type {[string, string, string[]][]} */ ([
  ["lines", "first of all this\nsecond. third", ["first of all this", "second. third"]],
  ["sentences", "One is enough. Two are more", ["One is enough.", "Two are more"]],
  ["sentences of Amharic", "አንድ በቂ ነው። ሁለት ብዙ ናቸው በእውነት", ["አንድ በቂ ነው።", "ሁለት ብዙ ናቸው በእውነት"]],
  ["words", "one two three four five six", ["one two three four", "five six"]],
  ["nothing", "x".repeat(45), ["x".repeat(20), "x".repeat(20), "x".repeat(5)]],
])) {
  test(`a long text is divided between ${end}`, () => {
    assert.deepEqual(inParts(text, 20), parts);
  });
}

test("no word of a divided text is lost or changed", () => {
  const words = Array.from(
    { length: 3_000 },
    (_, index) => `${index}${"🙂.!?؟。\n".at(index % 7)}`,
  );
  const text = words.join(" ");
  const parts = inParts(text, 400);
  assert.ok(parts.every((part) => lengthOf(part) <= 400));
  assert.deepEqual(parts.join(" ").split(/\s+/), text.split(/\s+/));
});
