/**
 * The viewer: photos and PDFs of the chat over the whole screen, one at a time. Its parts are the
 * frame that zooms (`zoomable.js`), a turned photo (`photo-view.js`), the pages of a PDF
 * (`pdf-pages.js`) and drawing (`marking.js`); this file is the dialog around them.
 */

import { _, fill } from "../../shared/catalog.js";
import { setText, show } from "../../shared/dom.js";
import { newId } from "../../shared/identifier.js";
import { timeOfDay } from "../../shared/time/format.js";
import { nameOf } from "../state.js";
import { button, element, styleSheet } from "./elements.js";
import { Marking } from "./marking.js";
import { pageName, PdfPages, pdfWords } from "./pdf-pages.js";
import { PhotoView } from "./photo-view.js";
import { turnedBy } from "./zoom.js";
import { Zoomable } from "./zoomable.js";

/**
 * @import { TurnPhoto } from "../../signaling/messages.js"
 * @import { ChatLine } from "../../signaling/values.js"
 * @import { Mark } from "./marks.js"
 * @import { Room } from "../state.js"
 */

/**
 * @typedef {object} ViewerOptions
 * @property {string} files address under which the files of this session are
 * @property {((message: TurnPhoto) => void) | null} turn null: nothing can be turned here
 * @property {((copy: { file: Blob, name: string, caption: string }) => void) | null} send a marked
 *   copy; null: nothing can be marked here
 */

/** A PDF is as wide as the frame, but no wider than is read easily. */
const PDF_WIDTH = 900;
/** Of the frame, by one arrow key. */
const KEY_PAN = 0.15;

/** @type {Map<string, { turned: number, marks: Mark[] }>} line id -> marks that were not sent */
const unsentMarks = new Map();

/** @type {Viewer | null} */
let shown = null;

/**
 * Open the viewer at the file of a chat line.
 * @param {Room} room
 * @param {string} lineId
 * @param {ViewerOptions} options
 * @returns {Promise<void>} resolved when it is open
 */
export async function open(room, lineId, options) {
  const before = document.activeElement;
  await styleSheet("viewer.css");
  shown?.close();
  const viewer = new Viewer(room, options, () => {
    shown = null;
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  shown = viewer;
  viewer.show(lineId);
}

/**
 * The room has changed: turned photos, new ones, a call that rings.
 * @param {Room} room
 * @param {{ rings?: boolean, writable?: boolean }} [state] writable: whether anything can be sent
 */
export function follow(room, { rings = false, writable = true } = {}) {
  if (!writable) shown?.endWriting();
  shown?.follow(room, rings);
}

/** Close the viewer, if it is open: nothing may be shown any more. */
export function close() {
  shown?.close();
}

class Viewer {
  #lineId = "";
  /** @type {PhotoView | PdfPages | null} */
  #view = null;
  /** @type {Marking | null} */
  #marking = null;
  #title = element("h2", { id: "viewer-title" });
  #from = element("p", { class: "from" });
  #caption = element("p", { class: "caption", dir: "auto" });
  #words = element("p", { class: "words", role: "status" });
  #call = element("div", { class: "words actions", role: "alert", hidden: "" });
  #failed = element("div", { class: "failed", role: "alert", hidden: "" });
  #frame = element("div", { class: "screen", tabindex: "0", role: "group" });
  #previous = button(_("Previous"), () => this.#go(-1), { class: "previous" });
  #next = button(_("Next"), () => this.#go(1), { class: "next" });
  #zoomIn = button(_("Zoom in"), () => this.#zoom.step(1));
  #zoomOut = button(_("Zoom out"), () => this.#zoom.step(-1));
  #left = button(_("Turn left"), () => this.#turn(-1));
  #right = button(_("Turn right"), () => this.#turn(1));
  #mark = button(_("Mark"), () => this.#startMarking(), { class: "mark" });
  #download = element("a", { class: "button", download: "" }, _("Download"));
  #tools = element("div", { class: "tools", role: "group" });
  #zoom;

  /**
   * @param {Room} room
   * @param {ViewerOptions} options
   * @param {() => void} onClose
   */
  constructor(room, options, onClose) {
    this.room = room;
    this.options = options;
    this.#zoom = new Zoomable(this.#frame, {
      resize: () => this.#resize(),
      sheet: () => this.#view?.sheet ?? this.#frame,
      wheelZooms: () => this.#view instanceof PhotoView,
    });
    this.#frame.addEventListener("scroll", () => this.#nameItem(), { passive: true });
    this.dialog = this.#build();
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.dialog.addEventListener("cancel", (event) => {
      if (!this.#marking) return;
      event.preventDefault();
      this.#stopMarking();
    });
    // its size also changes with the rows of buttons below it
    const sizes = new ResizeObserver(() => this.#fit());
    sizes.observe(this.#frame);
    this.dialog.addEventListener("close", () => {
      sizes.disconnect();
      this.#leave();
      this.dialog.remove();
      onClose();
    });
  }

  /** @param {string} lineId */
  show(lineId) {
    if (!this.dialog.open) {
      document.body.append(this.dialog);
      this.dialog.showModal();
    }
    this.#showItem(lineId);
    this.#frame.focus();
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  /** The session is over: photos can be looked at, and no more. */
  endWriting() {
    if (!this.options.turn) return;
    const wasMarking = this.#marking !== null;
    this.options = { ...this.options, turn: null, send: null };
    this.#stopMarking();
    if (wasMarking) this.#say(_("This session is over."));
    // the focus was on a button that is gone
    if (!this.dialog.contains(document.activeElement)) this.#frame.focus();
  }

  /**
   * @param {Room} room
   * @param {boolean} rings
   */
  follow(room, rings) {
    this.room = room;
    show(this.#call, rings);
    const line = this.#line;
    // a copy that is being marked stays as it is
    if (line && this.#view instanceof PhotoView && !this.#marking) {
      const { turned = 0 } = line.attachment ?? {};
      if (turned !== this.#view.turned) {
        this.#view.turned = turned;
        this.#zoom.reset();
      }
    }
    this.#nameItem();
    this.#showButtons();
  }

  /** @returns {ChatLine[]} photos and PDFs that the page holds */
  get #items() {
    return this.room.chat.filter(
      ({ attachment }) => attachment && !attachment.notes?.includes("lost"),
    );
  }

  get #line() {
    return this.room.chat.find((line) => line.id === this.#lineId);
  }

  /** @returns {HTMLDialogElement} */
  #build() {
    this.#failed.append(
      element("p", {}, _("This photo cannot be shown at the moment.")),
      button(_("Try again"), () => {
        show(this.#failed, false);
        if (this.#view instanceof PhotoView) this.#view.load();
      }),
    );
    this.#call.append(
      element("span", {}, _("Incoming call")),
      button(_("Go to the call"), () => this.close(), { class: "primary" }),
    );
    this.#tools.setAttribute("aria-label", _("Viewer"));
    this.#tools.append(
      this.#previous,
      this.#next,
      this.#zoomOut,
      this.#zoomIn,
      this.#left,
      this.#right,
      this.#mark,
      this.#download,
    );
    const head = element("div", { class: "head" });
    head.append(
      element("div", { role: "status" }, this.#title, this.#from),
      button(_("Close"), () => this.close(), { class: "close" }),
    );
    const dialog = element("dialog", { class: "viewer" });
    dialog.setAttribute("aria-labelledby", "viewer-title");
    dialog.append(
      head,
      this.#call,
      this.#frame,
      this.#failed,
      this.#words,
      this.#caption,
      this.#tools,
    );
    return dialog;
  }

  /** @param {string} lineId */
  #showItem(lineId) {
    this.#leave();
    this.#lineId = lineId;
    const line = this.#line;
    if (!line?.attachment) return this.close();
    const address = `${this.options.files}/${encodeURIComponent(line.id)}`;
    if (line.kind === "pdf") {
      this.#view = new PdfPages(this.#frame, address, line.attachment);
      this.#download.href = `${address}/original`;
      this.#say(pdfWords(line.attachment));
    } else {
      this.#say(_("Loading…"));
      const view = new PhotoView(`${address}/large`, line.attachment, (loaded) => {
        show(this.#failed, !loaded);
        this.#say("");
        if (this.#view !== view) return;
        this.#fit();
        this.#showButtons();
      });
      view.turned = line.attachment.turned ?? 0;
      view.picture.alt = line.text || fill(_("Photo from %(name)s"), { name: this.#author(line) });
      this.#view = view;
    }
    this.dialog.dataset.kind = line.kind;
    this.#frame.replaceChildren(this.#view.sheet);
    show(this.#failed, false);
    this.#zoom.reset();
    if (this.#view instanceof PdfPages) this.#view.look();
    setText(this.#caption, line.text);
    show(this.#caption, line.text !== "");
    this.#nameItem();
    this.#showButtons();
  }

  #leave() {
    this.#stopMarking();
    this.#view?.end();
    this.#view = null;
  }

  /** @param {1 | -1} way */
  #go(way) {
    const items = this.#items;
    const next = items[items.findIndex(({ id }) => id === this.#lineId) + way];
    if (!next) return;
    const pressed = document.activeElement;
    this.#showItem(next.id);
    // the button may have become disabled at the end
    if (pressed instanceof HTMLButtonElement && pressed.disabled) this.#frame.focus();
  }

  /** Say which of the files this is, and which page. */
  #nameItem() {
    const line = this.#line;
    if (!line) return;
    const items = this.#items;
    const number = items.indexOf(line) + 1;
    const sentence =
      line.kind === "pdf" ? _("PDF %(number)s of %(count)s") : _("Photo %(number)s of %(count)s");
    const title = fill(sentence, { number, count: items.length });
    const pages = line.attachment?.pages ?? 0;
    const page = this.#view instanceof PdfPages && pages ? this.#view.current : 0;
    setText(this.#title, page ? `${title} · ${pageName(page, pages)}` : title);
    const parts = [this.#author(line), timeOfDay(line.sent_at)];
    if (line.kind === "pdf") parts.unshift(line.attachment?.name ?? "");
    setText(this.#from, parts.map((part) => `\u2068${part}\u2069`).join(" · "));
    this.#frame.setAttribute("aria-label", line.text || title);
  }

  #showButtons() {
    const items = this.#items;
    const place = items.findIndex(({ id }) => id === this.#lineId);
    const isPhoto = this.#view instanceof PhotoView;
    const marks = this.#marking !== null;
    this.#previous.disabled = place <= 0;
    this.#next.disabled = place >= items.length - 1;
    for (const [control, there] of /** @type {[HTMLElement, boolean][]} */ ([
      [this.#previous, items.length > 1 && !marks],
      [this.#next, items.length > 1 && !marks],
      [this.#left, isPhoto && !marks && this.options.turn !== null],
      [this.#right, isPhoto && !marks && this.options.turn !== null],
      [this.#mark, isPhoto && !marks && this.options.send !== null],
      [this.#download, !isPhoto],
    ])) {
      show(control, there);
    }
  }

  /** @param {1 | -1} by */
  #turn(by) {
    const view = this.#view;
    if (!(view instanceof PhotoView)) return;
    // Shown at once; the server's event shows it to everybody.
    view.turned = turnedBy(view.turned, by);
    this.#zoom.reset();
    this.#say(by === 1 ? _("Turned right") : _("Turned left"));
    this.options.turn?.({
      type: "turn_photo",
      id: newId(),
      line_id: this.#lineId,
      turned: view.turned,
    });
  }

  #startMarking() {
    const view = this.#view;
    if (!(view instanceof PhotoView)) return;
    const marking = new Marking(view, {
      say: (sentence) => this.#say(sentence),
      send: () => void this.#sendCopy(marking),
      stop: () => this.#stopMarking(),
    });
    const kept = unsentMarks.get(this.#lineId);
    if (kept?.turned === view.turned) marking.marks = kept.marks;
    marking.draw();
    this.#marking = marking;
    view.sheet.append(marking.surface);
    this.#tools.before(marking.tools);
    this.#showButtons();
    marking.tools.querySelector("button")?.focus();
  }

  /** The marks are kept for the next time. */
  #stopMarking() {
    const marking = this.#marking;
    if (!marking) return;
    this.#marking = null;
    unsentMarks.set(this.#lineId, { turned: marking.photo.turned, marks: marking.marks });
    marking.surface.remove();
    marking.tools.remove();
    this.follow(this.room, !this.#call.hidden);
    this.#mark.focus();
  }

  /** @param {Marking} marking */
  async #sendCopy(marking) {
    const line = this.#line;
    if (!line) return;
    const file = await marking.copy();
    if (!file) return this.#say(_("The marked copy could not be made in this browser."));
    if (this.#marking !== marking) return;
    const photo = line.text || line.attachment?.name || "";
    const names = { photo, name: this.#author(line), time: timeOfDay(line.sent_at) };
    this.options.send?.({
      file,
      name: `${(line.attachment?.name ?? "photo").replace(/\.[^.]*$/, "")}-marked.jpg`,
      caption: fill(_("Marked copy: %(photo)s (%(name)s, %(time)s)"), names),
    });
    marking.marks = [];
    this.#stopMarking();
    this.#say(_("The marked copy is being sent."));
  }

  /** @param {string} sentence */
  #say(sentence) {
    setText(this.#words, sentence);
  }

  /** @param {ChatLine} line */
  #author(line) {
    return nameOf(this.room, line.participant_id);
  }

  /** The frame has another size, or the picture is known. */
  #fit() {
    this.#zoom.zoomTo(this.#zoom.zoom);
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    const { zoom } = this.#zoom;
    if (this.#view instanceof PhotoView) this.#view.resize({ width, height }, zoom);
    else if (this.#view) {
      // not in pixels: a scroll bar may take some of them
      this.#view.sheet.style.inlineSize = `calc(min(100%, ${PDF_WIDTH}px) * ${zoom})`;
    }
    this.#zoomOut.disabled = zoom <= 1;
    this.#marking?.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.metaKey) return;
    if (event.ctrlKey) {
      if (event.key !== "z" || !this.#marking) return;
      this.#marking.undo();
    } else if (!this.#act(event.key)) return;
    event.preventDefault();
  }

  /**
   * @param {string} key
   * @returns {boolean} whether it does anything here
   */
  #act(key) {
    const zoom = this.#zoom;
    const right = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    const down = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
    if (key === "+" || key === "=") zoom.step(1);
    else if (key === "-") zoom.step(-1);
    else if (key === "0") zoom.reset();
    else if (down) zoom.pan(0, down * KEY_PAN);
    else if (key === "PageDown" || key === "PageUp") zoom.pan(0, key === "PageDown" ? 0.9 : -0.9);
    else if (!right) return false;
    else if (zoom.isWide || this.#marking) zoom.pan(right * KEY_PAN, 0);
    // where people read from right to left, the next one is on the left
    else this.#go(isRightToLeft() ? (right === 1 ? -1 : 1) : right);
    return true;
  }
}

const isRightToLeft = () => document.documentElement.dir === "rtl";
