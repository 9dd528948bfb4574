/**
 * A photo or PDF as a line of the chat: while it is sent, and when it is there. A line has one bubble
 * all the time.
 */

import { _, _n, fill } from "../../shared/catalog.js";
import { byId, show, setText } from "../../shared/dom.js";
import { nameOf } from "../state.js";
import { button, element } from "./elements.js";
import { isPdf, mayBeDrawn, sizeOf } from "./kinds.js";

/**
 * @import { Attachment, ChatLine } from "../../signaling/values.js"
 * @import { Room } from "../state.js"
 * @import { Upload, Uploads } from "./uploads.js"
 */

/** CSS pixels that a picture has at most. */
const WIDEST = 260;
const HIGHEST = 240;
/** And the frame of a narrow one at least: it is to be tapped. */
const NARROWEST = 48;
/** Sending the same again would be refused again. */
const HOPELESS = new Set([
  "file_not_accepted",
  "file_needs_export",
  "file_hdr",
  "file_too_large",
  "file_too_many_pixels",
  "file_infected",
  "pdf_password",
  "pdf_no_pages",
  "not_readable",
]);

/**
 * @typedef {object} BubbleOptions
 * @property {string} files address under which stored files are
 * @property {Uploads} uploads
 * @property {(change: () => void) => void} growing makes a change that moves the end of the chat
 * @property {(lineId: string) => void} open show it over the whole screen
 */

export class Bubbles {
  /** @type {WeakMap<HTMLElement, Bubble>} */
  #all = new WeakMap();

  /** @param {BubbleOptions} options */
  constructor(options) {
    this.options = options;
  }

  /**
   * @param {HTMLElement} line the element of a line of the chat
   * @param {ChatLine} said
   * @param {Room} room
   * @param {boolean} writable whether anything can be sent
   */
  show(line, said, room, writable) {
    let bubble = this.#all.get(line);
    if (!bubble) {
      bubble = new Bubble(said.id, this.options);
      this.#all.set(line, bubble);
      line.classList.add("has-file");
      line.querySelector(".text")?.before(bubble.element);
    }
    show(line.querySelector(".text"), said.text !== "");
    const upload = said.position ? undefined : this.options.uploads.get(said.id);
    if (upload) bubble.showUpload(upload, writable);
    else if (said.position && said.attachment) {
      bubble.showStored(said, said.attachment, nameOf(room, said.participant_id));
    }
  }

  /**
   * More of it has been sent.
   * @param {Upload} upload
   */
  progress({ id, sent, blob, small }) {
    const bar = document.querySelector(`[data-key="${CSS.escape(id)}"] progress`);
    if (!(bar instanceof HTMLProgressElement)) return;
    const { size } = small ?? blob;
    bar.value = sent / size;
    // hidden from screen readers, which would read every step aloud
    const amount = bar.parentElement?.querySelector(".amount");
    if (amount) setText(amount, `${sizeOf(sent)} / ${sizeOf(size)}`);
  }
}

class Bubble {
  #lineId;
  #picture = element("a", { class: "picture", target: "_blank", hidden: "" });
  #frame = element("span", { class: "frame" });
  #name = element("bdi", { class: "file-name" });
  #facts = element("span", { class: "facts" });
  #progress = element("div", { class: "progress", hidden: "" });
  #bar = element("progress", { max: "1", value: "0" });
  #words = element("p", { class: "words", hidden: "" });
  #cancel;
  #whole;
  #again;
  #remove;
  #download = element("a", { class: "button", download: "", hidden: "" }, _("Download"));
  #actions = element("div", { class: "actions" });
  /** What is shown, so that only changes touch the page. */
  #shown = "";
  #preview = "";

  /**
   * @param {string} lineId
   * @param {BubbleOptions} options
   */
  constructor(lineId, { files, uploads, open, growing }) {
    this.#lineId = lineId;
    this.files = files;
    this.growing = growing;
    this.#cancel = button(
      _("Cancel"),
      inPlace(() => uploads.cancel(lineId)),
    );
    this.#whole = button(
      _("Send the original size"),
      inPlace(() => uploads.again(lineId, true)),
    );
    this.#again = button(
      _("Try again"),
      inPlace(() => uploads.again(lineId)),
    );
    this.#remove = button(
      _("Remove"),
      inPlace(() => uploads.cancel(lineId)),
    );
    this.#picture.append(this.#frame);
    this.#picture.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || !this.#picture.href) return;
      event.preventDefault();
      open(lineId);
    });
    this.#progress.append(this.#bar, element("span", { class: "amount", "aria-hidden": "true" }));
    this.#actions.append(this.#cancel, this.#whole, this.#again, this.#remove, this.#download);
    this.element = element("div", { class: "file" });
    this.element.append(
      this.#picture,
      element("p", { class: "file-line" }, this.#name, " ", this.#facts),
      this.#progress,
      this.#words,
      this.#actions,
    );
  }

  /**
   * @param {Upload} upload
   * @param {boolean} writable
   */
  showUpload(upload, writable) {
    const { state, waits, name, blob, small, reason, code, lasts } = upload;
    const shown = [state, waits, small?.size, reason, writable, lasts].join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    setText(this.#name, name);
    setText(this.#facts, sizeOf(blob.size));
    this.#showPreview(upload);
    const isGoing = state === "preparing" || state === "sending" || state === "checking";
    show(this.#progress, isGoing);
    this.#bar.setAttribute("aria-label", fill(_("Sending %(name)s"), { name }));
    this.#bar.toggleAttribute("data-waits", waits);
    if (state === "checking" || state === "preparing") this.#bar.removeAttribute("value");
    const words = reason ? "" : uploadWords(upload);
    setText(this.#words, words);
    show(this.#words, words !== "");
    show(this.#cancel, isGoing || state === "waiting");
    show(this.#whole, small !== null && (state === "sending" || state === "waiting"));
    show(this.#again, reason !== "" && writable && !HOPELESS.has(code));
    show(this.#remove, reason !== "");
  }

  /**
   * @param {ChatLine} line
   * @param {Attachment} attachment
   * @param {string} author
   */
  showStored({ kind, text }, attachment, author) {
    const { name, size, turned = 0, notes = [] } = attachment;
    const shown = `${turned} ${author} ${notes}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const address = `${this.files}/${encodeURIComponent(this.#lineId)}`;
    const isPhoto = kind === "photo";
    setText(this.#name, name);
    setText(this.#facts, [...pdfFacts(attachment), sizeOf(size)].join(" · "));
    for (const gone of [this.#progress, this.#words, this.#cancel, this.#whole]) show(gone, false);
    for (const gone of [this.#again, this.#remove]) show(gone, false);
    const isLost = notes.includes("lost");
    show(this.#download, !isPhoto && !isLost);
    if (isLost) {
      setText(this.#words, _("This file is not on the server any more."));
      show(this.#words, true);
      this.#picture.removeAttribute("href");
      return this.#showSymbol(isPhoto ? "photo" : "pdf");
    }
    if (!isPhoto) {
      this.#download.href = `${address}/original`;
      this.#download.setAttribute("aria-label", fill(_("Download %(name)s"), { name }));
    }
    this.#picture.href = `${address}/${isPhoto ? "large" : "preview"}`;
    const alt = isPhoto
      ? text || fill(_("Photo from %(name)s"), { name: author })
      : fill(_("First page of %(name)s"), { name });
    if (attachment.width)
      this.#showPicture(`${address}/${isPhoto ? "small" : "preview"}`, alt, attachment);
    else this.#showSymbol(isPhoto ? "photo" : "pdf");
  }

  /** @param {Upload} upload */
  #showPreview({ name, type, blob }) {
    if (this.#preview) return;
    if (!mayBeDrawn({ name, type })) {
      this.#preview = "symbol";
      return this.#showSymbol(isPdf({ name, type }) ? "pdf" : "photo");
    }
    const address = URL.createObjectURL(blob);
    this.#preview = address;
    const probe = new Image();
    probe.onload = () => {
      const { naturalWidth: width, naturalHeight: height } = probe;
      if (this.#preview !== address) return;
      this.growing(() => this.#showPicture(address, "", { width, height }));
    };
    probe.onerror = () => {
      if (this.#preview === address) this.growing(() => this.#showSymbol("photo"));
      URL.revokeObjectURL(address);
    };
    probe.src = address;
  }

  /** @param {"photo" | "pdf"} kind */
  #showSymbol(kind) {
    this.#frame.className = "frame symbol";
    this.#frame.removeAttribute("style");
    this.#picture.removeAttribute("style");
    this.#frame.replaceChildren(symbol(kind));
    show(this.#picture, true);
  }

  /**
   * Whole, at most as large as the bubble, in a frame that has its shape before it is loaded.
   * @param {string} address
   * @param {string} alt
   * @param {{ width?: number, height?: number, turned?: number }} picture
   */
  #showPicture(address, alt, { width = 1, height = 1, turned = 0 }) {
    const before = this.#frame.querySelector("img");
    const image = before ?? element("img", { decoding: "async" });
    const [wide, high] = turned % 2 ? [height, width] : [width, height];
    const scale = Math.min(1, WIDEST / wide, HIGHEST / high);
    this.#frame.className = "frame";
    const inline = Math.max(NARROWEST, Math.round(wide * scale));
    // Parts of the frame: it may have to be smaller still.
    this.#picture.style.inlineSize = `${inline}px`;
    this.#frame.style.paddingBlockEnd = `${(100 * high * scale) / inline}%`;
    image.style.inlineSize = `${(100 * width * scale) / inline}%`;
    image.style.transform = `translate(-50%, -50%) rotate(${90 * turned}deg)`;
    image.width = width;
    image.height = height;
    image.alt = alt;
    if (image.getAttribute("src") !== address) {
      // The picture of this device stays until that of the server is there.
      const own = this.#preview;
      if (own.startsWith("blob:") && own !== address) {
        this.#preview = "stored";
        image.addEventListener("load", () => URL.revokeObjectURL(own), { once: true });
      }
      image.loading = address.startsWith("blob:") ? "eager" : "lazy";
      image.src = address;
    }
    if (!before) this.#frame.replaceChildren(image);
    show(this.#picture, true);
  }
}

/**
 * The pressed button goes with its line: the keyboard stays in the chat.
 * @param {() => void} act
 */
function inPlace(act) {
  return () => {
    act();
    byId("chat-scroll", HTMLElement).focus({ preventScroll: true });
  };
}

/** @param {Upload} upload */
function uploadWords({ state, waits, small, blob, lasts }) {
  const words = [];
  if (small) {
    words.push(
      fill(_("Made smaller for the slow connection: %(small)s instead of %(whole)s."), {
        small: sizeOf(small.size),
        whole: sizeOf(blob.size),
      }),
    );
  }
  if (state === "waiting") words.push(_("Waits for the file before it."));
  else if (waits) words.push(_("The connection is interrupted. Sending goes on by itself."));
  else if (state === "checking") words.push(_("The file is being checked."));
  if (!lasts && state !== "sent") words.push(_("Keep this page open until the file is sent."));
  return words.join(" ");
}

/**
 * What somebody should know of a PDF before opening it.
 * @param {Attachment} attachment
 */
function pdfFacts({ pages = 0, notes = [] }) {
  const facts = pages
    ? [fill(_n("%(count)s page", "%(count)s pages", pages), { count: pages })]
    : [];
  if (notes.includes("contains_files")) facts.push(_("contains other files"));
  if (notes.includes("needs_acrobat")) facts.push(_("opens only in Acrobat"));
  return facts;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * A picture for what the browser cannot draw; the name stands beside it.
 * @param {string} name in icons.svg
 */
export function symbol(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}
