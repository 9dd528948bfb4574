/** The pages of one browser that have the same seat: only one of them sits there. */

import { timeoutFor } from "../shared/timeouts.js";

/** @import { ChannelState } from "../signaling/channel.js" */

/** A page that is only loaded again says "here" within this time: it comes, and so does its line. */
const BACK_AFTER = timeoutFor(2_000, 6);

export class Tabs {
  /** The seat was taken by a page of this browser. */
  here = false;
  #replaced = false;
  #sits = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #back;
  /** @type {BroadcastChannel | null} */
  #others = null;

  /**
   * @param {string} name of the seat
   * @param {() => void} onHere called when it turns out that it was a page of this browser
   */
  constructor(name, onHere) {
    this.onHere = onHere;
    if (!("BroadcastChannel" in window)) {
      this.here = true; // nobody knows
      return;
    }
    this.#others = new BroadcastChannel(name);
    this.#others.onmessage = ({ data }) => this.#hear(data);
    addEventListener("pagehide", () => this.#sits && this.#others?.postMessage("left"));
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  line(state, reason) {
    this.#sits = state === "open";
    this.#replaced = state === "ended" && reason === "replaced";
    if (this.#sits) this.#others?.postMessage("here");
  }

  /** @param {"here" | "left"} word */
  #hear(word) {
    clearTimeout(this.#back);
    if (word === "here") {
      this.here = true;
      if (this.#replaced) this.onHere();
    } else if (this.#replaced && this.here) {
      this.#back = setTimeout(() => location.reload(), BACK_AFTER);
    }
  }
}
