/** Loads `offline.js` for a guest's page, once that is live and has nothing else to load. */

/** Milliseconds from the first moment with a line: what the reader does first comes first. */
const DELAY = 2_000;

export class LazyOffline {
  #isKept = true;
  #roundTrip = 0;

  /**
   * @param {DOMStringMap} page the body's data
   * @param {() => Promise<unknown>} prepare loads what the page needs without a line, too
   */
  constructor(page, prepare) {
    this.page = page;
    this.prepare = prepare;
  }

  /**
   * The page is live: it may be kept.
   * @param {number} roundTrip milliseconds, as measured
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

  async #follow() {
    // Only by TLS or on this machine there are workers, and not in some private windows.
    if (!this.page.worker || !navigator.serviceWorker) return;
    try {
      const { Offline } = await import("./offline.js");
      const offline = new Offline(this.page);
      if (!this.#isKept) return await offline.forget();
      await this.prepare();
      await offline.start(this.#roundTrip);
    } catch (error) {
      console.warn("this page will not open without a line", error);
    }
  }
}
