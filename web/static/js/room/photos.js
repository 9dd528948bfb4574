/** Loads what belongs to photos once it is used: the viewer, and asking for a photo. */

import { _, loadFileSentences } from "../shared/catalog.js";
import { newId } from "../shared/identifier.js";

/**
 * @import { Command } from "../signaling/channel.js"
 * @import { Devices } from "./call/devices.js"
 * @import { NewFile } from "./files/photo-request.js"
 * @import { Room } from "./state.js"
 */

/**
 * @typedef {object} PhotosOptions
 * @property {boolean} scheduler
 * @property {string} files address under which the files of this session are
 * @property {string} storageKey
 * @property {() => Devices | null} devices of a call
 * @property {(message: Command) => Promise<boolean>} command
 * @property {(files: NewFile[]) => void} send
 * @property {(file: File) => void} keep it beside the input, to be sent or removed
 * @property {(sentence: string) => void} notify
 */

export class Photos {
  /** @type {typeof import("./files/viewer.js") | null} */
  #viewer = null;
  /** @type {import("./files/photo-request.js").PhotoRequestDialog | null} */
  #dialog = null;
  /** @type {import("./files/ask-photo.js").AskPhoto | null} */
  #asking = null;
  /** Being loaded, or not loaded a moment ago. @type {Set<string>} */
  #busy = new Set();
  /** @type {() => void} */
  #again = () => {};
  /** The latest request that is still open, and why. @type {[requestId: string, reason: string]} */
  #unanswered = ["", ""];

  /** @param {PhotosOptions} options */
  constructor(options) {
    this.options = options;
  }

  /**
   * @param {Room} room
   * @param {{ rings: boolean, writable: boolean }} state
   */
  render(room, { rings, writable }) {
    this.#again = () => this.render(room, { rings, writable });
    this.#viewer?.follow(room, { rings, writable });
    this.#asking?.render(room, writable);
    const shown = writable ? room : { ...room, photoRequest: null };
    void this.#dialog?.render(shown, rings);
    if (this.options.scheduler && !this.#asking && writable) void this.#loadAsking();
    const asked = shown.photoRequest?.participant_id === room.me;
    if (asked && !this.#dialog) void this.#loadDialog();
  }

  /**
   * Show the file of a chat line over the whole screen.
   * @param {Room} room
   * @param {string} lineId
   * @param {boolean} writable
   */
  async open(room, lineId, writable) {
    const { files, scheduler, send, command } = this.options;
    this.#viewer ??= await this.#load("viewer", () => import("./files/viewer.js"));
    await this.#viewer?.open(room, lineId, {
      files,
      turn: writable ? (message) => void command(message) : null,
      send: writable && scheduler ? (copy) => send([copy]) : null,
    });
  }

  /**
   * See `LazyPhotos.askAgain`.
   * @param {string} requestId
   * @param {string} reason
   */
  askAgain(requestId, reason) {
    this.#unanswered = [requestId, reason];
    this.#dialog?.askAgain(requestId, reason);
    this.#again();
  }

  /** The page is being left: no camera stays open. */
  leave() {
    this.#dialog?.leave();
  }

  /** The page has lost its seat. */
  close() {
    this.#viewer?.close();
  }

  async #loadAsking() {
    const found = await this.#load("asking", () => import("./files/ask-photo.js"));
    if (!found) return;
    const ask = (/** @type {string} */ participantId) => {
      const message = /** @type {const} */ ({ type: "ask_photo", id: newId() });
      void this.options.command({ ...message, participant_id: participantId });
    };
    this.#asking = new found.AskPhoto(ask);
    this.#again();
  }

  async #loadDialog() {
    const found = await this.#load("request", () => import("./files/photo-request.js"));
    if (!found) return;
    const { devices, send, keep, command, storageKey } = this.options;
    this.#dialog = new found.PhotoRequestDialog({
      devices,
      storageKey,
      send: (file) => send([file]),
      keep,
      answer: (requestId, answer) => {
        const message = /** @type {const} */ ({ type: "answer_photo", id: newId() });
        void command({ ...message, request_id: requestId, answer });
      },
    });
    this.#dialog.askAgain(...this.#unanswered);
    this.#again();
  }

  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} load
   * @returns {Promise<T | null>} null if it is being loaded already, or cannot be
   */
  async #load(name, load) {
    if (this.#busy.has(name)) return null;
    this.#busy.add(name);
    try {
      const [found] = await Promise.all([load(), loadFileSentences()]);
      return found;
    } catch (error) {
      console.warn("photos cannot be loaded", error);
      this.options.notify(_("Photos cannot be shown at the moment. Please reload the page."));
      // not at every event of the room
      setTimeout(() => this.#busy.delete(name), 10_000);
      return null;
    }
  }
}
