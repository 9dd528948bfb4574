import assert from "node:assert/strict";
import { test } from "node:test";
import {
  after,
  callPhase,
  deliveryOf,
  EMPTY,
  hostOf,
  nameOf,
  otherSide,
  resumePoint,
} from "../../web/static/js/room/state.js";

/**
 * @import { ServerMessage } from "../../web/static/js/signaling/messages.js"
 * @import { CallView, ChatLine, Participant } from "../../web/static/js/signaling/values.js"
 */
/** @import { Room } from "../../web/static/js/room/state.js" */

/** @type {Participant} */
const scheduler = { participant_id: "S", role: "scheduler", name: "Ana", online: true };
/** @type {Participant} */
const guest = { participant_id: "U", role: "service_user", name: "Amina", online: true };

/**
 * @param {boolean} resumed
 * @returns {ServerMessage}
 */
const welcome = (resumed, me = "U") => ({
  type: "welcome",
  version: 1,
  server_time: 0,
  participant_id: me,
  peer_id: "peer-of-me",
  epoch: "epoch-one",
  resumed,
  ice_servers: [],
  media_policy: "auto",
});

/**
 * @param {Partial<import("../../web/static/js/signaling/messages.js").Snapshot>} [changes]
 * @returns {ServerMessage}
 */
const snapshot = (changes = {}) => ({
  type: "snapshot",
  seq: 5,
  consultation: { consultation_id: "C", state: "waiting", kind: "remote" },
  participants: [scheduler, guest],
  chat: [],
  seen: {},
  ...changes,
});

/**
 * @param {number} position
 * @returns {ChatLine}
 */
const line = (position, id = `line-${position}`) => ({
  id,
  position,
  participant_id: "U",
  kind: "text",
  text: "hello",
  sent_at: 0,
});

/**
 * @param {ServerMessage[]} messages
 * @returns {Room}
 */
const roomAfter = (...messages) =>
  messages.reduce((room, message) => after(room, message).room, EMPTY);

test("a snapshot and the events after it make the room", () => {
  const room = roomAfter(welcome(false), snapshot({ chat: [line(2), line(1)] }), {
    type: "chat_added",
    seq: 6,
    message: line(3),
  });
  assert.deepEqual(
    room.chat.map((one) => one.position),
    [1, 2, 3],
  );
  assert.deepEqual(resumePoint(room), { epoch: "epoch-one", seq: 6 });
});

test("an event that is seen twice changes nothing the second time", () => {
  const room = roomAfter(welcome(false), snapshot(), {
    type: "participant_removed",
    seq: 6,
    participant_id: "S",
  });
  const again = after(room, { type: "participant_changed", seq: 6, participant: scheduler });
  assert.equal(again.gap, false);
  assert.equal(again.room, room);
});

test("a missing event is a gap, and the room stays as it was", () => {
  const room = roomAfter(welcome(false), snapshot());
  const { room: next, gap } = after(room, { type: "chat_added", seq: 7, message: line(1) });
  assert.equal(gap, true);
  assert.equal(next, room);
});

test("an event before any snapshot is a gap", () => {
  const room = roomAfter(welcome(false));
  assert.equal(after(room, { type: "chat_added", seq: 0, message: line(1) }).gap, true);
});

test("a resumed connection goes on, another one waits for its snapshot", () => {
  const room = roomAfter(welcome(false), snapshot());
  assert.equal(resumePoint(after(room, welcome(true)).room)?.seq, 5);
  assert.equal(resumePoint(after(room, welcome(false)).room), null);
});

test("a chat line that is known already is not added again", () => {
  const room = roomAfter(welcome(false), snapshot({ chat: [line(1, "mine")] }), {
    type: "chat_added",
    seq: 6,
    message: line(1, "mine"),
  });
  assert.equal(room.chat.length, 1);
});

test("a message is seen when somebody else has seen it", () => {
  const room = roomAfter(welcome(false), snapshot({ chat: [line(4)], seen: { U: 9, S: 3 } }));
  assert.equal(deliveryOf(room, line(4)), "sent");
  const seen = after(room, { type: "seen_changed", seq: 6, participant_id: "S", position: 4 }).room;
  assert.equal(deliveryOf(seen, line(4)), "seen");
});

test("a scheduler's other side is everybody else, and theirs is the scheduler", () => {
  const away = { ...scheduler, online: false };
  const colleague = { ...guest, participant_id: "K", role: /** @type {const} */ ("colleague") };
  assert.equal(otherSide(roomAfter(welcome(false), snapshot())), "here");
  assert.equal(
    otherSide(roomAfter(welcome(false), snapshot({ participants: [away, guest, colleague] }))),
    "away",
  );
  const alone = snapshot({ participants: [scheduler, { ...guest, online: false }] });
  assert.equal(otherSide(roomAfter(welcome(false, "S"), alone)), "away");
});

test("whoever is named to the others is there for them, or is still to come", () => {
  const away = { ...scheduler, online: false };
  const lee = { ...scheduler, participant_id: "L", name: "Lee" };
  const former = { ...away, participant_id: "F", name: "Fay", former: true };
  const found = (/** @type {Participant[]} */ ...participants) =>
    hostOf(roomAfter(welcome(false), snapshot({ participants })))?.name;
  assert.equal(found(former, guest, away), "Ana");
  assert.equal(found(former, away, lee, guest), "Lee");
  assert.equal(found(guest), undefined);
});

test("a scheduler in another session is busy until they come", () => {
  const consultation = {
    consultation_id: "C",
    state: "waiting",
    kind: /** @type {const} */ ("remote"),
    scheduler_busy: true,
  };
  const participants = [{ ...scheduler, online: false }, guest];
  assert.equal(
    otherSide(roomAfter(welcome(false), snapshot({ consultation, participants }))),
    "busy",
  );
  assert.equal(otherSide(roomAfter(welcome(false), snapshot({ consultation }))), "here");
});

/**
 * @param {CallView["members"]} members
 * @param {CallView["state"]} state
 * @returns {CallView}
 */
const call = (members, state = "ongoing") => ({
  call_id: "call",
  media: "video",
  state,
  started_by: "S",
  started_at: 0,
  topology: "mesh",
  members,
});

for (const [members, phase] of /** @type {[CallView["members"], string][]} */ ([
  [[{ participant_id: "U", state: "ringing" }], "incoming"],
  [[{ participant_id: "U", state: "joined", peer_id: "this-page" }], "joined"],
  [[{ participant_id: "U", state: "joined", peer_id: "old-page" }], "elsewhere"],
  [[{ participant_id: "U", state: "left" }], "joinable"],
  [[{ participant_id: "U", state: "declined" }], "joinable"],
  [[{ participant_id: "S", state: "joined", peer_id: "x" }], "joinable"],
])) {
  test(`a call with ${JSON.stringify(members)} is ${phase}`, () => {
    const room = roomAfter(welcome(false), snapshot({ call: call(members) }));
    assert.equal(callPhase(room, "this-page"), phase);
  });
}

for (const state of /** @type {const} */ (["ended", "missed", "refused"])) {
  test(`a call that is ${state} is gone`, () => {
    const room = roomAfter(welcome(false), snapshot({ call: call([]) }), {
      type: "call_changed",
      seq: 6,
      call: call([], state),
    });
    assert.equal(callPhase(room, "this-page"), "none");
  });
}

test("a photo that somebody turns is turned on its line, and no other", () => {
  const attachment = { name: "wound.jpg", size: 1, width: 4, height: 3 };
  const chat = [1, 2].map((position) => ({ ...line(position), kind: "photo", attachment }));
  const room = roomAfter(welcome(false), snapshot({ chat }), {
    type: "photo_turned",
    seq: 6,
    line_id: "line-2",
    turned: 3,
  });
  assert.deepEqual(
    room.chat.map((shown) => shown.attachment?.turned),
    [undefined, 3],
  );
});

test("a photo is asked for until an event says that it is not", () => {
  const request = { request_id: "request", participant_id: "U", asked_by: "S", asked_at: 7 };
  const asked = roomAfter(welcome(false), snapshot(), {
    type: "photo_request_changed",
    seq: 6,
    photo_request: request,
  });
  assert.deepEqual(asked.photoRequest, request);
  assert.deepEqual(
    roomAfter(welcome(false), snapshot({ photo_request: request })).photoRequest,
    request,
  );
  assert.equal(after(asked, { type: "photo_request_changed", seq: 7 }).room.photoRequest, null);
});

test("somebody without a name is called by the role, in the words of the reader", () => {
  /** @type {Participant} */
  const sami = { participant_id: "C", role: "companion", name: "", online: true };
  const room = { ...EMPTY, participants: [guest, sami] };
  assert.equal(nameOf(room, "C"), "Companion");
  assert.equal(nameOf(room, "U"), "Amina");
  assert.equal(nameOf(room, "nobody"), "");
});
