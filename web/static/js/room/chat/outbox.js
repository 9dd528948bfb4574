/**
 * Where what was written and not sent goes: from the browser's store to the channel, from a tab that
 * loses the seat to the one that has it, or back to its author.
 */

import { newId } from "../../shared/identifier.js";

/**
 * @typedef {object} OutboxOptions
 * @property {import("./drafts.js").UnsentMessages} unsent
 * @property {import("../../signaling/channel.js").Channel} channel
 * @property {import("./chat.js").Chat} chat
 * @property {import("../tabs.js").Tabs} tabs
 * @property {() => void} render
 */

export class Outbox {
  /** @param {OutboxOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** Send what an earlier page or another tab of this seat has left, and go on with its draft. */
  async adopt() {
    const { unsent, channel, chat, render } = this.options;
    const messages = await unsent.adopt();
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
    const { unsent, channel, chat, tabs, render } = this.options;
    const here = replaced && tabs.here && unsent.lasting;
    if (here) {
      unsent.keep(true);
      unsent.handOver();
    }
    if (here && tabs.canTell) {
      channel.forgetPending();
      unsent.clear();
      chat.draft = "";
      void unsent.written.then(() => tabs.tellWritten());
    } else if (!replaced || tabs.here || tabs.elsewhere) {
      channel.refusePending(reason);
      const text = chat.draft.trim();
      if (text) unsent.add({ type: "chat_send", id: newId(), text }, reason);
      chat.draft = "";
    }
    render();
  }
}
