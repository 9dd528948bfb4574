/**
 * What a waiting row asked for with one press: begin the session, and with video call at once.
 */

import { uncallable } from "../state.js";

/**
 * @import { Participant } from "../../signaling/values.js"
 * @import { Room } from "../state.js"
 */
/** @typedef {"video" | "chat"} Wish */

/** Milliseconds for which it waits for somebody who is away. */
export const LASTS = 300_000;

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
 * Whoever pressed may have left their desk by then: nobody's camera is to open there by itself.
 * @param {() => void} giveUp
 * @param {(action: () => void, delay: number) => unknown} [wait]
 */
export function whenTooLate(giveUp, wait = setTimeout) {
  wait(giveUp, LASTS);
}

/**
 * @param {Wish} wish
 * @param {Room} room
 * @returns {"wait" | "start" | "resume" | "call" | "done"} wait: until somebody is there
 */
export function nextStep(wish, room) {
  const state = room.consultation?.state;
  if (!state) return "wait";
  if (state === "planned" || state === "waiting") return isAwaited(room) ? "wait" : "start";
  if (state === "kept_open") return othersIn(room).length ? "resume" : "wait";
  if (state !== "active" || wish === "chat" || room.call) return "done";
  // nobody's browser there can be rung: the page says so
  if (uncallable(room).all) return "done";
  return othersIn(room).length ? "call" : "wait";
}

/**
 * Whether a session cannot start yet, as the server has it: colleagues do not count.
 * @param {Room} room
 */
export function isAwaited(room) {
  return !othersIn(room).some(({ role }) => role !== "scheduler");
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
