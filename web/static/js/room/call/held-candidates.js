/**
 * Our candidates of an ICE restart, which wait for the other side's. Whoever answers would check ours at
 * once, and checks overtake candidates that are signaled: Chromium then keeps to a pair with a candidate of
 * before the restart, and Firefox at the other end gets no picture any more, or finds no path.
 */

/** @import { CandidateInit } from "../../signaling/values.js" */

/** Milliseconds within which candidates come after their answer. */
const CANDIDATES_AHEAD = 500;
/** An answer that comes later may need them: Firefox gives up after eight seconds without any. */
const MOST_HELD = 3_000;

export class HeldCandidates {
  /** @type {CandidateInit[] | null} null: none are held */
  #held = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #send;

  /** @param {(candidate: CandidateInit) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {CandidateInit} candidate */
  send(candidate) {
    if (this.#held) this.#held.push(candidate);
    else this.#send(candidate);
  }

  /** A restart is about to be offered. */
  hold() {
    this.release();
    this.#held = [];
    this.#releaseIn(MOST_HELD);
  }

  /** It is answered. */
  releaseSoon() {
    if (this.#held) this.#releaseIn(CANDIDATES_AHEAD);
  }

  /** @param {number} milliseconds */
  #releaseIn(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.release(), milliseconds);
  }

  /** Send what is held, and hold no more. */
  release() {
    clearTimeout(this.#timer);
    const held = this.#held ?? [];
    this.#held = null;
    for (const candidate of held) this.#send(candidate);
  }
}
