/** The tabs of one browser with the same seat, which only one of them can have. */

import { timeoutFor } from "../shared/timeouts.js";

/** @import { ChannelState } from "../signaling/channel.js" */

/** A tab that was only reloaded announces itself within this time, once its channel is open. */
const RELOAD_AFTER = timeoutFor(2_000, 6);

export class Tabs {
  /** The seat was taken by a tab of this browser. */
  here = false;
  #replaced = false;
  #hasSeat = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #reloadTimer;
  /** @type {BroadcastChannel | null} */
  #otherTabs = null;

  /**
   * @param {string} name of the seat
   * @param {() => void} onHere called when it turns out that a tab of this browser took the seat
   */
  constructor(name, onHere) {
    this.onHere = onHere;
    if (!("BroadcastChannel" in window)) {
      this.here = true; // unknown: assume so
      return;
    }
    this.#otherTabs = new BroadcastChannel(name);
    this.#otherTabs.onmessage = ({ data }) => this.#receive(data);
    addEventListener("pagehide", () => this.#hasSeat && this.#otherTabs?.postMessage("left"));
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  follow(state, reason) {
    this.#hasSeat = state === "open";
    this.#replaced = state === "ended" && reason === "replaced";
    if (this.#hasSeat) this.#otherTabs?.postMessage("here");
  }

  /** @param {"here" | "left"} message */
  #receive(message) {
    clearTimeout(this.#reloadTimer);
    if (message === "here") {
      this.here = true;
      if (this.#replaced) this.onHere();
    } else if (this.#replaced && this.here) {
      this.#reloadTimer = setTimeout(() => location.reload(), RELOAD_AFTER);
    }
  }
}
