/**
 * What somebody wrote and the others do not have: a draft, and what the server refused or could not
 * be told. It stays where its author sees it, over a reload too, as long as that is theirs to see.
 */

/** @import { ChatSend } from "./chat.js" */
/** @typedef {{ message: ChatSend, reason: string }} Unsent */

export class UnsentMessages {
  /** @type {Unsent[]} */
  #all = [];
  #draft = "";
  #kept = true;

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
      // A forbidden storage has kept nothing.
    }
  }

  /** @returns {readonly Unsent[]} oldest first */
  all() {
    return this.#all;
  }

  /**
   * @param {ChatSend} message
   * @param {string} reason a sentence
   */
  add(message, reason) {
    this.#all = [...this.#all, { message, reason }];
    this.#store();
  }

  /** @param {string} id of what is sent again, as another message */
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
   * Whether it outlives the page. Nobody finds it in a browser when the session is over, or its
   * author has left.
   * @param {boolean} kept
   */
  keep(kept) {
    if (kept === this.#kept) return;
    this.#kept = kept;
    this.#store();
  }

  #store() {
    const empty = !this.#all.length && !this.#draft;
    try {
      if (empty || !this.#kept) this.storage.removeItem(this.key);
      else {
        this.storage.setItem(this.key, JSON.stringify({ unsent: this.#all, draft: this.#draft }));
      }
    } catch {
      // A full or forbidden storage costs the reload, not the text.
    }
  }
}
