/** The switch "Save data", and what the session has used so far. */

import { _, fill, loadFileSentences } from "../../shared/catalog.js";
import { byId, setText, show } from "../../shared/dom.js";
import { DataUsed } from "./data-used.js";
import { Preference, savesByDefault } from "./preference.js";

/**
 * @typedef {object} SavingOptions
 * @property {string} seat what distinguishes it from other seats of this browser
 * @property {boolean} asked the browser has asked the server to save data
 * @property {() => boolean} isKept whether the browser keeps anything of the seat
 * @property {() => void} onChange `on` has changed
 */

export class Saving {
  #home;
  #frame = byId("saving", HTMLElement);
  #switch = byId("save-data", HTMLInputElement);
  #amount = byId("data-used", HTMLElement);
  #preference;

  /** @param {SavingOptions} options */
  constructor({ seat, asked, isKept, onChange }) {
    const { connection } = /** @type {any} */ (navigator);
    this.#preference = new Preference(seat, savesByDefault(connection, asked));
    this.used = new DataUsed(seat);
    this.used.watchFetches();
    this.#home = this.#frame.parentElement;
    this.#switch.checked = this.on;
    this.#switch.addEventListener("change", () => {
      this.#preference.choose(this.#switch.checked);
      onChange();
    });
    byId("show-data-used", HTMLElement).addEventListener("click", () => void this.#showUsed());
    addEventListener("pagehide", () => isKept() && this.used.keep());
    show(this.#frame, true);
  }

  get on() {
    return this.#preference.on;
  }

  /** Leave nothing of the seat in the browser. */
  forget() {
    this.used.forget();
    this.#preference.forget();
  }

  /**
   * In a call only its own buttons are on the screen.
   * @param {boolean} inCall
   */
  render(inCall) {
    const place = inCall ? document.querySelector("#device-choice > div") : this.#home;
    if (!place || this.#frame.parentElement === place) return;
    if (inCall) place.append(this.#frame);
    else byId("start-call", HTMLElement).after(this.#frame);
    show(this.#amount, false);
  }

  async #showUsed() {
    const [{ sizeOf }] = await Promise.all([import("../files/kinds.js"), loadFileSentences()]);
    const amount = sizeOf(this.used.bytes);
    const sentence = _("This session has used about %(amount)s on this device so far.");
    setText(this.#amount, fill(sentence, { amount }));
    show(this.#amount, true);
  }
}
