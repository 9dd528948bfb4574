/**
 * Which message of others the reader has read: its end was on the screen of a visible page for long
 * enough. What comes while nobody looks is told by a soft tone.
 */

import { chime } from "./chime.js";

/** @import { ChatLine } from "../../signaling/values.js" */
/** @import { Room } from "../state.js" */

/** Milliseconds. */
export const LONG_ENOUGH = 1_000;

/** The rule, without a screen. */
export class Reading {
  /** Position up to which everything was read. */
  read = 0;
  /** @type {{ position: number, since: number }[]} what is being read */
  #begun = [];

  /**
   * @param {number} position of the newest line of others
   * @param {boolean} isOnScreen
   * @param {number} now
   * @returns {number | null} milliseconds until it has to be looked at again, null: not by itself
   */
  look(position, isOnScreen, now) {
    if (!isOnScreen) this.#begun = [];
    else if (position > Math.max(this.read, this.#begun.at(-1)?.position ?? 0)) {
      this.#begun.push({ position, since: now });
    }
    for (const { position: at, since } of this.#begun) {
      if (now - since >= LONG_ENOUGH) this.read = at;
    }
    this.#begun = this.#begun.filter(({ position: at }) => at > this.read);
    const [next] = this.#begun;
    return next ? next.since + LONG_ENOUGH - now : null;
  }
}

/**
 * @typedef {object} ReaderOptions
 * @property {HTMLElement} scroll
 * @property {HTMLElement} lines in it
 * @property {number} openedAt when the page was opened: what is older makes no sound
 * @property {() => void} onChange more was read, or the reader looks up or away
 */

/** After these something else may be on the screen. */
const CHANGES = ["scroll", "close", "pointerup", "keyup", "visibilitychange"];

export class Reader {
  #reading = new Reading();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ChatLine | null} the newest one of others */
  #newest = null;
  #heard = 0;
  #wasLooking = false;

  /** @param {ReaderOptions} options */
  constructor(options) {
    this.options = options;
    for (const kind of CHANGES)
      document.addEventListener(kind, () => this.#check(), { capture: true, passive: true });
    addEventListener("resize", () => this.#check());
  }

  get read() {
    return this.#reading.read;
  }

  /** Whether the lower end of the chat is on the screen. */
  get isLooking() {
    return isOnScreen(this.options.scroll);
  }

  /**
   * The lines are rendered.
   * @param {Room} room
   * @param {boolean} looking at the newest lines
   */
  follow(room, looking) {
    this.#newest = room.chat.filter((line) => line.participant_id !== room.me).at(-1) ?? null;
    const { position = 0, sent_at = 0, kind = "", attachment } = this.#newest ?? {};
    if (position > this.#heard && sent_at > this.options.openedAt && !looking) {
      if (kind === "text" || attachment) chime();
    }
    this.#heard = Math.max(this.#heard, position);
    this.#check();
  }

  #check() {
    const { lines, onChange } = this.options;
    const { position = 0, id = "" } = this.#newest ?? {};
    if (position <= this.read) return;
    const line = lines.querySelector(`[data-key="${CSS.escape(id)}"]`);
    const before = this.read;
    const due = this.#reading.look(position, isOnScreen(line), performance.now());
    clearTimeout(this.#timer);
    if (due !== null) this.#timer = setTimeout(() => this.#check(), due);
    const looking = this.isLooking;
    if (this.read === before && looking === this.#wasLooking) return;
    this.#wasLooking = looking;
    onChange();
  }
}

/**
 * Whether the end of an element is on the screen, and nothing lies on it.
 * @param {Element | null} element
 */
function isOnScreen(element) {
  if (!element || document.visibilityState !== "visible") return false;
  const { left, right, bottom, height } = element.getBoundingClientRect();
  const found = document.elementFromPoint((left + right) / 2, bottom - Math.min(8, height / 2));
  return element.contains(found);
}
