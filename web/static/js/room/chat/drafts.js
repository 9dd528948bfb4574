/**
 * What was written at a seat and is not acknowledged: the draft, messages on their way, and messages
 * that the server refused or never got. The browser keeps it until it is sent, beyond the end of the
 * page, for as long as its author may see the session.
 */

/** @import { BrowserStore, Change } from "../../shared/browser-store.js" */
/** @import { ChatSend } from "../../signaling/messages.js" */
/** @typedef {{ message: ChatSend, reason: string }} Unsent without a reason it is on its way */
/** @typedef {Unsent & { order: number }} Kept messages are sent in this order */

export class UnsentMessages {
  /** By message id, in their order. @type {Map<string, Kept>} */
  #all = new Map();
  #draft = "";
  #isStored = true;
  #isHandedOver = false;
  /** Those of one task are made together, or not at all. @type {Change[]} */
  #changes = [];
  /** Settles when everything was written, as well as it can be. @type {Promise<unknown>} */
  written = Promise.resolve();

  /**
   * @param {BrowserStore} store
   * @param {string} seat what its keys begin with
   */
  constructor(store, seat) {
    this.store = store;
    this.seat = seat;
    store.onDeleted = () => this.#storeAll();
  }

  /** Read what was kept. Pages of earlier versions kept it in their tab. */
  async open() {
    await this.adopt();
    try {
      const name = this.seat.slice(0, -1);
      /** @type {ChatSend[]} */
      const queued = JSON.parse(sessionStorage.getItem(`queue:${name}`) ?? "[]");
      const { unsent = [], draft = "" } = JSON.parse(
        sessionStorage.getItem(`unsent:${name}`) ?? "{}",
      );
      for (const message of queued) this.queue(message);
      for (const { message, reason } of unsent) this.add(message, reason);
      if (draft) this.draft = draft;
      this.#flush();
      await this.written;
      sessionStorage.removeItem(`queue:${name}`);
      sessionStorage.removeItem(`unsent:${name}`);
    } catch {
      // Storage may be forbidden.
    }
  }

  /**
   * Read what other tabs of this seat have written.
   * @returns {Promise<ChatSend[]>} messages on their way that this tab did not know
   */
  async adopt() {
    const before = this.#draft;
    const [entries, draft = ""] = await Promise.all([
      this.store.entries("commands", this.seat),
      this.store.get("drafts", this.#draftKey),
    ]);
    /** @type {Kept[]} */
    const kept = entries.map(([, value]) => value);
    const added = kept.filter(({ message }) => !this.#all.has(message.id));
    this.#sort([...this.#all.values(), ...added]);
    // If it was sent or changed meanwhile, what was read is older.
    if (this.#draft === before) this.#draft = merged(before, draft);
    return this.queued().filter(({ id }) => added.some(({ message }) => message.id === id));
  }

  /** @returns {ChatSend[]} on their way, oldest first */
  queued() {
    return [...this.#all.values()].filter(({ reason }) => !reason).map(({ message }) => message);
  }

  /** @returns {readonly Unsent[]} refused, oldest first */
  all() {
    return [...this.#all.values()].filter(({ reason }) => reason);
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
    const last = [...this.#all.values()].at(-1)?.order ?? 0;
    const order = this.#all.get(message.id)?.order ?? Math.max(Date.now(), last + 1);
    const kept = { message, reason, order };
    this.#all.set(message.id, kept);
    this.#change(["commands", this.seat + message.id, kept]);
  }

  /** @param {string} id of a message that has arrived, or is sent again under another id */
  take(id) {
    if (this.#all.delete(id)) this.#change(["commands", this.seat + id]);
  }

  get draft() {
    return this.#draft;
  }

  set draft(text) {
    if (text === this.#draft) return;
    this.#draft = text;
    this.#change(["drafts", this.#draftKey, text || undefined]);
  }

  /** Whether everything here outlives this tab. */
  get lasting() {
    return this.store.lasting;
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

  /** Hold nothing any more; what is stored stays. */
  clear() {
    this.#all.clear();
    this.#draft = "";
  }

  get #draftKey() {
    return `${this.seat}text`;
  }

  /** @param {Kept[]} all */
  #sort(all) {
    all.sort((one, other) => one.order - other.order);
    this.#all = new Map(all.map((kept) => [kept.message.id, kept]));
  }

  #storeAll() {
    for (const [id, kept] of this.#all) this.#change(["commands", this.seat + id, kept]);
    if (this.#draft) this.#change(["drafts", this.#draftKey, this.#draft]);
  }

  /** @param {Change} change */
  #change(change) {
    if (!this.#isStored) return;
    this.#changes.push(change);
    if (this.#changes.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush() {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length) this.written = this.store.write(changes);
  }
}

/**
 * A draft that two tabs have written at.
 * @param {string} one
 * @param {string} other
 */
function merged(one, other) {
  if (one.includes(other)) return one;
  return other.includes(one) ? other : `${other}\n${one}`;
}
