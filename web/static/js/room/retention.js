/**
 * What was written is deleted on the server some time after the end, and then it leaves an open page
 * as well: the page is loaded again, and what it leads to by then is what its reader may see.
 */

/** @import { ChannelState } from "../signaling/channel.js" */

const LOOK_EVERY = 30_000;

export class Retention {
  #over = Infinity;

  /**
   * @param {number} duration milliseconds from the end until everything is deleted
   * @param {boolean} toTheEnd whether this page goes on until then: that of a scheduler
   */
  constructor(duration, toTheEnd) {
    this.duration = duration;
    this.toTheEnd = toTheEnd;
    setInterval(() => this.#look(), LOOK_EVERY);
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  line(state, reason) {
    if (state === "open") this.#over = Infinity;
    if (state !== "ended") return;
    const deleted = reason === "not_found" || (reason === "gone" && this.toTheEnd);
    if (deleted) this.#over = 0;
    // A closed session is looked for again and again; its end was the first time.
    else if (reason === "gone" || reason === "closed") {
      this.#over = Math.min(this.#over, Date.now() + this.duration);
    }
    this.#look();
  }

  #look() {
    if (Date.now() < this.#over) return;
    sessionStorage.clear();
    location.reload();
  }
}
