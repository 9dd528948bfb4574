/**
 * The chat: the lines of the room, then messages that are pending or refused, and the form below
 * them. Scrolling to either end of the lines that are held requests more.
 */

import { _, fill } from "../../shared/catalog.js";
import { byId, clone, follow, inside, keepingScroll, setText, show } from "../../shared/dom.js";
import { newId } from "../../shared/identifier.js";
import { copy } from "../../shared/copy.js";
import { serverNow } from "../../shared/time/server-clock.js";
import { timeOfDay } from "../../shared/time/format.js";
import { userText } from "../../shared/text/user-text.js";
import { cleaned, inParts, lengthOf } from "./message-text.js";
import { isAtEnd, isAtStart } from "../chat-history.js";
import { deliveryOf, nameOf } from "../state.js";

/**
 * @import { ChatLine, ChatSend } from "../../signaling/messages.js"
 * @import { Room } from "../state.js"
 * @import { Unsent } from "./drafts.js"
 */

/** Within this many pixels of the end new lines are followed; of either end, more are requested. */
const NEAR_END = 80;
/** Milliseconds after the end of a composition in which nobody can have pressed Enter again. */
const COMPOSITION_DELAY = 30;

/**
 * @typedef {object} ChatOptions
 * @property {(message: ChatSend) => void} send
 * @property {(where: { before?: number, after?: number }) => void} read ignored while a page is
 *   being read
 * @property {() => void} readNewest
 * @property {(text: string) => void} onDraft the text that is typed and not sent
 * @property {(id: string) => void} take remove an unsent message, which is sent again
 */

export class Chat {
  #scroll = byId("chat-scroll", HTMLElement);
  #lines = byId("chat-lines", HTMLElement);
  #form = byId("chat-form", HTMLFormElement);
  #text = byId("chat-text", HTMLTextAreaElement);
  #limit = Number(this.#text.dataset.limit);
  #composedAt = -Infinity;
  /** When own messages were written, shown until the server's time arrives. */
  #writtenAt = new Map();
  /** The room as rendered last. @type {Pick<Room, "chat" | "last">} */
  #rendered = { chat: [], last: 0 };

  /** @param {ChatOptions} options */
  constructor(options) {
    this.options = options;
    this.#scroll.addEventListener("scroll", () => this.#readMore(), { passive: true });
    // The keyboard can press a button that is off screen: scroll to the end it belongs to.
    byId("earlier-lines", HTMLElement).addEventListener("click", () => {
      this.#scroll.scrollTop = 0;
      this.#readEarlier();
    });
    byId("later-lines", HTMLElement).addEventListener("click", () => {
      this.#scrollToEnd();
      this.#readLater();
    });
    byId("newest-lines", HTMLElement).addEventListener("click", () => options.readNewest());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("compositionend", (event) => (this.#composedAt = event.timeStamp));
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || this.#endsComposition(event)) return;
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("input", () => {
      options.onDraft(this.#text.value);
      this.#checkLength();
    });
    byId("send-parts", HTMLElement).addEventListener("click", () => this.#send(true));
  }

  /**
   * Whether Enter ends a composition, as of Chinese or Amharic. Safari fires the key after the end
   * of the composition, with key code 229 alone.
   * @param {KeyboardEvent} event
   */
  #endsComposition({ isComposing, keyCode, timeStamp }) {
    return isComposing || keyCode === 229 || timeStamp - this.#composedAt < COMPOSITION_DELAY;
  }

  /** The text that is typed and not sent. */
  get draft() {
    return this.#text.value;
  }

  set draft(text) {
    this.#text.value = text;
    this.options.onDraft(text);
    this.#checkLength();
  }

  /** @returns {boolean} whether what is typed is too long for one message */
  #checkLength() {
    const text = cleaned(this.#text.value);
    const length = text.length > this.#limit ? lengthOf(text) : 0;
    const tooLong = length > this.#limit;
    show(byId("too-long", HTMLElement), tooLong);
    this.#text.setAttribute("aria-invalid", String(tooLong));
    if (!tooLong) return false;
    setText(
      byId("too-long-text", HTMLElement),
      fill(_("%(count)s of %(limit)s characters: shorten it, or send it in parts."), {
        count: String(length),
        limit: String(this.#limit),
      }),
    );
    return true;
  }

  /** Whether the newest lines are on the screen, so that new ones scroll into view. */
  get following() {
    return this.#distanceToEnd < NEAR_END && isAtEnd(this.#rendered);
  }

  /**
   * @param {Room} room
   * @param {ChatSend[]} pending
   * @param {readonly Unsent[]} unsent
   * @param {boolean} over nothing can be sent any more
   */
  render(room, pending, unsent, over) {
    const list = this.#lines;
    const { following } = this;
    const before = list.childElementCount;
    const known = new Set(room.chat.map((line) => line.id));
    const sending = pending.filter((message) => !known.has(message.id));
    const refusedMessages = unsent.filter(({ message }) => !known.has(message.id));
    const refused = new Map(refusedMessages.map(({ message, reason }) => [message.id, reason]));
    const own = [...refusedMessages.map(({ message }) => message), ...sending];
    // Screen readers should not read a hundred old lines aloud.
    const added = before > 0 && this.#rendered.chat[0]?.id === room.chat[0]?.id;
    list.setAttribute("aria-live", added && isAtEnd(this.#rendered) ? "polite" : "off");
    const state = room.consultation?.state;
    const writable = !over && state !== "closed" && state !== "canceled";
    const today = new Date(serverNow()).toDateString();
    const change = () =>
      follow(
        list,
        [...room.chat, ...own.map((message) => this.#ownLine(room, message))],
        (line) => line.id,
        (line) => (line.kind === "text" ? this.#textLine(room, line) : this.#eventLine(room, line)),
        (element, line) => {
          if (line.kind !== "text") return;
          const reason = refused.get(line.id);
          const delivery = line.position ? deliveryOf(room, line) : "sending";
          // Rendered at every event, with hundreds of lines: only touch what has changed.
          const rendering = `${reason ?? delivery} ${today} ${writable}`;
          if (element.dataset.shown === rendering) return;
          element.dataset.shown = rendering;
          const mine = line.participant_id === room.me;
          element.classList.toggle("mine", mine);
          setText(inside(element, ".state"), mine ? stateWord(delivery, reason) : "");
          if (mine) inside(element, ".state").dataset.state = reason ? "refused" : delivery;
          if (reason) this.#offerAgain(element, line, writable);
          setText(inside(element, "time"), timeOfDay(line.sent_at));
        },
      );
    if (following) change();
    else keepingScroll(this.#scroll, list, change);
    this.#rendered = room;
    this.#showButtons(room);
    show(this.#form, writable);
    show(byId("chat-closed", HTMLElement), !writable);
    if ((following && list.childElementCount !== before) || before === 0) this.#scrollToEnd();
  }

  /** Warn that the chat is nearly full. */
  showNearlyFull() {
    show(byId("nearly-full", HTMLElement), true);
  }

  /**
   * The position of the newest line of others while the page is visible.
   * @param {Room} room
   * @returns {number} 0 if there is none
   */
  lastSeen(room) {
    if (document.visibilityState !== "visible") return 0;
    return room.chat.filter((line) => line.participant_id !== room.me).at(-1)?.position ?? 0;
  }

  #send(inPieces = false) {
    if (this.#checkLength() && !inPieces) return;
    const pieces = inParts(cleaned(this.#text.value), this.#limit);
    if (!pieces.length) return;
    this.draft = "";
    for (const text of pieces) {
      const id = newId();
      this.#writtenAt.set(id, serverNow());
      this.options.send({ type: "chat_send", id, text });
    }
    if (!isAtEnd(this.#rendered)) this.options.readNewest();
    this.#scrollToEnd();
    this.#text.focus();
  }

  /**
   * Offer to copy a refused message and, while anything can be sent, to send it again.
   * @param {HTMLElement} element
   * @param {ChatLine} line
   * @param {boolean} writable
   */
  #offerAgain(element, { id, text }, writable) {
    if (!element.querySelector(".again")) {
      const offered = clone("unsent");
      element.append(offered);
      inside(offered, ".copy").addEventListener("click", async () => {
        const done = await copy(text);
        setText(inside(offered, ".done"), done ? _("Copied.") : _("Please copy the text by hand."));
      });
      inside(offered, ".again").addEventListener("click", () => {
        const message = /** @type {const} */ ({ type: "chat_send", id: newId(), text });
        this.#writtenAt.set(message.id, serverNow());
        this.options.take(id);
        this.options.send(message);
      });
    }
    show(inside(element, ".again"), writable);
  }

  get #distanceToEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight;
  }

  #scrollToEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #readMore() {
    if (this.#scroll.scrollTop < NEAR_END) this.#readEarlier();
    else if (this.#distanceToEnd < NEAR_END) this.#readLater();
  }

  #readEarlier() {
    const first = this.#rendered.chat[0];
    if (first && !isAtStart(this.#rendered)) this.options.read({ before: first.position });
  }

  #readLater() {
    const last = this.#rendered.chat.at(-1);
    if (last && !isAtEnd(this.#rendered)) this.options.read({ after: last.position });
  }

  /** @param {Room} room */
  #showButtons(room) {
    const more = { earlier: !isAtStart(room), later: !isAtEnd(room), newest: !isAtEnd(room) };
    for (const [way, there] of Object.entries(more)) {
      const button = byId(`${way}-lines`, HTMLElement);
      if (!there && button === document.activeElement) this.#scroll.focus();
      show(button, there);
    }
  }

  /**
   * A message of this page's own as a line without a position.
   * @param {Room} room
   * @param {ChatSend} message
   * @returns {ChatLine}
   */
  #ownLine(room, message) {
    return {
      id: message.id,
      position: 0,
      participant_id: room.me,
      kind: "text",
      text: message.text,
      sent_at: this.#writtenAt.get(message.id) ?? serverNow(),
    };
  }

  /**
   * @param {Room} room
   * @param {ChatLine} line
   */
  #textLine(room, line) {
    const element = clone("chat-line");
    setText(inside(element, ".author"), nameOf(room, line.participant_id));
    inside(element, ".text").append(...userText(line.text));
    return element;
  }

  /**
   * @param {Room} room
   * @param {ChatLine} line
   */
  #eventLine(room, line) {
    const element = clone("event-line");
    setText(inside(element, ".text"), eventSentence(line.kind, nameOf(room, line.participant_id)));
    setText(inside(element, "time"), timeOfDay(line.sent_at));
    return element;
  }
}

/**
 * @param {"sending" | "sent" | "seen"} state
 * @param {string} [reason] of the refusal
 */
function stateWord(state, reason) {
  if (reason) return fill(_("not sent: %(reason)s"), { reason });
  if (state === "sending") return _("sending");
  return state === "sent" ? _("sent") : _("seen");
}

/**
 * @param {string} kind
 * @param {string} name
 * @returns {string}
 */
export function eventSentence(kind, name) {
  /** @type {Record<string, string>} */
  const sentences = {
    joined: _("%(name)s joined"),
    left: _("%(name)s left"),
    added: _("%(name)s was added"),
    removed: _("%(name)s was removed"),
    started: _("The session started"),
    kept_open: _("The session was terminated but kept open"),
    resumed: _("The session was resumed"),
    closed: _("The session was closed"),
    call_started: _("%(name)s started a call"),
    call_ended: _("The call ended"),
    call_missed: _("Nobody answered the call"),
    photo_asked: _("%(name)s asks for a photo"),
    photo_declined: _("%(name)s does not want to send a photo now"),
    photo_failed: _("%(name)s could not take a photo"),
  };
  return fill(sentences[kind] ?? "", { name });
}
