/**
 * Our candidates of an ICE restart, which wait for the other side's. Whoever answers would check ours at
 * once, and checks overtake candidates that are signaled: Chromium then keeps to a pair with a candidate of
 * before the restart, and Firefox at the other end gets no picture any more, or finds no path
 * (`findings/chromium_pairs_old_candidates.sh`).
 */

/** @import { CandidateInit } from "../../signaling/values.js" */

/** Milliseconds within which the candidates of all interfaces come once one has. */
const TOGETHER = 100;
/** Those of an answer follow it at once, on a line of 2G after a retransmission (RFC 6298: a second or more). */
const MOST_AFTER_ANSWER = 2_000;
/**
 * Whoever answers later may need them: eight seconds without a path, and the call goes over the relay.
 * Their checks come a round trip after what is sent now, so that the answer has as long in addition.
 */
const MOST_HELD = 3_000;

export class HeldCandidates {
  /** @type {CandidateInit[] | null} null: none are held */
  #held = null;
  /** @type {string | undefined} the ufrag of until now */
  #former;
  #isAnswered = false;
  #hasTheirs = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #send;

  /** @param {(candidate: CandidateInit) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {CandidateInit} candidate */
  send(candidate) {
    const isFormer = this.#former && candidate.username_fragment === this.#former;
    if (this.#held && !isFormer) this.#held.push(candidate);
    else this.#send(candidate);
  }

  /**
   * A restart is about to be offered, or something else.
   * @param {string} [sdp] ours until now: its candidates do not wait
   */
  hold(sdp = "") {
    this.release();
    this.#held = [];
    this.#former = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
    this.#isAnswered = this.#hasTheirs = false;
    this.#releaseIn(MOST_HELD);
  }

  /** @param {string} sdp of the answer */
  answered(sdp) {
    if (!this.#held) return;
    this.#isAnswered = true;
    this.#releaseIn(MOST_AFTER_ANSWER);
    // One that is sent again has those that were gathered meanwhile.
    if (sdp.includes("a=candidate:")) this.theirsCame();
  }

  /** A candidate of the other side is known to our browser. */
  theirsCame() {
    // What comes before the answer is of before the restart.
    if (!this.#held || !this.#isAnswered || this.#hasTheirs) return;
    this.#hasTheirs = true;
    this.#releaseIn(TOGETHER);
  }

  /** @param {number} milliseconds */
  #releaseIn(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.release(), milliseconds);
  }

  /** Send what is held, and hold no more. */
  release() {
    const held = this.#held ?? [];
    this.drop();
    for (const candidate of held) this.#send(candidate);
  }

  /** Hold no more, and send nothing: the connection is closed. */
  drop() {
    clearTimeout(this.#timer);
    this.#held = null;
  }
}
