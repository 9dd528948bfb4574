import assert from "node:assert/strict";
import { test } from "node:test";
import { SignInEnd } from "../../web/static/js/signaling/sign-in-end.js";

const MINUTE = 60_000;

/** @param {number} left milliseconds by the server's clock @param {number} [at] */
function told(left, at = Date.now() + left) {
  const end = new SignInEnd();
  end.follow({ type: "sign_in_ends", at, left });
  return { soon: end.isSoon, over: end.isOver };
}

test("the end is shown from five minutes before, and once it is over", () => {
  assert.deepEqual(told(6 * MINUTE), { soon: false, over: false });
  assert.deepEqual(told(5 * MINUTE), { soon: true, over: false });
  assert.deepEqual(told(0), { soon: false, over: true });
});

test("it is over for a page whose line was down when it came", () => {
  assert.deepEqual(told(8 * 60 * MINUTE, Date.now() - MINUTE), { soon: false, over: true });
});

test("nothing is over before the server has said when", () => {
  const end = new SignInEnd();
  assert.deepEqual([end.isSoon, end.isOver], [false, false]);
});
