import assert from "node:assert/strict";
import { test } from "node:test";
import {
  askable,
  openRequest,
  photoName,
  stepAfter,
} from "../../web/static/js/room/files/photo-steps.js";

/** @import { Step, StepEvent } from "../../web/static/js/room/files/photo-steps.js" */

/** @type {Step[]} */
const STEPS = ["question", "camera", "review", "failed", "sent", "declined", "unable"];
/** @type {StepEvent[]} */
const EVENTS = ["take", "taken", "chosen", "refused", "again", "send", "not_now", "interrupt"];

const LEADS = [
  "question take camera",
  "question chosen review",
  "question not_now declined",
  "camera taken review",
  "camera chosen review",
  "camera refused failed",
  "camera not_now declined",
  "camera interrupt question",
  "review again camera",
  "review send sent",
  "review not_now declined",
  "failed take camera",
  "failed chosen review",
  "failed not_now unable",
];

test("these events lead from step to step, and no others", () => {
  const found = STEPS.flatMap((step) =>
    EVENTS.map((event) => ({ step, event, next: stepAfter(step, event) }))
      .filter(({ next }) => next !== step)
      .map(({ event, next }) => `${step} ${event} ${next}`),
  );
  assert.deepEqual(found.sort(), [...LEADS].sort());
});

/** @param {StepEvent[]} events */
const through = (...events) => events.reduce(stepAfter, /** @type {Step} */ ("question"));

test("a photo is sent only after it was seen", () => {
  assert.equal(through("take", "send"), "camera");
  assert.equal(through("take", "taken", "again", "taken", "send"), "sent");
  assert.equal(through("take", "refused", "chosen", "send"), "sent");
});

test("who could not take a photo did not decline it", () => {
  assert.equal(through("not_now"), "declined");
  assert.equal(through("take", "refused", "not_now"), "unable");
});

test("every end is an end", () => {
  for (const end of /** @type {const} */ (["sent", "declined", "unable"])) {
    for (const event of EVENTS) assert.equal(stepAfter(end, event), end);
  }
});

test("only who is asked sees a request, until it is answered here", () => {
  const photoRequest = { request_id: "R", participant_id: "U", asked_by: "S", asked_at: 0 };
  assert.equal(openRequest({ me: "U", photoRequest }, new Set()), photoRequest);
  assert.equal(openRequest({ me: "S", photoRequest }, new Set()), null);
  assert.equal(openRequest({ me: "U", photoRequest }, new Set(["R"])), null);
  assert.equal(openRequest({ me: "U", photoRequest: null }, new Set()), null);
});

test("the service user is asked first, whoever came first", () => {
  const people = /** @type {const} */ ([
    ["S", "scheduler"],
    ["C", "colleague"],
    ["U", "service_user"],
  ]).map(([participant_id, role]) => ({ participant_id, role, name: role, online: true }));
  const asked = askable({ me: "S", participants: people }).map((one) => one.participant_id);
  assert.deepEqual(asked, ["U", "C"]);
});

test("a photo is named after its moment and kind", () => {
  const moment = new Date(2026, 2, 4, 7, 5, 9);
  assert.equal(photoName(moment, "image/jpeg"), "photo-2026-03-04-070509.jpg");
  assert.equal(photoName(moment, "image/png"), "photo-2026-03-04-070509.png");
});
