/** Loads `photos.js` once somebody opens, asks for, or is asked for a photo. */

import { _ } from "../shared/catalog.js";

/**
 * @import { Photos, PhotosOptions } from "./photos.js"
 * @import { Room } from "./state.js"
 */

/** Milliseconds until a failed attempt to load is repeated. */
const RETRY_DELAY = 10_000;

export class LazyPhotos {
  /** @type {Photos | null} */
  #photos = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  /** @type {Parameters<Photos["render"]> | null} */
  #rendered = null;

  /** @param {PhotosOptions} options */
  constructor(options) {
    this.options = options;
  }

  /**
   * @param {Room} room
   * @param {{ rings: boolean, writable: boolean }} state
   */
  render(room, state) {
    this.#rendered = [room, state];
    const isAsked = room.photoRequest?.participant_id === room.me;
    if (this.#photos) this.#photos.render(room, state);
    else if (state.writable && (isAsked || this.options.scheduler)) void this.#load();
  }

  /**
   * @param {Room} room
   * @param {string} lineId
   * @param {boolean} writable
   */
  async open(room, lineId, writable) {
    await this.#load();
    await this.#photos?.open(room, lineId, writable);
  }

  /**
   * The photo for a request was refused, or is not to be sent.
   * @param {string} requestId
   * @param {string} reason a sentence, maybe empty
   */
  async askAgain(requestId, reason) {
    await this.#load();
    this.#photos?.askAgain(requestId, reason);
  }

  /** The page is being left. */
  leave() {
    this.#photos?.leave();
  }

  /** The page has lost its seat. */
  close() {
    this.#photos?.close();
  }

  #load() {
    return (this.#loading ??= this.#import());
  }

  async #import() {
    try {
      const { Photos } = await import("./photos.js");
      this.#photos = new Photos(this.options);
      if (this.#rendered) this.#photos.render(...this.#rendered);
    } catch (error) {
      console.warn("photos cannot be loaded", error);
      this.options.notify(_("Photos cannot be shown at the moment. Please reload the page."));
      // not at every event of the room
      setTimeout(() => (this.#loading = null), RETRY_DELAY);
    }
  }
}
