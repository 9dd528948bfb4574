/**
 * A guest's page that opens without a line: registers the worker of the seat (`js/worker/seat.js`),
 * tells it what to keep, and ends it with the seat.
 */

/** The same as in `js/worker/seat.js`. */
const TAG = "messages";

export class Offline {
  /** @param {DOMStringMap} page the body's data */
  constructor({ worker = "", workerScope = "", workerVersion = "" }) {
    this.worker = worker;
    this.scope = workerScope;
    this.version = workerVersion;
  }

  /**
   * At hand, as a page that is being closed has no time to look for it. Background Sync is not in
   * every browser, nor among the types.
   * @type {any}
   */
  #registration;

  /** Find the worker that an earlier page has registered. */
  async find() {
    this.#registration = await navigator.serviceWorker.getRegistration(this.scope);
  }

  /**
   * Keep this version of the page, instead of any earlier one.
   * @param {number} roundTrip milliseconds, as measured
   */
  async start(roundTrip) {
    const { worker, scope, version } = this;
    const container = navigator.serviceWorker;
    const registration = await container.register(worker, { scope, updateViaCache: "none" });
    this.#registration = registration;
    const { installing, waiting, active } = registration;
    const files = performance.getEntriesByType("resource").map(({ name }) => name);
    (installing ?? waiting ?? active)?.postMessage({ type: "keep", version, files, roundTrip });
  }

  /** Let the worker send what is stored, where browsers can do that (Background Sync). */
  async sendLater() {
    if (this.#registration?.active) await this.#registration.sync?.register(TAG);
  }

  /** End the worker, and delete what it has kept. */
  async forget() {
    const { scope } = this;
    const registration = await navigator.serviceWorker.getRegistration(scope);
    if (!registration) return;
    const { installing, waiting, active } = registration;
    // it may be about to store more
    for (const worker of [installing, waiting, active]) worker?.postMessage({ type: "forget" });
    await registration.unregister();
    for (const name of await caches.keys()) {
      if (name.startsWith(`${scope} `)) await caches.delete(name);
    }
  }
}
