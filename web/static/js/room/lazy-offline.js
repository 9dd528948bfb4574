/** Loads `offline.js` for a guest's page, once that is live and has nothing else to load. */

/** @import { Offline } from "./offline.js" */

/**
 * What of the outbox is asked for here.
 * @typedef {object} Unsent
 * @property {boolean} isWaiting whether anything is on its way
 * @property {() => Promise<unknown>} prepare load what a page without a line needs, too
 * @property {() => Promise<void>} written settles when it is in the browser
 */

/** Milliseconds from the first moment with a line: what the reader does first comes first. */
const DELAY = 2_000;

export class LazyOffline {
  /** @type {Offline | null} */
  #offline = null;
  #isKept = true;
  /** @type {number | null} milliseconds; null until there was a line, 0 where nobody knows them */
  #roundTrip = null;

  /**
   * @param {DOMStringMap} page the body's data
   * @param {Unsent} outbox
   */
  constructor(page, outbox) {
    this.page = page;
    this.outbox = outbox;
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") void this.handOver();
    });
    // it was here before, and may have no line now
    if (navigator.serviceWorker?.controller) void this.#follow();
  }

  /**
   * The page is live: it may be kept.
   * @param {number} roundTrip milliseconds, as measured; 0 if the browser knows of none
   */
  start(roundTrip) {
    this.#roundTrip = roundTrip;
    this.#isKept = true;
    setTimeout(() => void this.#follow(), DELAY);
  }

  /**
   * @param {boolean} kept see Keeping; after the session nothing is to be found in the browser
   */
  keep(kept) {
    if (kept === this.#isKept) return;
    this.#isKept = kept;
    if (!kept) void this.#follow();
  }

  /** What is not sent, the worker sends as well once there is a line, if this page is closed by then. */
  async handOver() {
    if (!this.outbox.isWaiting) return;
    try {
      await this.outbox.written();
      await this.#offline?.sendLater();
    } catch (error) {
      console.warn("it is sent when this page is opened", error);
    }
  }

  async #follow() {
    // Only by TLS or on this machine there are workers, and not in some private windows.
    if (!this.page.worker || !navigator.serviceWorker) return;
    try {
      const { Offline } = await import("./offline.js");
      this.#offline ??= new Offline(this.page);
      if (!this.#isKept) return await this.#offline.forget();
      await this.outbox.prepare();
      if (!this.#isKept) return await this.#offline.forget();
      if (this.#roundTrip !== null) await this.#offline.start(this.#roundTrip);
      else await this.#offline.find();
    } catch (error) {
      console.warn("this page will not open without a line", error);
    }
  }
}
