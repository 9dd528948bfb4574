/**
 * The chat during a call: a sheet on small screens, a column that can be folded on large ones; how
 * many messages have not been seen, and for some seconds the beginning of the newest one.
 */

import { byId, setText, show } from "../../shared/dom.js";
import { nameOf } from "../state.js";

/** @import { Room } from "../state.js" */

/** Milliseconds for which a new message can be read without opening the chat. */
const PREVIEW = 8_000;
/** As in call.css. */
const LARGE = "(min-width: 60rem) and (min-height: 30rem)";

export class ChatSheet {
  #room = byId("room", HTMLElement);
  #chat = byId("chat", HTMLElement);
  #toggle = byId("chat-toggle", HTMLButtonElement);
  #count = document.createElement("span");
  #preview = byId("chat-preview", HTMLButtonElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #unread = 0;
  #inCall = false;

  /** @param {() => void} onChange what is on the screen has changed */
  constructor(onChange) {
    this.onChange = onChange;
    this.#count.className = "badge";
    this.#count.setAttribute("aria-hidden", "true");
    show(this.#count, false);
    this.#toggle.append(this.#count);
    this.#toggle.addEventListener("click", () => this.#open(!this.#isOpen));
    this.#preview.addEventListener("click", () => this.#open(true));
    this.#chat.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#inCall || event.isComposing) return;
      this.#open(false);
    });
  }

  get #isOpen() {
    return this.#room.dataset.chat === "open";
  }

  /** @param {boolean} inCall */
  render(inCall) {
    if (inCall === this.#inCall) return;
    this.#inCall = inCall;
    if (inCall) this.#set(matchMedia(LARGE).matches);
    else {
      delete this.#room.dataset.chat;
      show(this.#preview, false);
    }
  }

  /**
   * @param {Room} room
   * @param {number} unread how many messages of others have not been seen
   */
  follow(room, unread) {
    if (unread === this.#unread) return;
    const isMore = unread > this.#unread;
    this.#unread = unread;
    setText(this.#count, unread ? String(unread) : "");
    show(this.#count, unread > 0);
    if (isMore && this.#inCall && !this.#isOpen) this.#announce(room);
    else if (!unread) show(this.#preview, false);
  }

  /** @param {Room} room */
  #announce(room) {
    const line = room.chat
      .filter(({ kind, attachment }) => kind === "text" || attachment)
      .filter(({ participant_id }) => participant_id !== room.me)
      .at(-1);
    if (!line) return;
    const name = nameOf(room, line.participant_id);
    setText(this.#preview, `${name}: ${line.text || (line.attachment?.name ?? "")}`);
    show(this.#preview, true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => show(this.#preview, false), PREVIEW);
  }

  /** @param {boolean} open */
  #open(open) {
    this.#set(open);
    if (!open) this.#toggle.focus();
    // a touch screen would cover the messages with its keyboard
    else if (matchMedia("(pointer: coarse)").matches) byId("chat-scroll", HTMLElement).focus();
    else byId("chat-text", HTMLElement).focus();
    this.onChange();
  }

  /** @param {boolean} open */
  #set(open) {
    this.#room.dataset.chat = open ? "open" : "closed";
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (open) show(this.#preview, false);
  }
}
