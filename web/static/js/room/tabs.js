/** The tabs of one browser with the same seat, which only one of them can have. */

import { timeoutFor } from "../shared/timeouts.js";

/** @import { ChannelState } from "../signaling/channel.js" */

/** A tab that has a seat announces itself within this time, once its channel is open. */
const ANNOUNCED_WITHIN = timeoutFor(2_000, 6);

/**
 * @typedef {object} TabsOptions
 * @property {() => void} onHere it turns out that a tab of this browser took the seat
 * @property {() => void} onElsewhere it turns out that another browser took it
 * @property {() => void} onWritten a tab that lost the seat has left something for this one
 */

export class Tabs {
  /** The seat was taken by a tab of this browser. */
  here = false;
  /** The seat was taken, and by no tab of this browser. */
  elsewhere = false;
  #replaced = false;
  #hasSeat = false;
  /** This tab is about to take the seat. */
  #isComing = false;
  /** Something was left for the tab with the seat meanwhile. */
  #isWritten = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {BroadcastChannel | null} */
  #otherTabs = null;

  /**
   * @param {string} name of the seat
   * @param {TabsOptions} options
   */
  constructor(name, options) {
    this.options = options;
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
    const isOpen = state === "open";
    // without a line, too, until it is known that another page has taken it
    this.#hasSeat = isOpen || (this.#hasSeat && state !== "ended");
    this.#isComing = !this.#hasSeat && state !== "ended";
    this.#replaced = state === "ended" && reason === "replaced";
    if (isOpen) this.#otherTabs?.postMessage("here");
    if (isOpen && this.#isWritten) this.#takeWritten();
    clearTimeout(this.#timer);
    this.elsewhere = false;
    if (!this.#replaced || this.here) return;
    this.#timer = setTimeout(() => {
      this.elsewhere = true;
      this.options.onElsewhere();
    }, ANNOUNCED_WITHIN);
  }

  /** Whether tabs of this browser know of each other. */
  get canTell() {
    return this.#otherTabs !== null;
  }

  /** Tell the tab that has the seat that something was left for it. */
  tellWritten() {
    this.#otherTabs?.postMessage("written");
  }

  #takeWritten() {
    this.#isWritten = false;
    this.options.onWritten();
  }

  /** @param {"here" | "left" | "written"} message */
  #receive(message) {
    if (message === "written") {
      if (this.#hasSeat) this.#takeWritten();
      else this.#isWritten = this.#isComing;
      return;
    }
    clearTimeout(this.#timer);
    if (message === "here") {
      this.here = true;
      this.elsewhere = false;
      if (this.#replaced) this.options.onHere();
    } else if (this.#replaced && this.here) {
      this.#timer = setTimeout(() => location.reload(), ANNOUNCED_WITHIN);
    }
  }
}
