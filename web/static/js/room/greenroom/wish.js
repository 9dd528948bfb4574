/**
 * What a waiting row asked for with one press: begin the session, and with video call at once. Pure:
 * the room in, the next step out.
 */

/**
 * @import { Participant } from "../../signaling/values.js"
 * @import { Room } from "../state.js"
 */
/** @typedef {"video" | "chat"} Wish */

/**
 * @param {string} query of the page's address
 * @returns {Wish | null}
 */
export function wishOf(query) {
  const start = new URLSearchParams(query).get("start");
  return start === "video" || start === "chat" ? start : null;
}

/**
 * @param {string} address
 * @returns {string} the address without the wish: a reload, or somebody who gets it, asks for nothing
 */
export function withoutWish(address) {
  const url = new URL(address);
  url.searchParams.delete("start");
  return url.href;
}

/**
 * @param {Wish} wish
 * @param {Room} room
 * @returns {"wait" | "start" | "resume" | "call" | "done"} wait: until somebody is there
 */
export function nextStep(wish, room) {
  const state = room.consultation?.state;
  if (!state) return "wait";
  const begin = { planned: "start", waiting: "start", kept_open: "resume" }[state];
  if (begin) return othersIn(room).length ? /** @type {"start" | "resume"} */ (begin) : "wait";
  if (state !== "active" || wish === "chat" || room.call) return "done";
  return othersIn(room).length ? "call" : "wait";
}

/**
 * @param {Room} room
 * @returns {Participant[]} everybody else who is online
 */
export function othersIn(room) {
  return room.participants.filter(
    ({ online, participant_id }) => online && participant_id !== room.me,
  );
}
