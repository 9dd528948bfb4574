/**
 * The chat: the lines of the room, then messages that are pending or refused, and the form below
 * them. Scrolling to either end of the lines that are held requests more.
 */

import { _, _n, fill } from "../../shared/catalog.js";
import { byId, clone, follow, inside, keepingScroll, setText, show } from "../../shared/dom.js";
import { patiently } from "../../shared/importing.js";
import { newId } from "../../shared/identifier.js";
import { serverNow } from "../../shared/time/server-clock.js";
import { timeOfDay } from "../../shared/time/format.js";
import { eventSentence } from "./event-lines.js";
import { cleaned, inParts, lengthOf } from "./message-text.js";
import { isAtEnd, isAtStart } from "../chat-history.js";
import { deliveryOf, EMPTY, isSaidElsewhere, nameOf } from "../state.js";

/**
 * @import { ChatSend } from "../../signaling/messages.js"
 * @import { ChatLine } from "../../signaling/values.js"
 * @import { Room } from "../state.js"
 * @import { Unsent } from "./drafts.js"
 */

/** Within this many pixels of the end new lines are followed; of either end, more are requested. */
const NEAR_END = 80;
/** Milliseconds until what did not load is requested again, when there is something to read. */
const RETRY_DELAY = 10_000;
/** Milliseconds after the end of a composition in which nobody can have pressed Enter again. */
const COMPOSITION_DELAY = 30;

/**
 * @typedef {object} ChatOptions
 * @property {(message: ChatSend) => void} send
 * @property {(where: { before?: number, after?: number }) => void} read ignored while a page is
 *   being read
 * @property {() => void} readNewest
 * @property {() => void} onSeen the reader has read more, looks at the newest line, or looks away
 * @property {(text: string) => void} onDraft the text that is typed and not sent
 * @property {import("../attachments.js").Attachments} attachments
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
  /** Loaded when there is something to read. @type {import("./unread.js").Unread | null} */
  #unread = null;
  /** @type {import("./reading.js").Reader | null} */
  #reader = null;
  /** @type {typeof import("../../shared/text/user-text.js").writeText | null} */
  #writeText = null;
  /** @type {Promise<typeof import("../../shared/text/user-text.js")> | null} */
  #writing = null;
  #openedAt = serverNow();
  #isLoading = false;
  /** As the reader scrolled last. */
  #wasFollowing = true;
  /** The room as rendered last. */
  #rendered = EMPTY;

  /** @param {ChatOptions} options */
  constructor(options) {
    this.options = options;
    this.#scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // A keyboard opens, or the phone is turned: who was at the end still is.
    new ResizeObserver(() => this.#wasFollowing && this.#scrollToEnd()).observe(this.#scroll);
    document.addEventListener("visibilitychange", () => this.#isVisible || this.#unread?.hide());
    // The keyboard can press a button that is off screen: scroll to the end it belongs to.
    byId("earlier-lines", HTMLElement).addEventListener("click", () => {
      this.#scroll.scrollTop = 0;
      this.#readEarlier();
    });
    byId("later-lines", HTMLElement).addEventListener("click", () => {
      this.#scrollToEnd();
      this.#readLater();
    });
    byId("newest-lines", HTMLElement).addEventListener("click", () => {
      if (isAtEnd(this.#rendered)) this.#scrollToEnd();
      else options.readNewest();
    });
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
   * @param {string} over why nothing can be sent any more
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
    const { attachments } = this.options;
    const files = attachments.lines(room, known);
    for (const { line, reason } of files) if (reason) refused.set(line.id, reason);
    const height = this.#scroll.scrollHeight;
    // Screen readers should not read a hundred old lines aloud.
    const added = before > 0 && this.#rendered.chat[0]?.id === room.chat[0]?.id;
    list.setAttribute("aria-live", added && isAtEnd(this.#rendered) ? "polite" : "off");
    const state = room.consultation?.state;
    const closed = state === "closed" || state === "canceled";
    const writable = !over && !closed;
    attachments.writable = writable;
    const today = new Date(serverNow()).toDateString();
    void this.#loadUnread(room);
    const looking = this.#isLooking;
    this.#observe(room);
    const change = () =>
      follow(
        list,
        [
          ...(this.#unread?.marked(room) ?? room.chat),
          ...own.map((message) => this.#ownLine(room, message)),
          ...files.map(({ line }) => line),
        ],
        (line) => line.id,
        (line) => (isMessage(line) ? this.#textLine(room, line) : this.#eventLine(room, line)),
        (element, line) => {
          if (!isMessage(line)) return;
          if (line.attachment) attachments.show(element, line, room);
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
          if (reason && !line.attachment) void this.#offerAgain(element, line, writable);
          setText(inside(element, "time"), timeOfDay(line.sent_at));
        },
      );
    if (following) change();
    else keepingScroll(this.#scroll, list, change);
    this.#rendered = room;
    show(this.#form, writable);
    show(byId("chat-closed", HTMLElement), closed || over === "closed");
    const grown = this.#scroll.scrollHeight !== height;
    if ((following && grown) || before === 0) this.#scrollToEnd();
    this.#showButtons(room);
    this.#reader?.follow(room, looking);
  }

  /**
   * Make a change that moves the end of the chat, which stays on the screen if it is there.
   * @param {() => void} change
   */
  growing(change) {
    const { following } = this;
    change();
    if (following) this.#scrollToEnd();
  }

  /** How many messages of others were not read; 0 while the reader looks at the newest one. */
  get unread() {
    return this.#isLooking ? 0 : (this.#unread?.count(this.#rendered) ?? 0);
  }

  /** Warn that the chat is nearly full. */
  showNearlyFull() {
    show(byId("nearly-full", HTMLElement), true);
  }

  /** The position up to which lines of others were on the screen for long enough to be read. */
  get lastSeen() {
    return this.#reader?.read ?? 0;
  }

  /** @param {Room} room */
  async #loadUnread(room) {
    if (this.#isLoading || room.chat.every((line) => line.participant_id === room.me)) return;
    this.#isLoading = true;
    try {
      const [{ Unread }, { Reader }] = await Promise.all([
        import("./unread.js"),
        import("./reading.js"),
      ]);
      this.#unread = new Unread();
      this.#reader = new Reader({
        scroll: this.#scroll,
        lines: this.#lines,
        openedAt: this.#openedAt,
        onChange: this.options.onSeen,
      });
      this.#observe(room);
      this.options.onSeen();
    } catch {
      // Messages are read without it, and nobody is told that they were.
      setTimeout(() => (this.#isLoading = false), RETRY_DELAY);
    }
  }

  /** @param {Room} room */
  #observe(room) {
    this.#unread?.observe(room, this.#isVisible, this.#isLooking, this.lastSeen);
  }

  /** Whether the newest line is on the screen, or will be as soon as it comes. */
  get #isLooking() {
    return this.#isVisible && this.following && (this.#reader?.isLooking ?? true);
  }

  get #isVisible() {
    return document.visibilityState === "visible";
  }

  #send(inPieces = false) {
    if (this.#checkLength() && !inPieces) return;
    const pieces = inParts(cleaned(this.#text.value), this.#limit);
    const files = this.options.attachments.take();
    if (!files || !(pieces.length + files.length)) return;
    this.draft = "";
    this.#unread?.clear();
    for (const text of pieces) this.#say(text);
    this.options.attachments.send(files);
    if (!isAtEnd(this.#rendered)) this.options.readNewest();
    this.#scrollToEnd();
    this.#text.focus();
  }

  /** @param {string} text */
  #say(text) {
    const id = newId();
    this.#writtenAt.set(id, serverNow());
    this.options.send({ type: "chat_send", id, text });
  }

  /**
   * Offer to copy a refused message and, while anything can be sent, to send it again.
   * @param {HTMLElement} element
   * @param {ChatLine} line
   * @param {boolean} writable
   */
  async #offerAgain(element, { id, text }, writable) {
    const { offerAgain } = await patiently(() => import("./refused.js"), "room/chat/refused.js");
    offerAgain(element, text, writable, () => {
      this.options.take(id);
      this.#say(text);
    });
  }

  get #distanceToEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight;
  }

  #scrollToEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #scrolled() {
    this.#wasFollowing = this.following;
    if (this.following && this.#unread?.isBehind(this.#rendered)) this.options.onSeen();
    this.#showJump();
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
    this.#showButton("earlier", !isAtStart(room));
    this.#showButton("later", !isAtEnd(room));
    this.#showJump();
  }

  /**
   * @param {"earlier" | "later" | "newest"} way
   * @param {boolean} there
   */
  #showButton(way, there) {
    const button = byId(`${way}-lines`, HTMLElement);
    if (!there && button === document.activeElement) this.#scroll.focus();
    show(button, there);
  }

  #showJump() {
    this.#showButton("newest", !this.following);
    const count = this.unread;
    const words = fill(_n("%(count)s new message", "%(count)s new messages", count), { count });
    setText(byId("unread-count", HTMLElement), count ? words : "");
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
    // the name stands for a file until it is shown
    this.#write(inside(element, ".text"), line.text || (line.attachment?.name ?? ""));
    return element;
  }

  /**
   * At once, and again with its links and directions when what finds these is loaded, with the first text.
   * @param {HTMLElement} element
   * @param {string} text
   */
  #write(element, text) {
    if (this.#writeText) return this.#writeText(element, text);
    setText(element, text);
    const found = () => import("../../shared/text/user-text.js");
    this.#writing ??= patiently(found, "shared/text/user-text.js");
    this.#writing.then(
      ({ writeText }) => (this.#writeText = writeText)(element, text),
      (error) => console.warn("links stay words", error),
    );
  }

  /**
   * @param {Room} room
   * @param {ChatLine} line
   */
  #eventLine(room, line) {
    if (line.kind === "unread") return clone("unread-line");
    const element = clone("event-line");
    setText(inside(element, ".text"), eventSentence(line.kind, nameOf(room, line.participant_id)));
    setText(inside(element, "time"), timeOfDay(line.sent_at));
    if (isSaidElsewhere(room, line)) element.setAttribute("aria-live", "off");
    return element;
  }
}

/**
 * Whether somebody has written or sent it.
 * @param {ChatLine} line
 */
function isMessage({ kind, attachment }) {
  return kind === "text" || Boolean(attachment);
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
