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
   * @property {string} messages where messages of the chat are sent
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
  /** @typedef {Extendable & { tag: string, lastChance: boolean }} Sync */
  /**
   * @typedef {{ key: string, value: { message: { id: string }, reason: string, order: number } }} Entry
   */
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
  const seat = {
    page: ofSeat(addresses.page),
    shell: ofSeat(addresses.shell),
    messages: ofSeat(addresses.messages),
  };
  /** Of the names of this seat's caches, one for each version of the page; every id is as long. */
  const PREFIX = `${seat.page} `;
  /** Milliseconds that the server may take for the head of the page, on a good line. */
  const MIN_PATIENCE = 4_000;
  const MAX_PATIENCE = 60_000;
  /** A connection with TLS and the request are four round trips; two of three may be lost. */
  const ROUNDS = 12;
  /** The name of what is wanted of Background Sync; see room/offline.js. */
  const TAG = "messages";
  /** What pages store: see shared/browser-store.js, and room/chat/drafts.js for the values. */
  const DATABASE = "teleconnect";
  const COMMANDS = "commands";
  /** The status of a session that is over: its page shows once more what was not sent, and deletes it. */
  const OVER = 410;
  /** Statuses with which a message is refused for good. */
  const REFUSED = [400, 409, 413, 422];
  /** Seconds between attempts to send while the browser believes that there is a line. */
  const SEND_PAUSES = [1, 2, 4, 8, 15, 30, 60];
  /** Where a cache has the line's figures. */
  const LINE = `${seat.shell}/line`;

  /** The seat is lost, so that nothing is kept any more. */
  let isOver = false;
  /** One after the other, so that two pages do not clear away what the other has just stored. */
  let keeping = Promise.resolve();

  /** @type {Promise<void>} */
  let sending = Promise.resolve();

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
    // without what comes after "#", as icons have it
    const wanted = new Set(
      all.map((each) => new URL(each, location.href).href.split("#")[0] ?? ""),
    );
    for (const address of wanted) {
      // the browser has them in its memory
      if (!(await cache.match(address, { ignoreVary: true }))) await cache.add(address);
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
    const inTime = patience().then(pause, () => pause(MIN_PATIENCE));
    const found = await Promise.race([answer.catch(() => undefined), inTime]);
    return found ?? (await kept(seat.shell).catch(() => undefined)) ?? answer;
  }

  /**
   * Do something with what pages have stored, if there is anything.
   * @param {(stores: IDBObjectStore[]) => void} work begun at once
   * @param {string[]} [names] of stores; all of them otherwise
   * @returns {Promise<void>}
   */
  function inStores(work, names) {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE);
      // There was none, and none is to be left.
      request.onupgradeneeded = () => request.transaction?.abort();
      request.onerror = () => resolve();
      request.onsuccess = () => {
        const database = request.result;
        try {
          const stores = names ?? [...database.objectStoreNames];
          const transaction = database.transaction(stores, "readwrite");
          transaction.oncomplete = () => resolve();
          transaction.onabort = () => reject(transaction.error);
          work(stores.map((name) => transaction.objectStore(name)));
        } catch (error) {
          reject(error); // another version of the program has made it
        }
        database.close(); // once that is done
      };
    });
  }

  /**
   * @param {IDBObjectStore | undefined} store
   * @param {(cursor: IDBCursorWithValue) => void} work with each entry of this seat
   */
  function eachOfSeat(store, work) {
    const request = store?.openCursor();
    if (!request) return;
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      if (String(cursor.key).includes(`:${inviteId}:`)) work(cursor);
      cursor.continue();
    };
  }

  /** @returns {Promise<Entry[]>} this seat's messages on their way, oldest first */
  async function queued() {
    /** @type {Entry[]} */
    const found = [];
    await inStores(
      ([commands]) =>
        eachOfSeat(commands, (cursor) => {
          const { value } = cursor.value;
          if (!value.reason) found.push({ key: String(cursor.key), value });
        }),
      [COMMANDS],
    );
    return found.sort((one, other) => one.value.order - other.value.order);
  }

  /** Another person may be using this browser: what was written at this seat is deleted. */
  async function forgetWritten() {
    await inStores((stores) => {
      for (const store of stores) eachOfSeat(store, (cursor) => cursor.delete());
    });
  }

  /**
   * Send what is queued; what the server refuses is left to the page, with the reason.
   * @returns {Promise<boolean>} whether nothing is left to be sent
   */
  async function sendQueued() {
    for (const { key, value } of await queued()) {
      if (isOver) return true;
      const answer = await fetch(seat.messages, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(value.message),
      }).catch(() => null);
      if (answer && isGone(answer)) {
        await forget();
        if (answer.status !== OVER) await forgetWritten();
        return true;
      }
      const refused = answer && REFUSED.includes(answer.status);
      if (!answer?.ok && !refused) return false;
      const reason = refused ? (await answer.json()).text : "";
      await inStores(
        ([commands]) => {
          if (refused) commands?.put({ value: { ...value, reason }, at: Date.now() }, key);
          else commands?.delete(key);
        },
        [COMMANDS],
      );
    }
    return true;
  }

  /**
   * The browser says that there is a line. It may be wrong, and asks again only after minutes.
   * @param {boolean} isLast it will not ask again by itself
   */
  async function send(isLast) {
    for (const seconds of SEND_PAUSES) {
      if (await sendQueued()) return;
      await pause(seconds * 1000);
    }
    if (await sendQueued()) return;
    if (isLast) await scope.registration.sync?.register(TAG);
    throw new Error("no line");
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
  scope.addEventListener("sync", (/** @type {Sync} */ event) => {
    if (event.tag !== TAG) return;
    sending = sending.then(
      () => send(event.lastChance),
      () => send(event.lastChance),
    );
    event.waitUntil(sending);
  });
  scope.addEventListener("fetch", (/** @type {Fetch} */ event) => {
    const { request } = event;
    if (request.method !== "GET") return;
    const { pathname } = new URL(request.url);
    if (request.mode === "navigate") {
      if (pathname === seat.page) event.respondWith(page(event));
      // what is asked for ahead for every page of the scope would be asked for again
      else event.respondWith((async () => (await event.preloadResponse) ?? fetch(request))());
    } else if (isFile(request.url)) {
      const stored = kept(request.url).catch(() => undefined); // a fault of the cache is no fault of the line
      event.respondWith(stored.then((found) => found ?? fetch(request)));
    }
  });
}
