/**
 * Where what was written and not sent goes: to the channel and into the browser, from a tab that
 * loses the seat to the one that has it, or back to its author.
 */

import { isStored } from "../../shared/clear-storage.js";
import { newId } from "../../shared/identifier.js";
import { heldAt, heldInTab } from "./drafts.js";

/** @import { ChatSend } from "../../signaling/messages.js" */
/**
 * @typedef {object} OutboxOptions
 * @property {string} seat what keys in the browser's store begin with
 * @property {import("./drafts.js").UnsentMessages} unsent
 * @property {import("../../signaling/channel.js").Channel} channel
 * @property {import("./chat.js").Chat} chat
 * @property {import("../tabs.js").Tabs} tabs
 * @property {import("../attachments.js").Attachments} attachments
 * @property {() => void} render
 */

export class Outbox {
  /** @type {Promise<void> | null} */
  #opening = null;
  /** @type {import("./keeping.js").Keeping | null} */
  #keeping = null;
  #isKept = true;
  /** What an earlier page has held in the tab, and `keeping.js` has not read yet. */
  #earlier;
  /** Settles when what an earlier page has left was given to the channel, before anything newer. */
  restored = isStored().then(
    // a draft of this page was typed before the scripts ran
    (stored) => (stored || this.options.chat.draft ? this.open() : undefined),
  );

  /** @param {OutboxOptions} options */
  constructor(options) {
    this.options = options;
    this.#earlier = heldInTab(options.seat);
    options.unsent.onChange = () => this.#hold();
    for (const sign of ["focusin", "pointerdown", "keydown"]) {
      document.addEventListener(sign, () => void this.open(), { passive: true });
    }
  }

  /** Load what a page without a line needs, too. */
  prepare() {
    return import("./keeping.js");
  }

  /** At the first sign that something will be written: keep it in the browser. */
  open() {
    this.#opening ??= this.#open().catch(() => {
      this.#opening = null; // there is no connection; the next sign may come with one
    });
    return this.#opening;
  }

  async #open() {
    const { Keeping } = await import("./keeping.js");
    const { keeping, messages } = await Keeping.begin(this.options.unsent, this.options.seat);
    this.#keeping = keeping;
    keeping.keep(this.#isKept);
    this.#sendAll(messages);
  }

  /** Until it is kept in the browser, the tab holds it. */
  #hold() {
    const { unsent, seat } = this.options;
    const { unsent: earlier, draft: before } = this.#earlier;
    const held = [...earlier.filter(({ message }) => !unsent.get(message.id)), ...unsent.kept()];
    const draft = [...new Set([before, unsent.draft])].filter(Boolean).join("\n");
    try {
      if (this.#isKept && (draft || held.length)) {
        sessionStorage.setItem(heldAt(seat), JSON.stringify({ unsent: held, draft }));
      } else sessionStorage.removeItem(heldAt(seat));
    } catch {
      // Storage may be forbidden, or full.
    }
  }

  /** Whether anything is on its way. */
  get isWaiting() {
    return this.options.unsent.queued().length > 0;
  }

  /** Settles when what was written is in the browser, as well as it can be. */
  async written() {
    await this.#opening;
    await this.#keeping?.written;
  }

  /** Whether everything that is not sent outlives this tab. */
  get lasting() {
    const { unsent } = this.options;
    return this.#keeping ? this.#keeping.store.lasting : !unsent.draft && !unsent.kept().length;
  }

  /** Whether it is known that the browser keeps nothing beyond this tab. */
  get keepsNothing() {
    return this.#keeping !== null && !this.#keeping.store.lasting;
  }

  /** @param {boolean} kept see Keeping */
  keep(kept) {
    const isNew = kept !== this.#isKept;
    this.#isKept = kept;
    if (this.#keeping) this.#keeping.keep(kept);
    else if (isNew) this.#hold();
  }

  /** Leave what is kept as it is. */
  handOver() {
    this.#keeping?.handOver();
  }

  /** Send what another tab of this seat has left, and go on with its draft. */
  async adopt() {
    const { attachments, channel } = this.options;
    if (this.#keeping) this.#sendAll(await this.#keeping.adopt());
    if (channel.state !== "ended") void attachments.adopt();
  }

  /** @param {ChatSend[]} messages */
  #sendAll(messages) {
    const { unsent, channel, chat, render } = this.options;
    if (channel.state === "ended") return;
    channel.adopt(messages);
    if (chat.draft !== unsent.draft) chat.draft = unsent.draft;
    render();
  }

  /**
   * The seat is lost.
   * @param {boolean} replaced by another page
   * @param {string} reason a sentence for the author
   */
  close(replaced, reason) {
    const { unsent, channel, chat, tabs, attachments, render } = this.options;
    const keeping = replaced && tabs.here && this.lasting ? this.#keeping : null;
    keeping?.keep(true);
    keeping?.handOver();
    if (keeping && tabs.canTell) {
      channel.forgetPending();
      unsent.replace([], "");
      chat.draft = "";
      const stored = Promise.all([keeping.written, attachments.handOver()]);
      void stored.then(() => tabs.tellWritten());
    } else if (!replaced || tabs.here || tabs.elsewhere) {
      channel.refusePending(reason);
      const text = chat.draft.trim();
      if (text) unsent.add({ type: "chat_send", id: newId(), text }, reason);
      chat.draft = "";
      attachments.giveBack(reason);
    } else attachments.pause();
    render();
  }
}
