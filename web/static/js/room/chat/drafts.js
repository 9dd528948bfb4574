/**
 * What was written in this tab and not sent: the draft, and messages that the server refused or
 * never got. It survives a reload for as long as its author may see the session.
 */

/** @import { ChatSend } from "../../signaling/messages.js" */
/** @typedef {{ message: ChatSend, reason: string }} Unsent */

export class UnsentMessages {
  /** @type {Unsent[]} */
  #all = [];
  #draft = "";
  #isStored = true;

  /**
   * @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage of this tab alone
   * @param {string} key
   */
  constructor(storage, key) {
    this.storage = storage;
    this.key = key;
    try {
      const { unsent = [], draft = "" } = JSON.parse(storage.getItem(key) || "{}");
      this.#all = unsent;
      this.#draft = draft;
    } catch {
      // Storage may be forbidden.
    }
  }

  /** @returns {readonly Unsent[]} oldest first */
  all() {
    return this.#all;
  }

  /**
   * @param {ChatSend} message
   * @param {string} reason a sentence for the author
   */
  add(message, reason) {
    this.#all = [...this.#all, { message, reason }];
    this.#store();
  }

  /** @param {string} id of a message that is sent again, under another id */
  take(id) {
    this.#all = this.#all.filter(({ message }) => message.id !== id);
    this.#store();
  }

  get draft() {
    return this.#draft;
  }

  set draft(text) {
    if (text === this.#draft) return;
    this.#draft = text;
    this.#store();
  }

  /**
   * Whether it is stored for a reload. After the session, or when its author has left, nothing is
   * to be found in the browser.
   * @param {boolean} kept
   */
  keep(kept) {
    if (kept === this.#isStored) return;
    this.#isStored = kept;
    this.#store();
  }

  #store() {
    const empty = !this.#all.length && !this.#draft;
    try {
      if (empty || !this.#isStored) this.storage.removeItem(this.key);
      else {
        this.storage.setItem(this.key, JSON.stringify({ unsent: this.#all, draft: this.#draft }));
      }
    } catch {
      // With storage full or forbidden, the text does not survive a reload.
    }
  }
}
