/**
 * Photos and PDFs in the chat: what a page needs at once, which is little. Everything else is loaded
 * when a file is first chosen, sent or shown (`files/parts.js`).
 */

import { _ } from "../shared/catalog.js";
import { byId } from "../shared/dom.js";
import { isStored } from "../shared/clear-storage.js";

/**
 * @import { ChatLine } from "../signaling/values.js"
 * @import { NewFile } from "./files/uploads.js"
 * @import { Parts, PartsOptions } from "./files/parts.js"
 * @import { Room } from "./state.js"
 */

/** Milliseconds until a failed attempt to load is repeated. */
const RETRY_DELAY = 10_000;

export class Attachments {
  /** @type {Parts | null} */
  #parts = null;
  /** @type {Promise<Parts | null> | null} */
  #loading = null;
  #isLive = false;
  #isKept = true;
  #isWritable = false;

  /** @param {PartsOptions & { notify: (sentence: string) => void }} options */
  constructor(options) {
    this.options = options;
    for (const [button, id] of [
      ["attach-file", "choose-files"],
      ["take-photo", "take-photo-file"],
    ]) {
      const input = byId(id, HTMLInputElement);
      byId(button, HTMLElement).addEventListener("click", () => input.click());
      input.addEventListener("change", () => {
        void this.choose([...(input.files ?? [])]);
        // the same file again is another change
        input.value = "";
      });
    }
    document.addEventListener("paste", (event) => {
      const files = pasted(event.clipboardData);
      if (!files.length || !this.#isWritable) return;
      event.preventDefault();
      void this.choose(files);
    });
    this.#takeDrops(byId("chat-form", HTMLElement).closest("section"));
  }

  /** The page has its seat: go on with what an earlier page, or another tab, has left. */
  async adopt() {
    if (!this.#parts && !(await this.#hasLeft())) return;
    const parts = await this.#load();
    await parts?.adopt();
  }

  /** Whether there are files of this seat in the browser. */
  async #hasLeft() {
    if (!(await isStored())) return false;
    const { openStore } = await import("../shared/browser-store.js");
    const store = await openStore();
    const left = await Promise.all(
      ["file:", "chosen:"].map((kind) => store.entries("uploads", this.options.seat + kind)),
    );
    return left.flat().length > 0;
  }

  /** @param {boolean} live whether the page has its seat */
  follow(live) {
    this.#isLive = live;
    if (live) this.#parts?.uploads.start();
  }

  /** The network or the reader is back. */
  wake() {
    this.#parts?.uploads.wake();
  }

  /** @param {boolean} kept see `Uploads.keep` */
  keep(kept) {
    this.#isKept = kept;
    this.#parts?.uploads.keep(kept);
  }

  /** Nothing is sent until it is known who goes on. */
  pause() {
    this.#isLive = false;
    this.#parts?.uploads.stop();
  }

  /** @param {string} reason see `Parts.giveBack` */
  giveBack(reason) {
    this.#isLive = false;
    this.#parts?.giveBack(reason);
  }

  /** Another tab of this seat goes on; resolved when all is stored. */
  async handOver() {
    this.#isLive = false;
    await this.#parts?.handOver();
  }

  /** @returns {NewFile[] | null} the chosen files; null if something has to be mended first */
  take() {
    return this.#parts ? this.#parts.composer.take() : [];
  }

  /** @param {NewFile[]} files */
  send(files) {
    if (files.length) void this.#load().then((parts) => parts?.uploads.send(files));
  }

  /**
   * The lines of files that are not in the chat yet.
   * @param {Room} room
   * @param {ReadonlySet<string>} known ids of the lines that are
   * @returns {{ line: ChatLine, reason: string }[]} with a reason those that were refused
   */
  lines(room, known) {
    return this.#parts?.uploads.lines(room, known) ?? [];
  }

  /**
   * Show the file of a line.
   * @param {HTMLElement} element
   * @param {ChatLine} line
   * @param {Room} room
   */
  show(element, line, room) {
    if (this.#parts) this.#parts.bubbles.show(element, line, room, this.#isWritable);
    else void this.#load();
  }

  /** @param {boolean} writable whether anything can be sent */
  set writable(writable) {
    this.#isWritable = writable;
  }

  /**
   * Put files beside the input, to be sent with a caption.
   * @param {File[]} files
   * @param {(FileSystemEntry | null)[]} [entries] what they are on the disk
   */
  async choose(files, entries) {
    const parts = files.length ? await this.#load() : null;
    // the session may have ended while the camera app or the list of files was open
    if (this.#isWritable) parts?.composer.choose(files, entries);
  }

  /**
   * A file that is dropped beside the chat would open in place of the session.
   * @param {HTMLElement | null} chat
   */
  #takeDrops(chat) {
    /** @param {boolean} above */
    const mark = (above) => chat?.classList.toggle("dropping", above);
    document.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = this.#isWritable ? "copy" : "none";
      mark(this.#isWritable);
      void this.#load();
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? mark(false));
    document.addEventListener("drop", (event) => {
      mark(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      // only now: afterwards the browser tells nothing about what was dropped
      const entries = [...(event.dataTransfer?.items ?? [])].map((item) =>
        item.webkitGetAsEntry?.(),
      );
      if (this.#isWritable) void this.choose(files, entries);
    });
  }

  /** @returns {Promise<Parts | null>} */
  async #load() {
    const parts = await (this.#loading ??= this.#import());
    return parts;
  }

  async #import() {
    try {
      const { load } = await import("./files/parts.js");
      const parts = await load(this.options);
      this.#parts = parts;
      parts.uploads.keep(this.#isKept);
      if (this.#isLive) parts.uploads.start();
      this.options.render();
      return parts;
    } catch (error) {
      console.warn("files cannot be loaded", error);
      this.options.notify(
        _("Files cannot be sent or shown at the moment. Please reload the page."),
      );
      // not at every event of the room
      setTimeout(() => (this.#loading = null), RETRY_DELAY);
      return null;
    }
  }
}

/**
 * Files in the clipboard. Text that was copied from a document comes with a picture of it: then the
 * text is meant.
 * @param {DataTransfer | null} data
 */
function pasted(data) {
  if (!data?.files.length) return [];
  const isFormatted = data.types.includes("text/html") || data.types.includes("text/rtf");
  return isFormatted && data.getData("text/plain") ? [] : [...data.files];
}
