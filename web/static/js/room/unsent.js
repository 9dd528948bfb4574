/**
 * What somebody wrote and the server refused: it stays where its author sees it, over a reload
 * too, with the reason.
 */

/** @import { ChatSend } from "./chat.js" */
/** @typedef {{ message: ChatSend, reason: string }} Unsent */

export class UnsentMessages {
  /** @type {Unsent[]} */
  #all;

  /**
   * @param {Pick<Storage, "getItem" | "setItem">} storage
   * @param {string} key
   */
  constructor(storage, key) {
    this.storage = storage;
    this.key = key;
    this.#all = this.#stored();
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
    try {
      this.storage.setItem(this.key, JSON.stringify(this.#all));
    } catch {
      // A full or forbidden storage costs the reload, not the message.
    }
  }

  #stored() {
    try {
      return JSON.parse(this.storage.getItem(this.key) || "[]");
    } catch {
      return [];
    }
  }
}
