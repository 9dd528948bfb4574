/**
 * What was written at a seat and is not acknowledged: the draft, messages on their way, and messages
 * that the server refused or never got. Keeping it in the browser is up to `keeping.js`.
 */

/** @import { ChatSend } from "../../signaling/messages.js" */
/** @typedef {{ message: ChatSend, reason: string }} Unsent without a reason it is on its way */
/** @typedef {Unsent & { order: number }} Kept messages are sent in this order */

/**
 * The place in the sessionStorage that holds it until `keeping.js` is there: a slow line may need
 * long for that script, and a page can be reloaded meanwhile.
 * @param {string} seat what keys in the browser's store begin with
 */
export function heldAt(seat) {
  return `unsent:${seat.slice(0, -1)}`;
}

/**
 * @param {string} seat
 * @returns {{ unsent: Unsent[], draft: string }} what an earlier page has held there
 */
export function heldInTab(seat) {
  try {
    const { unsent = [], draft = "" } = JSON.parse(sessionStorage.getItem(heldAt(seat)) ?? "{}");
    return { unsent, draft };
  } catch {
    return { unsent: [], draft: "" }; // storage is forbidden, or holds something else
  }
}

export class UnsentMessages {
  /** By message id, in their order. @type {Map<string, Kept>} */
  #all = new Map();
  #draft = "";
  /** Hears of a message, by its id, or of the draft, by an empty one. @type {(id: string) => void} */
  onChange = () => {};

  /** @returns {ChatSend[]} on their way, oldest first */
  queued() {
    return this.kept()
      .filter(({ reason }) => !reason)
      .map(({ message }) => message);
  }

  /** @returns {readonly Unsent[]} refused, oldest first */
  all() {
    return this.kept().filter(({ reason }) => reason);
  }

  kept() {
    return [...this.#all.values()];
  }

  /** @param {string} id */
  get(id) {
    return this.#all.get(id);
  }

  /** @param {ChatSend} message on its way from now on */
  queue(message) {
    this.add(message, "");
  }

  /**
   * @param {ChatSend} message
   * @param {string} reason a sentence for the author
   */
  add(message, reason) {
    const last = this.kept().at(-1)?.order ?? 0;
    const order = this.get(message.id)?.order ?? Math.max(Date.now(), last + 1);
    this.#all.set(message.id, { message, reason, order });
    this.onChange(message.id);
  }

  /** @param {string} id of a message that has arrived, or is sent again under another id */
  take(id) {
    if (this.#all.delete(id)) this.onChange(id);
  }

  get draft() {
    return this.#draft;
  }

  set draft(text) {
    if (text === this.#draft) return;
    this.#draft = text;
    this.onChange("");
  }

  /**
   * Hold other messages, and another draft. Nobody hears of it.
   * @param {Kept[]} kept
   * @param {string} draft
   */
  replace(kept, draft) {
    kept.sort((one, other) => one.order - other.order);
    this.#all = new Map(kept.map((one) => [one.message.id, one]));
    this.#draft = draft;
  }
}
