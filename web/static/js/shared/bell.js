/**
 * Silence for a while. It holds in every tab of this browser, until it is over, and the pages say so
 * all that time.
 */

import { _, fill } from "./catalog.js";
import { byId, maybe, setText, show } from "./dom.js";
import { timeOfDay } from "./time/format.js";
import { serverNow } from "./time/server-clock.js";

const KEY = "muted-until";
const QUARTER = 15 * 60_000;

export class Bell {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #over;
  /** Absent on the page of a session, which makes no sound. */
  #place = maybe("bell", HTMLElement);

  /** @param {() => void} onChange called when silence begins or ends, in whichever tab */
  constructor(onChange) {
    this.onChange = onChange;
    if (!this.#place) return;
    byId("mute", HTMLButtonElement).addEventListener("click", () => this.#set(QUARTER));
    byId("unmute", HTMLButtonElement).addEventListener("click", () => this.#set(0));
    addEventListener("storage", ({ key }) => (key === KEY || key === null) && this.onChange());
  }

  get #until() {
    try {
      return Number(localStorage.getItem(KEY) ?? 0);
    } catch {
      return 0; // storage is forbidden: it rings
    }
  }

  get muted() {
    const left = this.#until - serverNow();
    // More is left only where a clock was wrong: it rings.
    return this.#place !== null && left > 0 && left <= QUARTER;
  }

  /** @param {number} duration milliseconds */
  #set(duration) {
    try {
      localStorage.setItem(KEY, String(serverNow() + duration));
    } catch {
      return; // see above
    }
    this.onChange();
    byId(duration ? "unmute" : "mute", HTMLButtonElement).focus();
  }

  /**
   * @param {boolean} ringing whether it rings, or would
   * @param {boolean} blocked whether the browser blocks sound, so that there is nothing to mute
   */
  render(ringing, blocked) {
    if (!this.#place) return;
    const { muted } = this;
    clearTimeout(this.#over);
    if (muted) this.#over = setTimeout(this.onChange, this.#until - serverNow() + 50);
    const until = fill(_("Muted until %(time)s"), { time: timeOfDay(this.#until) });
    setText(byId("muted", HTMLElement), muted ? until : "");
    show(maybe("mute", HTMLElement), !muted);
    show(maybe("unmute", HTMLElement), muted);
    this.#place.toggleAttribute("data-in-use", ringing || muted);
    show(this.#place, muted || (!blocked && (ringing || maybe("waiting", HTMLElement) !== null)));
  }
}
