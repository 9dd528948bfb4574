/**
 * The pages of a PDF as pictures that the server draws, one below the other. Only those near what is
 * seen are loaded, and the others are let go again: an old phone cannot hold twelve pages.
 */

import { _, fill } from "../../shared/catalog.js";
import { show } from "../../shared/dom.js";
import { button, element } from "./elements.js";
import { pageAt } from "./zoom.js";

/** Most pages that are loaded at once: what is on the screen, and its neighbors. */
const HELD_PAGES = 5;

/**
 * @typedef {object} PdfPage
 * @property {HTMLElement} place keeps the page's room while it is not loaded
 * @property {HTMLImageElement} picture
 * @property {HTMLElement} failed
 */

export class PdfPages {
  sheet = element("div", { class: "pages" });
  /** @type {PdfPage[]} */
  #pages = [];
  #frame;
  #address;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  // The server draws each page anew: not those that only pass by.
  #scrolled = () => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), 120);
  };

  /**
   * @param {HTMLElement} frame that scrolls the pages
   * @param {string} address of the file, without rendition
   * @param {import("../../signaling/values.js").Attachment} attachment
   */
  constructor(frame, address, { pages = 0, width = 0, height = 0 }) {
    this.#frame = frame;
    this.#address = address;
    const ratio = width && height ? `${width} / ${height}` : "210 / 297";
    for (let number = 1; number <= pages; number += 1) {
      this.#pages.push(this.#page(number, ratio, pages));
    }
    this.sheet.append(...this.#pages.map(({ place }) => place));
    frame.addEventListener("scroll", this.#scrolled, { passive: true });
  }

  /** No page is shown any more. */
  end() {
    this.#frame.removeEventListener("scroll", this.#scrolled);
    clearTimeout(this.#timer);
    for (const page of this.#pages) page.picture.removeAttribute("src");
  }

  /** @returns {number} of the page in the middle of the frame, from 1 */
  get current() {
    const { top, height } = this.#frame.getBoundingClientRect();
    const places = this.#pages.map(({ place }) => place.getBoundingClientRect());
    return pageAt(places, top + height / 2) + 1;
  }

  /** Load the pages around what is seen. */
  look() {
    const first = Math.max(0, this.current - 1 - Math.floor(HELD_PAGES / 2));
    this.#pages.forEach((page, index) => {
      const isNear = index >= first && index < first + HELD_PAGES;
      const { picture } = page;
      if (!isNear) picture.removeAttribute("src");
      else if (!picture.hasAttribute("src") && page.failed.hidden) this.#load(page, index + 1);
    });
  }

  /**
   * @param {PdfPage} page
   * @param {number} number
   */
  #load({ picture }, number) {
    picture.src = `${this.#address}/page-${number}`;
  }

  /**
   * @param {number} number
   * @param {string} ratio of the first page: the others' is known once they are loaded
   * @param {number} count
   * @returns {PdfPage}
   */
  #page(number, ratio, count) {
    const name = pageName(number, count);
    const picture = element("img", { alt: name, draggable: "false" });
    const place = element("figure", { class: "page" });
    const failed = element("div", { class: "failed", role: "alert", hidden: "" });
    const page = { place, picture, failed };
    failed.append(
      element("p", {}, _("This page cannot be shown at the moment.")),
      button(_("Try again"), () => {
        show(failed, false);
        this.#load(page, number);
      }),
    );
    place.style.aspectRatio = ratio;
    picture.addEventListener("load", () => {
      place.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
    });
    picture.addEventListener("error", () => {
      // also fired when a page is let go
      if (!picture.hasAttribute("src")) return;
      picture.removeAttribute("src");
      show(failed, true);
    });
    // behind the picture, until it covers it
    const waiting = element("p", { class: "waiting", "aria-hidden": "true" }, _("Loading…"));
    place.append(waiting, picture, failed, element("figcaption", {}, name));
    return page;
  }
}

/**
 * @param {number} number
 * @param {number} count
 */
export function pageName(number, count) {
  return fill(_("Page %(number)s of %(count)s"), { number, count });
}

/**
 * What somebody should know of a PDF; which of its pages is shown is said above.
 * @param {import("../../signaling/values.js").Attachment} attachment
 */
export function pdfWords({ width = 0, notes = [] }) {
  const words = [];
  if (notes.includes("contains_files")) words.push(_("Contains other files"));
  if (notes.includes("needs_acrobat")) words.push(_("Opens only in Acrobat"));
  if (!width) words.push(_("This PDF cannot be shown here. Please download it."));
  return words.join(" · ");
}
