/** When somebody will have to sign in again, as the server tells it. */

import { serverNow } from "../shared/time/server-clock.js";

/** @import { SignInEnds } from "./messages.js" */

/** Milliseconds before the end from which it is shown. */
const SOON = 300_000;
/** What is this close was over when the line came back. */
const TOLERANCE = 30_000;

export class SignInEnd {
  /** Milliseconds since 1970; 0: not known. */
  at = 0;
  #left = Infinity;

  /** @param {SignInEnds} message */
  follow(message) {
    this.at = message.at;
    this.#left = message.left;
  }

  /** Whether it is near enough to be shown, and not over. */
  get isSoon() {
    return this.#left <= SOON && !this.isOver;
  }

  /** Also where the line was down when it came. */
  get isOver() {
    return this.at > 0 && (this.#left <= 0 || this.at <= serverNow() + TOLERANCE);
  }
}
