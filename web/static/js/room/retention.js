/**
 * When the server has deleted a session, its chat leaves an open page as well: the page is reloaded
 * and shows what its reader may see by then.
 */

/** @import { ChannelState } from "../signaling/channel.js" */

const CHECK_INTERVAL = 30_000;

export class Retention {
  #deletedAt = Infinity;

  /**
   * @param {number} duration milliseconds from the end of the session until its deletion
   * @param {boolean} toTheEnd whether this page may go on until then, as a scheduler's may
   */
  constructor(duration, toTheEnd) {
    this.duration = duration;
    this.toTheEnd = toTheEnd;
    setInterval(() => this.#check(), CHECK_INTERVAL);
    // A tab that slept is told at once, before anybody reads in it.
    document.addEventListener("visibilitychange", () => this.#check());
    document.addEventListener("resume", () => this.#check());
    addEventListener("focus", () => this.#check());
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  follow(state, reason) {
    if (state === "open") this.#deletedAt = Infinity;
    if (state !== "ended") return;
    const deleted = reason === "not_found" || (reason === "gone" && this.toTheEnd);
    if (deleted) this.#deletedAt = 0;
    // A closed session is polled; the first answer was its end.
    else if (reason === "gone" || reason === "closed") {
      this.#deletedAt = Math.min(this.#deletedAt, Date.now() + this.duration);
    }
    this.#check();
  }

  #check() {
    if (Date.now() < this.#deletedAt) return;
    sessionStorage.clear();
    location.reload();
  }
}
