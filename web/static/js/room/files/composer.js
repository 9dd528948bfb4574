/** The files that somebody has chosen and not sent: beside the input, each with a caption. */

import { _, fill } from "../../shared/catalog.js";
import { byId, setText, show } from "../../shared/dom.js";
import { newId } from "../../shared/identifier.js";
import { cleaned, lengthOf } from "../chat/message-text.js";
import { symbol } from "./bubble.js";
import { button, element } from "./elements.js";
import { accepted, foldersIn, isPdf, mayBeDrawn, sizeOf } from "./kinds.js";

/**
 * @import { BrowserStore } from "../../shared/browser-store.js"
 * @import { NewFile } from "./uploads.js"
 */

/**
 * @typedef {object} Chosen
 * @property {string} id
 * @property {File | Blob} file
 * @property {string} name
 * @property {string} caption
 * @property {number} order
 */

/**
 * @typedef {object} ComposerOptions
 * @property {BrowserStore} store
 * @property {string} seat what its keys begin with
 * @property {() => number} waiting files that are being sent
 */

export class Composer {
  #list = byId("chosen-files", HTMLUListElement);
  #words = byId("file-words", HTMLElement);
  #input = byId("choose-files", HTMLInputElement);
  #text = byId("chat-text", HTMLTextAreaElement);
  /** @type {Map<string, Chosen>} */
  #chosen = new Map();

  /** @param {ComposerOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** Show what an earlier page of this seat has left. */
  async adopt() {
    const { store, seat } = this.options;
    /** @type {Chosen[]} */
    const left = (await store.entries("uploads", `${seat}chosen:`)).map(([, value]) => value);
    for (const chosen of left.sort((one, other) => one.order - other.order)) {
      const caption = (await store.get("drafts", this.#captionKey(chosen.id))) ?? "";
      if (!this.#chosen.has(chosen.id)) this.#show({ ...chosen, caption });
    }
  }

  /**
   * @param {readonly File[]} files
   * @param {readonly (FileSystemEntry | null)[]} [entries] what they are on the disk
   */
  choose(files, entries = []) {
    const { megabytes, atOnce } = this.#input.dataset;
    const limits = { megabytes: Number(megabytes), atOnce: Number(atOnce) };
    const waiting = this.#chosen.size + this.options.waiting();
    const { taken, reasons } = accepted(files, limits, waiting, foldersIn(files, entries));
    this.#say(reasons.join(" "));
    taken.forEach((file, n) => {
      // a pasted picture has no name of its own
      const name = file.name || "photo.png";
      const chosen = { id: newId(), file, name, caption: "", order: Date.now() + n / 100 };
      this.#show(chosen);
      void this.#store(chosen);
    });
    // On a phone the keyboard would cover what was chosen.
    if (taken.length && matchMedia("(pointer: fine)").matches) {
      this.#list.lastElementChild?.querySelector("input")?.focus();
    }
  }

  /**
   * @param {boolean} [anyway] also with captions that are too long
   * @returns {NewFile[] | null} to be sent; null if something has to be mended first
   */
  take(anyway = false) {
    const limit = Number(this.#input.dataset.captionLimit);
    for (const { id, caption } of this.#chosen.values()) {
      const field = this.#caption(id);
      const tooLong = lengthOf(cleaned(caption)) > limit;
      field?.setAttribute("aria-invalid", String(tooLong));
      if (!tooLong || anyway) continue;
      const count = lengthOf(cleaned(caption));
      this.#say(
        fill(_("This caption has %(count)s of at most %(limit)s characters: please shorten it."), {
          count,
          limit,
        }),
      );
      field?.focus();
      return null;
    }
    const files = [...this.#chosen.values()].map(({ file, name, caption }) => {
      return { file, name, caption: cleaned(caption) };
    });
    this.clear();
    return files;
  }

  /** Nothing is chosen any more. */
  clear() {
    for (const id of [...this.#chosen.keys()]) this.#remove(id);
    this.#say("");
  }

  /** Another tab of this seat goes on with them: they stay stored. */
  handOver() {
    this.#chosen.clear();
    this.#list.replaceChildren();
    show(this.#list, false);
  }

  /** @param {Chosen} chosen */
  #show(chosen) {
    const { id, file, name } = chosen;
    this.#chosen.set(id, chosen);
    const kind = { name, type: file.type };
    const preview = element("span", { class: "thumb" });
    preview.append(symbol(isPdf(kind) ? "pdf" : "photo"));
    const caption = element("input", {
      type: "text",
      dir: "auto",
      autocomplete: "off",
      enterkeyhint: "send",
      placeholder: _("Caption"),
      "aria-label": fill(_("Caption of %(name)s"), { name }),
    });
    caption.value = chosen.caption;
    caption.addEventListener("input", () => {
      chosen.caption = caption.value;
      void this.options.store.write([["drafts", this.#captionKey(id), caption.value || undefined]]);
    });
    const remove = button(
      "",
      () => {
        this.#remove(id);
        this.#text.focus();
      },
      { class: "remove", "aria-label": fill(_("Remove %(name)s"), { name }) },
    );
    remove.append(symbol("remove"));
    const line = element("li", { "data-id": id });
    line.append(
      preview,
      element(
        "p",
        { class: "file-line" },
        element("bdi", { class: "file-name" }, name),
        " ",
        element("span", { class: "facts" }, sizeOf(file.size)),
      ),
      remove,
      caption,
    );
    this.#list.append(line);
    show(this.#list, true);
    if (mayBeDrawn(kind)) showThumb(preview, file);
  }

  /** @param {string} id */
  #remove(id) {
    this.#chosen.delete(id);
    this.#caption(id)?.closest("li")?.remove();
    show(this.#list, this.#chosen.size > 0);
    const { store, seat } = this.options;
    void store.write([
      ["uploads", `${seat}chosen:${id}`],
      ["drafts", this.#captionKey(id)],
    ]);
  }

  /**
   * Of what is typed: the file itself is not written again at every key.
   * @param {string} id
   */
  #captionKey(id) {
    return `${this.options.seat}caption:${id}`;
  }

  /** @param {Chosen} chosen */
  async #store(chosen) {
    const { store, seat } = this.options;
    const lasts = await store.put("uploads", `${seat}chosen:${chosen.id}`, chosen);
    if (lasts || !this.#chosen.has(chosen.id) || this.#words.textContent) return;
    this.#say(_("Keep this page open until the file is sent."));
  }

  /**
   * @param {string} id
   * @returns {HTMLInputElement | null}
   */
  #caption(id) {
    return this.#list.querySelector(`[data-id="${CSS.escape(id)}"] input`);
  }

  /** @param {string} sentence */
  #say(sentence) {
    setText(this.#words, sentence);
    show(this.#words, sentence !== "");
  }
}

/**
 * @param {HTMLElement} place
 * @param {Blob} file
 */
function showThumb(place, file) {
  const address = URL.createObjectURL(file);
  const image = element("img", { alt: "" });
  image.onload = () => {
    URL.revokeObjectURL(address);
    place.replaceChildren(image);
  };
  image.onerror = () => URL.revokeObjectURL(address);
  image.src = address;
}
