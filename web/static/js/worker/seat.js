/**
 * The service worker of a seat: it opens the session page without a line. A classic script, which
 * every browser that has workers can run; the server writes a line with addresses above it
 * (`web/pages/offline/seat_worker.py`).
 *
 * Its cache holds the page as the server renders it for nobody in particular, and the files that
 * belong to it: no names, no messages, no link.
 */
{
  /**
   * Paths, with "{invite_id}" in them for the seat.
   * @typedef {object} Addresses
   * @property {string} page of the session page
   * @property {string} shell of the same page without anything about anybody
   * @property {string[]} files what those of files begin with that are the same for everybody
   */
  /**
   * What a page asks for: to keep what this version of it needs.
   * @typedef {object} Keep
   * @property {"keep"} type
   * @property {string} version
   * @property {string[]} files addresses that the page has loaded, with others among them
   * @property {number} roundTrip milliseconds
   */
  /** @typedef {{ waitUntil: (work: Promise<unknown>) => void }} Extendable */
  /** @typedef {Extendable & { data: Keep | { type: "forget" } }} Message */
  /**
   * @typedef {Extendable & { request: Request, preloadResponse?: Promise<Response | undefined>,
   *   respondWith: (answer: Promise<Response>) => void }} Fetch
   */

  const scope = /** @type {any} */ (self);
  const addresses = /** @type {Addresses} */ (scope.ADDRESSES);
  const [inviteId = ""] = location.pathname.split("/").slice(-2);
  /** @param {string} address */
  const ofSeat = (address) => address.replace("{invite_id}", inviteId);
  const seat = { page: ofSeat(addresses.page), shell: ofSeat(addresses.shell) };
  /** Of the names of this seat's caches, one for each version of the page; every id is as long. */
  const PREFIX = `${seat.page} `;
  /** Milliseconds that the server may take for the head of the page, on a good line. */
  const MIN_PATIENCE = 4_000;
  const MAX_PATIENCE = 60_000;
  /** A connection with TLS and the request are four round trips; two of three may be lost. */
  const ROUNDS = 12;
  /** Where a cache has the line's figures. */
  const LINE = `${seat.shell}/line`;

  /** The seat is lost, so that nothing is kept any more. */
  let isOver = false;
  /** One after the other, so that two pages do not clear away what the other has just stored. */
  let keeping = Promise.resolve();

  /** @param {number} milliseconds */
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  /** @returns {Promise<string[]>} names of this seat's caches */
  async function names() {
    return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  }

  /**
   * @param {string} address
   * @returns {Promise<Response | undefined>}
   */
  async function kept(address) {
    for (const name of await names()) {
      // files differ by their encoding alone, which nobody sees here
      const found = await (await caches.open(name)).match(address, { ignoreVary: true });
      if (found) return found;
    }
    return undefined;
  }

  /**
   * Whether it is one of the files that are the same for everybody.
   * @param {string} address
   */
  function isFile(address) {
    const { origin, pathname } = new URL(address, location.href);
    return (
      origin === location.origin && addresses.files.some((start) => pathname.startsWith(start))
    );
  }

  /**
   * Store a version of the page with all it needs, or nothing of it; earlier ones go.
   * @param {Keep} wanted
   */
  async function keep({ version, files, roundTrip }) {
    const name = PREFIX + version;
    const cache = await caches.open(name);
    if (!(await cache.match(seat.shell))) await store(cache, files);
    await cache.put(LINE, new Response(String(Math.round(roundTrip))));
    for (const other of await names()) if (other !== name || isOver) await caches.delete(other);
  }

  /**
   * @param {Cache} cache
   * @param {string[]} files
   */
  async function store(cache, files) {
    const answer = await fetch(seat.shell, { cache: "no-store" });
    if (isGone(answer)) return forget();
    if (!answer.ok) throw new Error(`${answer.status}`);
    const found = (await answer.clone().text()).matchAll(/(?:src|href|data-catalog)="([^"]+)"/g);
    const all = [...files, ...[...found].map(([, address = ""]) => address)].filter(isFile);
    const wanted = new Set(all.map((address) => new URL(address, location.href).href));
    for (const address of wanted) {
      const { hash } = new URL(address);
      // the browser has them in its memory
      if (!hash && !(await cache.match(address, { ignoreVary: true }))) await cache.add(address);
    }
    // last: only with all of its files it is of any use
    await cache.put(seat.shell, answer);
  }

  /**
   * The server says that this browser has no seat any more.
   * @param {Response} answer
   */
  function isGone({ status }) {
    return [401, 404, 410].includes(status);
  }

  /** Delete everything of this seat, this worker included. */
  async function forget() {
    isOver = true;
    for (const name of await names()) await caches.delete(name);
    await scope.registration.unregister();
  }

  /** @returns {Promise<number>} milliseconds that the page is waited for on this line */
  async function patience() {
    const figure = Number(await (await kept(LINE))?.text()) || 0;
    return Math.min(MAX_PATIENCE, Math.max(MIN_PATIENCE, ROUNDS * figure));
  }

  /**
   * A page took so long to be answered: the next one is waited for at least twice as long.
   * @param {number} elapsed milliseconds
   */
  async function slow(elapsed) {
    for (const name of await names()) {
      const cache = await caches.open(name);
      await cache.put(LINE, new Response(String(Math.round((2 * elapsed) / ROUNDS))));
    }
  }

  /**
   * The page from the server. On a dead line, or if it does not answer in time, the kept one, which
   * says that there is no line.
   * @param {Fetch} event
   * @returns {Promise<Response>}
   */
  async function page(event) {
    const started = Date.now();
    const answer = (async () => (await event.preloadResponse) ?? fetch(event.request))();
    event.waitUntil(
      answer.then(
        async (found) => {
          const elapsed = Date.now() - started;
          if (isGone(found)) await forget();
          else if (elapsed > (await patience()) / 2) await slow(elapsed);
        },
        () => {},
      ),
    );
    const inTime = patience().then(pause);
    const found = await Promise.race([answer.catch(() => undefined), inTime]);
    return found ?? (await kept(seat.shell)) ?? answer;
  }

  scope.addEventListener("install", () => void scope.skipWaiting());
  scope.addEventListener("activate", (/** @type {Extendable} */ event) => {
    const preload = scope.registration.navigationPreload?.enable().catch(() => {});
    event.waitUntil(Promise.all([preload, scope.clients.claim()]));
  });
  scope.addEventListener("message", (/** @type {Message} */ event) => {
    const { data } = event;
    if (data.type === "keep") {
      isOver = false;
      keeping = keeping.then(() => keep(data)).catch(() => {}); // the next page tries again
      event.waitUntil(keeping);
    } else if (data.type === "forget") event.waitUntil(forget());
  });
  scope.addEventListener("fetch", (/** @type {Fetch} */ event) => {
    const { request } = event;
    if (request.method !== "GET") return;
    const { pathname } = new URL(request.url);
    if (request.mode === "navigate") {
      if (pathname === seat.page) event.respondWith(page(event));
    } else if (isFile(request.url)) {
      event.respondWith(kept(request.url).then((found) => found ?? fetch(request)));
    }
  });
}
