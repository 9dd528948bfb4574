/** What is loaded when a file is first chosen, sent or shown, wired together. */

import { loadFileSentences } from "../../shared/catalog.js";
import { openStore } from "../../shared/browser-store.js";
import { Bubbles } from "./bubble.js";
import { Composer } from "./composer.js";
import { styleSheet } from "./elements.js";
import { isSlow } from "./shrink.js";
import { Uploads } from "./uploads.js";

/**
 * @typedef {object} PartsOptions
 * @property {DOMStringMap} page data of the session page
 * @property {string} seat what keys in the browser's store begin with
 * @property {() => void} render
 * @property {(change: () => void) => void} growing makes a change that moves the end of the chat
 * @property {(lineId: string) => void} open
 * @property {() => number} roundTrip milliseconds
 * @property {() => boolean} saves whether the reader saves data
 * @property {(upload: string, bytes: number) => void} onSent how much of an upload has been sent
 * @property {(requestId: string, reason: string) => void} onUnanswered see `Uploads`
 */

export class Parts {
  /**
   * @param {PartsOptions} options
   * @param {import("../../shared/browser-store.js").BrowserStore} store
   */
  constructor(
    { page, seat, render, growing, open, roundTrip, saves, onSent, onUnanswered },
    store,
  ) {
    const { connection } = /** @type {any} */ (navigator);
    /** @type {Uploads} */
    this.uploads = new Uploads({
      store,
      seat,
      address: page.uploads ?? "",
      isSlow: ({ bytesPerSecond }) => saves() || isSlow(bytesPerSecond, roundTrip(), connection),
      onChange: render,
      onUnanswered,
      onProgress: (upload) => {
        onSent(upload.id, upload.sent);
        this.bubbles.progress(upload);
      },
    });
    this.bubbles = new Bubbles({ files: page.files ?? "", uploads: this.uploads, open, growing });
    const waiting = () => this.uploads.all().filter(({ reason }) => !reason).length;
    this.composer = new Composer({ store, seat, waiting });
  }

  /** Take up what an earlier page, or another tab of this seat, has left. */
  async adopt() {
    await Promise.all([this.uploads.adopt(), this.composer.adopt()]);
  }

  /**
   * The seat is lost: everything that was not sent is its author's again.
   * @param {string} reason a sentence for the author
   */
  giveBack(reason) {
    this.uploads.stop();
    this.uploads.send(this.composer.take(true) ?? []);
    this.uploads.giveBack(reason);
  }

  /** Another tab of this seat goes on. */
  handOver() {
    this.composer.handOver();
    return this.uploads.handOver();
  }
}

/** @param {PartsOptions} options */
export async function load(options) {
  const [store] = await Promise.all([openStore(), styleSheet("files.css"), loadFileSentences()]);
  return new Parts(options, store);
}
