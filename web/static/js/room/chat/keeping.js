/**
 * Keeps what is not sent in the browser, beyond the end of the page, for as long as its author may
 * see the session. Loaded when there is something to keep, or when something was kept.
 */

import { openStore } from "../../shared/browser-store.js";
import { heldAt } from "./drafts.js";

/** @import { BrowserStore, Change } from "../../shared/browser-store.js" */
/** @import { ChatSend } from "../../signaling/messages.js" */
/** @import { Kept, UnsentMessages } from "./drafts.js" */

/** Milliseconds until what nobody came back for is deleted: as long as a browser can have a seat. */
const KEPT_FOR = 7 * 24 * 3_600_000;

export class Keeping {
  /** Those of one task are made together, or not at all. @type {Change[]} */
  #changes = [];
  #isStored = true;
  #isHandedOver = false;
  /** Settles when everything was written, as well as it can be. @type {Promise<unknown>} */
  written = Promise.resolve();

  /**
   * @param {UnsentMessages} unsent
   * @param {BrowserStore} store
   * @param {string} seat what its keys in the store begin with
   */
  constructor(unsent, store, seat) {
    this.unsent = unsent;
    this.store = store;
    this.seat = seat;
  }

  /**
   * @param {UnsentMessages} unsent
   * @param {string} seat
   */
  static async begin(unsent, seat) {
    const keeping = new Keeping(unsent, await openStore(), seat);
    const messages = await keeping.open();
    void keeping.store.forgetBefore(Date.now() - KEPT_FOR, seat);
    return { keeping, messages };
  }

  /**
   * Read what an earlier page has left, and keep everything from now on.
   * @returns {Promise<ChatSend[]>} messages on their way
   */
  async open() {
    const added = await this.#read(true);
    const places = this.#takeOver(added);
    this.unsent.onChange = (id) => this.#change(id);
    this.store.onDeleted = () => this.#storeAll();
    this.#storeAll();
    this.#flush();
    await this.written;
    forgetInTab(places);
    return this.unsent.queued().filter(({ id }) => added.has(id));
  }

  /**
   * Read what other tabs of this seat have written.
   * @returns {Promise<ChatSend[]>} messages on their way that this tab did not know
   */
  async adopt() {
    const added = await this.#read(false);
    return this.unsent.queued().filter(({ id }) => added.has(id));
  }

  /**
   * Whether it is stored. After the session, or when its author has left, nothing is to be found in
   * the browser.
   * @param {boolean} kept
   */
  keep(kept) {
    if (kept === this.#isStored || this.#isHandedOver) return;
    this.#isStored = kept;
    this.#changes = [];
    if (kept) this.#storeAll();
    else this.written = this.store.forget(this.seat);
  }

  /** Leave what is stored to another tab of this seat, or to nobody: this one writes no more. */
  handOver() {
    this.#flush();
    this.#isHandedOver = true;
    this.#isStored = false;
  }

  /**
   * @param {boolean} isFirst nothing of this page has been stored yet
   * @returns {Promise<Set<string>>} ids of messages that this tab did not know
   */
  async #read(isFirst) {
    const { unsent, store } = this;
    const before = unsent.draft;
    const [entries, draft = ""] = await Promise.all([
      store.entries("commands", this.seat),
      store.get("drafts", this.#draftKey),
    ]);
    /** @type {Kept[]} */
    const kept = entries.map(([, value]) => value);
    const added = kept.filter(({ message }) => !unsent.get(message.id));
    // If it was sent or changed meanwhile, what was read is older.
    const isOlder = !isFirst && unsent.draft !== before;
    const both = isOlder ? unsent.draft : merged(unsent.draft, draft);
    unsent.replace([...unsent.kept(), ...added], both);
    return new Set(added.map(({ message }) => message.id));
  }

  /**
   * Add what the tab itself holds: what a page wrote before this script was there, and everything of
   * pages of an earlier version.
   * @param {Set<string>} added ids of messages that this tab did not know; more are added
   * @returns {string[]} where in the sessionStorage it was
   */
  #takeOver(added) {
    const { unsent } = this;
    const places = [`queue:${this.seat.slice(0, -1)}`, heldAt(this.seat)];
    try {
      const [queued, rest] = places.map((place) => sessionStorage.getItem(place));
      const { unsent: held = [], draft = "" } = JSON.parse(rest ?? "{}");
      for (const message of JSON.parse(queued ?? "[]")) held.push({ message, reason: "" });
      for (const { message, reason } of held) {
        if (unsent.get(message.id)) continue;
        unsent.add(message, reason);
        if (!reason) added.add(message.id);
      }
      unsent.draft = merged(unsent.draft, draft);
    } catch {
      // Storage may be forbidden, or hold something else.
    }
    return places;
  }

  get #draftKey() {
    return `${this.seat}text`;
  }

  #storeAll() {
    for (const { message } of this.unsent.kept()) this.#change(message.id);
    if (this.unsent.draft) this.#change("");
  }

  /** @param {string} id of a message; empty: the draft */
  #change(id) {
    if (!this.#isStored) return;
    this.#changes.push(
      id
        ? ["commands", this.seat + id, this.unsent.get(id)]
        : ["drafts", this.#draftKey, this.unsent.draft || undefined],
    );
    if (this.#changes.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush() {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length) this.written = this.store.write(changes);
  }
}

/** @param {string[]} places in the sessionStorage */
function forgetInTab(places) {
  try {
    for (const place of places) sessionStorage.removeItem(place);
  } catch {
    // Where storage is forbidden nothing was stored.
  }
}

/**
 * A draft that two pages have written at.
 * @param {string} one
 * @param {string} other
 */
function merged(one, other) {
  if (one.includes(other)) return one;
  return other.includes(one) ? other : `${other}\n${one}`;
}
