/** The steps of somebody who is asked for a photo, as a table; and whether this page has to ask. */

/** @import { Room } from "../state.js" */

/**
 * question: whether they want to; camera: the live picture; review: the photo, before it is sent;
 * failed: no camera here, but a photo can be chosen; sent, declined and unable are the ends.
 * @typedef {"question" | "camera" | "review" | "failed" | "sent" | "declined" | "unable"} Step
 */

/** @typedef {"take" | "taken" | "chosen" | "refused" | "again" | "send" | "not_now" | "interrupt"} StepEvent */

/** @type {Record<Step, Partial<Record<StepEvent, Step>>>} what is not listed changes nothing */
const TRANSITIONS = {
  question: { take: "camera", chosen: "review", not_now: "declined" },
  camera: {
    taken: "review",
    chosen: "review",
    refused: "failed",
    not_now: "declined",
    interrupt: "question",
  },
  review: { again: "camera", send: "sent", not_now: "declined" },
  failed: { take: "camera", chosen: "review", not_now: "unable" },
  sent: {},
  declined: {},
  unable: {},
};

/**
 * @param {Step} step
 * @param {StepEvent} event
 * @returns {Step}
 */
export function stepAfter(step, event) {
  return TRANSITIONS[step][event] ?? step;
}

/**
 * The request that this page has to show.
 * @param {Pick<Room, "me" | "photoRequest">} room
 * @param {ReadonlySet<string>} answered ids of requests that were answered here
 */
export function openRequest({ me, photoRequest }, answered) {
  if (!photoRequest || photoRequest.participant_id !== me) return null;
  return answered.has(photoRequest.request_id) ? null : photoRequest;
}

/**
 * Whom the scheduler may ask, the service user first.
 * @param {Pick<Room, "me" | "participants">} room
 */
export function askable({ me, participants }) {
  const others = participants.filter(
    // whoever has handed the session over is a scheduler too, and gone
    ({ participant_id, role }) => participant_id !== me && role !== "scheduler",
  );
  const first = (/** @type {string} */ role) => (role === "service_user" ? 0 : 1);
  return others.sort((one, other) => first(one.role) - first(other.role));
}

/**
 * The name of a photo that was taken.
 * @param {Date} now
 * @param {string} type media type
 */
export function photoName(now, type) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `photo-${day}-${time}.${type === "image/png" ? "png" : "jpg"}`;
}
