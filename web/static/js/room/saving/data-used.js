/**
 * What a session has used on this device, in bytes, both ways: media with its headers, what was
 * fetched, and files that were sent. Messages of the socket, some kilobytes, are not in it.
 */

export class DataUsed {
  #key;
  #before = 0;
  /** @type {Map<unknown, number>} bytes by what has used them */
  #counted = new Map();

  /** @param {string} seat */
  constructor(seat) {
    this.#key = `data-used:${seat}`;
    try {
      this.#before = Number(sessionStorage.getItem(this.#key)) || 0;
    } catch {
      // Without storage a reload begins anew.
    }
  }

  get bytes() {
    return [...this.#counted.values()].reduce((sum, bytes) => sum + bytes, this.#before);
  }

  /**
   * @param {unknown} what
   * @param {number} bytes that it has used in all; less than before is another count of it
   */
  count(what, bytes) {
    this.#counted.set(what, Math.max(bytes, this.#counted.get(what) ?? 0));
  }

  /** Count everything that this page fetches, and has fetched. */
  watchFetches() {
    try {
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { transferSize = 0 } = /** @type {PerformanceResourceTiming} */ (entry);
          this.count(entry, transferSize);
        }
      });
      for (const type of ["navigation", "resource"]) observer.observe({ type, buffered: true });
    } catch {
      // Browsers without it count media and files.
    }
  }

  /** For the page that comes after a reload. */
  keep() {
    try {
      sessionStorage.setItem(this.#key, String(Math.round(this.bytes)));
    } catch {
      // The same.
    }
  }

  /** Leave nothing in the browser. */
  forget() {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // The same.
    }
  }
}
