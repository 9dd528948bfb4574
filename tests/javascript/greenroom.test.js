import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isAwaited,
  LASTS,
  nextStep,
  whenTooLate,
  wishOf,
  withoutWish,
} from "../../web/static/js/room/greenroom/wish.js";
import { FakeTime } from "./fake-time.js";
import { EMPTY, isSaidElsewhere } from "../../web/static/js/room/state.js";

/**
 * @param {string} state
 * @param {Partial<import("../../web/static/js/room/state.js").Room>} [changes]
 * @returns {import("../../web/static/js/room/state.js").Room}
 */
function room(state, changes = {}) {
  return {
    ...EMPTY,
    me: "nurse",
    consultation: { consultation_id: "c", state, kind: "remote" },
    participants: [person("nurse", "scheduler"), person("amina", "service_user")],
    ...changes,
  };
}

/**
 * @param {string} id
 * @param {"scheduler" | "service_user"} role
 */
const person = (id, role, online = true) => ({
  participant_id: id,
  role,
  name: id,
  online,
  present: true,
  calls: true,
});
const away = {
  participants: [person("nurse", "scheduler"), person("amina", "service_user", false)],
};
/** @type {any} */
const call = { call_id: "call", members: [] };

test("the address says what is wanted, once", () => {
  assert.equal(wishOf("?start=video"), "video");
  assert.equal(wishOf("?start=chat"), "chat");
  assert.equal(wishOf("?start=fire"), null);
  assert.equal(wishOf(""), null);
  const address = "https://a.example/sessions/c?start=video&back=1#chat";
  assert.equal(withoutWish(address), "https://a.example/sessions/c?back=1#chat");
});

test("a wish begins the session, calls, and is done", () => {
  assert.equal(nextStep("video", EMPTY), "wait");
  for (const state of ["planned", "waiting"]) assert.equal(nextStep("video", room(state)), "start");
  assert.equal(nextStep("video", room("kept_open")), "resume");
  assert.equal(nextStep("video", room("active")), "call");
  assert.equal(nextStep("video", room("active", { call })), "done");
  assert.equal(nextStep("chat", room("waiting")), "start");
  assert.equal(nextStep("chat", room("active")), "done");
  assert.equal(nextStep("video", room("closed")), "done");
});

test("nobody who is away is rung: the wish waits for them", () => {
  for (const state of ["planned", "waiting", "kept_open", "active"]) {
    assert.equal(nextStep("video", room(state, away)), "wait");
  }
  assert.equal(nextStep("chat", room("active", away)), "done");
});

test("a colleague alone starts nothing, as on the server", () => {
  const colleague = person("lee", "scheduler");
  const participants = [...away.participants, colleague];
  assert.equal(nextStep("video", room("waiting", { participants })), "wait");
  assert.ok(isAwaited(room("waiting", { participants })));
  assert.ok(!isAwaited(room("waiting")));
});

test("where no browser can take a call, nobody's camera opens for one", () => {
  const participants = [
    person("nurse", "scheduler"),
    { ...person("amina", "service_user"), calls: false },
  ];
  assert.equal(nextStep("video", room("waiting", { participants })), "start");
  assert.equal(nextStep("video", room("active", { participants })), "done");
});

test("a wish is given up when nobody has come for long", () => {
  const time = new FakeTime();
  let given = 0;
  whenTooLate(() => (given += 1), time.setTimeout);
  time.pass(LASTS - 1);
  assert.equal(given, 0);
  time.pass(1);
  assert.equal(given, 1);
});

test("an arrival is said once", () => {
  /** @type {(kind: string, who: string) => any} */
  const line = (kind, who) => ({ kind, participant_id: who });
  const desk = room("active");
  const phone = { ...desk, me: "amina" };
  assert.ok(isSaidElsewhere(desk, line("joined", "amina")));
  assert.ok(isSaidElsewhere(phone, line("joined", "nurse")));
  assert.ok(!isSaidElsewhere(phone, line("joined", "amina")));
  assert.ok(!isSaidElsewhere(desk, line("text", "amina")));
  assert.ok(isSaidElsewhere(desk, line("call_declined", "amina")));
});
