/**
 * The stage before a call. What shows oneself is loaded once somebody wants to be seen, or a video
 * call comes in.
 */

import { _, loadFileSentences } from "../shared/catalog.js";
import { byId, show } from "../shared/dom.js";
import { styleSheet } from "../shared/style-sheet.js";

/**
 * @import { CallController } from "./call/call-controller.js"
 * @import { Greenroom } from "./greenroom/greenroom.js"
 */

/**
 * @typedef {object} LazyGreenroomOptions
 * @property {() => void} loadCalls
 * @property {() => void} render the page
 * @property {(sentence: string) => void} notify the reader
 */

export class LazyGreenroom {
  #frame = byId("greenroom", HTMLElement);
  /** @type {Greenroom | null} */
  #greenroom = null;
  #isLoading = false;
  /** Somebody wants to see themselves as soon as that is possible. */
  #wanted = false;

  /** @param {LazyGreenroomOptions} options */
  constructor(options) {
    this.options = options;
    byId("see-yourself", HTMLElement).addEventListener("click", () => {
      this.#wanted = true;
      options.loadCalls();
      options.render();
    });
  }

  /**
   * @param {boolean} shown whether this is a moment before a call
   * @param {boolean} rings whether a video call comes in
   * @param {CallController | null} media
   */
  render(shown, rings, media) {
    show(this.#frame, shown);
    if (!shown) this.#wanted = false;
    if (media && (this.#wanted || rings)) void this.#load(media);
    if (this.#wanted && this.#greenroom) {
      this.#wanted = false;
      this.#greenroom.look();
    }
    this.#greenroom?.render(shown, rings);
  }

  /** @param {CallController} media */
  async #load(media) {
    if (this.#greenroom || this.#isLoading) return;
    this.#isLoading = true;
    try {
      const [{ Greenroom }] = await Promise.all([
        import("./greenroom/greenroom.js"),
        loadFileSentences(),
        styleSheet("greenroom.css"),
      ]);
      this.#greenroom = new Greenroom(media);
      this.options.render();
    } catch (error) {
      console.warn("the own picture cannot be loaded", error);
      // a call that rings can be answered without it
      if (!this.#wanted) return;
      this.#wanted = false;
      this.options.notify(
        _("Calls cannot be loaded at the moment. Please wait, or reload the page."),
      );
    } finally {
      this.#isLoading = false;
    }
  }
}
