/**
 * What the reader of the chat has not seen: where the new messages begin, and how many there are.
 * Nothing is new while the reader looks at the end of the chat; what was not read there by the time
 * they look away is.
 */

/** @import { ChatLine } from "../../signaling/values.js" */
/** @import { Room } from "../state.js" */
/** @typedef {Pick<Room, "me" | "chat" | "last" | "seen" | "seq">} Conversation */

const MESSAGES = new Set(["text", "photo", "pdf"]);

export class Unread {
  /** Position up to which everything was seen; -1 before the first snapshot. */
  #seen = -1;
  /** The new messages begin after this position; Infinity: nowhere. */
  #mark = Infinity;
  #wasHidden = false;

  /** The page is not visible: what comes from now on is new when the reader is back. */
  hide() {
    this.#wasHidden = true;
  }

  /** The reader answers, and has read everything. */
  clear() {
    this.#mark = Infinity;
  }

  /**
   * @param {Conversation} room
   * @param {boolean} visible whether the page is
   * @param {boolean} looking at the newest line
   * @param {number} read position up to which the lines were on the screen for long enough
   */
  observe(room, visible, looking, read) {
    if (room.seq < 0 && this.#seen < 0) return;
    if (this.#seen < 0) {
      this.#seen = room.seen[room.me] ?? 0;
      // To somebody who has never been here everything is new.
      if (this.#seen) this.#place(room);
    }
    if (visible && this.#wasHidden) {
      this.#place(room);
      this.#wasHidden = false;
    }
    this.#seen = Math.max(this.#seen, read);
    if (visible && !looking && this.#mark !== this.#seen) this.#place(room);
  }

  /** @param {Conversation} room */
  #place(room) {
    this.#mark = this.count(room) ? this.#seen : Infinity;
  }

  /** @param {Conversation} room */
  isBehind({ last }) {
    return this.#seen >= 0 && this.#seen < last;
  }

  /**
   * @param {Conversation} room
   * @returns {number} of lines that others have added since the newest one was seen
   */
  count(room) {
    if (!this.isBehind(room)) return 0;
    const held = room.chat.filter((line) => line.position > this.#seen && isOfOthers(room, line));
    const end = room.chat.at(-1)?.position ?? 0;
    return held.length + Math.max(0, room.last - Math.max(end, this.#seen));
  }

  /**
   * The lines, with one of kind `unread` above the first new message if that is among them.
   * @param {Conversation} room
   * @returns {ChatLine[]}
   */
  marked(room) {
    const { chat } = room;
    const first = chat.findIndex((line) => line.position > this.#mark && isOfOthers(room, line));
    if (first < 0 || (chat[0]?.position ?? 0) > this.#mark + 1) return chat;
    const { position, sent_at } = /** @type {ChatLine} */ (chat[first]);
    const line = { id: "unread", position, participant_id: "", kind: "unread", text: "", sent_at };
    return [...chat.slice(0, first), line, ...chat.slice(first)];
  }
}

/**
 * @param {Conversation} room
 * @param {ChatLine} line
 */
function isOfOthers(room, { kind, participant_id }) {
  return MESSAGES.has(kind) && participant_id !== room.me;
}
