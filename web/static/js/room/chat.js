/** The chat: lines of the room, then what is still on its way; the form below them. */

import { _, fill } from "../shared/catalog.js";
import { byId, clone, follow, inside, setText, show } from "../shared/dom.js";
import { newId } from "../shared/identifier.js";
import { linkify } from "../shared/linkify.js";
import { timeOfDay } from "../shared/times.js";
import { deliveryOf, nameOf } from "./state.js";

/**
 * @import { ChatLine, ClientMessage } from "./messages.js"
 * @import { Room } from "./state.js"
 */

/** @typedef {Extract<ClientMessage, { type: "chat_send" }>} ChatSend */

/** Nearer to the end than this, new lines are followed. */
const NEAR_END = 80;

export class Chat {
  #lines = byId("chat-lines", HTMLElement);
  #form = byId("chat-form", HTMLFormElement);
  #text = byId("chat-text", HTMLTextAreaElement);
  /** What somebody wrote last shows when, until the server has a time for it. */
  #writtenAt = new Map();

  /** @param {(message: ChatSend) => void} onSend */
  constructor(onSend) {
    this.onSend = onSend;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("keydown", (event) => {
      // Enter also ends a word of Chinese or Amharic while it is composed.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
  }

  /**
   * @param {Room} room
   * @param {ChatSend[]} pending
   */
  render(room, pending) {
    const list = this.#lines;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    const before = list.childElementCount;
    const known = new Set(room.chat.map((line) => line.id));
    /** @type {ChatLine[]} */
    const coming = pending
      .filter((message) => !known.has(message.id))
      .map((message) => ({
        id: message.id,
        position: 0,
        participant_id: room.me,
        kind: "text",
        text: message.text,
        sent_at: this.#writtenAt.get(message.id) ?? Date.now(),
      }));
    follow(
      list,
      [...room.chat, ...coming],
      (line) => line.id,
      (line) => (line.kind === "text" ? this.#textLine(room, line) : this.#eventLine(room, line)),
      (element, line) => {
        if (line.kind !== "text") return;
        const mine = line.participant_id === room.me;
        const state = !line.position ? "sending" : deliveryOf(room, line);
        element.classList.toggle("mine", mine);
        setText(inside(element, ".state"), mine ? stateWord(state) : "");
        if (mine) inside(element, ".state").dataset.state = state;
        setText(inside(element, "time"), timeOfDay(line.sent_at));
      },
    );
    const writable =
      room.consultation?.state !== "closed" && room.consultation?.state !== "canceled";
    show(this.#form, writable);
    show(byId("chat-closed", HTMLElement), !writable);
    if ((atEnd && list.childElementCount !== before) || before === 0) {
      list.scrollTop = list.scrollHeight;
    }
  }

  /**
   * The last position that is on the screen of somebody who looks.
   * @param {Room} room
   * @returns {number} 0 if nothing is
   */
  lastSeen(room) {
    if (document.visibilityState !== "visible") return 0;
    return room.chat.filter((line) => line.participant_id !== room.me).at(-1)?.position ?? 0;
  }

  #send() {
    const text = this.#text.value.trim();
    if (!text) return;
    const id = newId();
    this.#writtenAt.set(id, Date.now());
    this.#text.value = "";
    this.onSend({ type: "chat_send", id, text });
    this.#lines.scrollTop = this.#lines.scrollHeight;
    this.#text.focus();
  }

  /**
   * @param {Room} room
   * @param {ChatLine} line
   */
  #textLine(room, line) {
    const element = clone("chat-line");
    setText(inside(element, ".author"), nameOf(room, line.participant_id));
    inside(element, ".text").append(
      ...linkify(line.text).map((part) => (part.href ? anchor(part.text, part.href) : part.text)),
    );
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
 * @param {string} text
 * @param {string} href
 */
function anchor(text, href) {
  const link = document.createElement("a");
  link.href = href;
  link.textContent = text;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  return link;
}

/** @param {"sending" | "sent" | "seen"} state */
function stateWord(state) {
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
  };
  return fill(sentences[kind] ?? "", { name });
}
