/**
 * What this browser keeps beyond the end of a page: entries with a key in IndexedDB.
 *
 * IndexedDB may be forbidden, full, broken, or held by another version of the program. Then entries
 * are held in this tab: in sessionStorage where they are JSON and fit, else in memory. No method
 * rejects, and `lasting` says how it is.
 *
 * A key begins with the seat that its entry belongs to, `consultation_id:invite_id:` (without an
 * invite for a scheduler), so that everything of a seat is found again and can be deleted.
 */

import { DATABASE } from "./clear-storage.js";

/** @typedef {"commands" | "drafts" | "uploads"} StoreName */
/** @typedef {[store: StoreName, key: string, value?: unknown]} Change without a value: a deletion */

/** Raised with every change to the stores below. */
const VERSION = 1;
/** @type {StoreName[]} */
const STORES = ["commands", "drafts", "uploads"];
/** Of entries in sessionStorage; then the store, a colon, and the key. */
const HELD = "held:";
/** Milliseconds. Some versions of Safari never answer the first request after the browser starts. */
const OPENING_TIMEOUT = 2_000;

/** @type {Promise<BrowserStore> | undefined} */
let opening;

/** @returns {Promise<BrowserStore>} the same one for all of the page */
export function openStore() {
  return (opening ??= new BrowserStore().open());
}

export class BrowserStore {
  /** @type {IDBDatabase | null} */
  #database = null;
  /** It was open and may be opened again. */
  #isLost = false;
  /** Called when the browser or another tab has deleted what is stored. */
  onDeleted = () => {};
  /** What the database lacks, by store and key; undefined stands for a deletion. */
  #held = {
    commands: /** @type {Map<string, unknown>} */ (new Map()),
    drafts: /** @type {Map<string, unknown>} */ (new Map()),
    uploads: /** @type {Map<string, unknown>} */ (new Map()),
  };

  /** Whether all that was put outlives the tab. */
  get lasting() {
    return this.#database !== null && STORES.every((name) => !this.#held[name].size);
  }

  /** @returns {Promise<this>} */
  async open() {
    for (const [name, key, text] of heldInSession()) this.#held[name].set(key, JSON.parse(text));
    await this.#connect();
    return this;
  }

  /**
   * @param {StoreName} name
   * @param {string} key
   * @returns {Promise<any>} undefined if there is none
   */
  async get(name, key) {
    return this.#held[name].has(key)
      ? this.#held[name].get(key)
      : (await this.#read(name, key, key)).get(key);
  }

  /**
   * @param {StoreName} name
   * @param {string} prefix of the keys
   * @returns {Promise<[key: string, value: any][]>} in the order of the keys
   */
  async entries(name, prefix = "") {
    const found = await this.#read(name, prefix, `${prefix}\uffff`);
    for (const [key, value] of this.#held[name]) {
      if (key.startsWith(prefix)) found.set(key, value);
    }
    return [...found]
      .filter(([, value]) => value !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /**
   * @param {StoreName} name
   * @param {string} key
   * @param {unknown} value that can be cloned; not undefined
   * @returns {Promise<boolean>} whether it outlives the tab
   */
  put(name, key, value) {
    return this.write([[name, key, value]]);
  }

  /**
   * @param {StoreName} name
   * @param {string} key
   * @returns {Promise<boolean>}
   */
  delete(name, key) {
    return this.write([[name, key]]);
  }

  /**
   * Make all of these changes or, if the tab is killed meanwhile, none of them.
   * @param {Change[]} changes
   * @returns {Promise<boolean>} whether they outlive the tab
   */
  async write(changes) {
    if (!changes.length) return true;
    const done = await this.#inDatabase((database) => store(database, changes));
    for (const [name, key, value] of changes) {
      if (done) this.#held[name].delete(key);
      else this.#held[name].set(key, value);
      holdInSession(name, key, done ? undefined : value);
    }
    return done;
  }

  /**
   * Delete the entries of a seat.
   * @param {string} prefix of their keys
   */
  forget(prefix) {
    return this.#forget((key) => key.startsWith(prefix));
  }

  /**
   * Delete what was put before a moment: the leftovers of pages that nobody comes back to.
   * @param {number} moment as of Date.now()
   * @param {string} own prefix of keys that are not touched
   */
  forgetBefore(moment, own) {
    return this.#forget((key, at) => at < moment && !key.startsWith(own));
  }

  /** Delete the entries of all seats, and none of a scheduler's. */
  forgetSeats() {
    return this.#forget((key) => /^[^:]+:[^:]+:/.test(key));
  }

  /** Delete everything. */
  clear() {
    return this.forget("");
  }

  /** @param {(key: string, at: number) => boolean} isOver by the moment when the entry was put */
  async #forget(isOver) {
    for (const name of STORES) {
      for (const key of this.#held[name].keys()) {
        if (!isOver(key, Infinity)) continue;
        this.#held[name].delete(key);
        holdInSession(name, key);
      }
    }
    await this.#inDatabase(async (database) => {
      const transaction = database.transaction(STORES, "readwrite");
      for (const name of STORES) {
        const request = transaction.objectStore(name).openCursor();
        request.onsuccess = () => {
          const cursor = request.result;
          if (!cursor) return;
          if (isOver(String(cursor.key), cursor.value.at)) cursor.delete();
          cursor.continue();
        };
      }
      await end(transaction);
    });
  }

  /**
   * @param {StoreName} name
   * @param {string} from
   * @param {string} to
   * @returns {Promise<Map<string, any>>}
   */
  async #read(name, from, to) {
    const found = new Map();
    await this.#inDatabase(async (database) => {
      const transaction = database.transaction(name);
      const range = IDBKeyRange.bound(from, to);
      const keys = transaction.objectStore(name).getAllKeys(range);
      const values = transaction.objectStore(name).getAll(range);
      await end(transaction);
      keys.result.forEach((key, n) => found.set(key, values.result[n].value));
    });
    return found;
  }

  /**
   * @param {(database: IDBDatabase) => Promise<void>} work begun at once if the database is open
   * @returns {Promise<boolean>} whether it was done
   */
  async #inDatabase(work) {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (this.#isLost) await this.#connect();
      const database = this.#database;
      if (!database) return false;
      try {
        await work(database);
        return true;
      } catch (error) {
        if (error instanceof DOMException && error.name === "QuotaExceededError") return false;
        // Twice in a row: it is the entry that cannot be stored, as a photo in some private windows.
        if (attempt) return false;
        // Safari closes databases of pages in the background, without a word.
        database.close();
        this.#lost(database, false);
      }
    }
    return false;
  }

  async #connect() {
    this.#isLost = false;
    try {
      await connection((database) => this.#adopt(database));
    } catch (error) {
      console.warn("nothing can be kept in this browser", error);
    }
  }

  /**
   * @param {IDBDatabase | null} database
   * @param {boolean} isDeleted
   */
  #lost(database, isDeleted) {
    if (this.#database === database) {
      this.#database = null;
      this.#isLost = true;
    }
    if (isDeleted) this.onDeleted();
  }

  /** @param {IDBDatabase} database */
  #adopt(database) {
    this.#database = database;
    database.onclose = () => this.#lost(database, true);
    database.onversionchange = ({ newVersion }) => {
      // Whoever upgrades or deletes it must not wait for this page.
      database.close();
      this.#lost(database, newVersion === null);
    };
    for (const name of STORES) {
      for (const [key, value] of this.#held[name]) void this.#takeOver(database, name, key, value);
    }
  }

  /**
   * Store what was held in this tab, unless the database does not take it.
   * @param {IDBDatabase} database
   * @param {StoreName} name
   * @param {string} key
   * @param {unknown} value
   */
  async #takeOver(database, name, key, value) {
    try {
      await store(database, [[name, key, value]]);
    } catch {
      return; // held as before
    }
    if (this.#held[name].get(key) !== value) return;
    this.#held[name].delete(key);
    holdInSession(name, key);
  }
}

/**
 * Open the database. It may still open after this was rejected.
 * @param {(database: IDBDatabase) => void} adopt
 * @returns {Promise<void>}
 */
function connection(adopt) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer")), OPENING_TIMEOUT);
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      for (const name of STORES) request.result.createObjectStore(name);
    };
    // A page of another version does not let go of it.
    request.onblocked = () => reject(new Error("blocked"));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      clearTimeout(timer);
      adopt(request.result);
      resolve();
    };
  });
}

/**
 * @param {IDBDatabase} database
 * @param {Change[]} changes
 */
async function store(database, changes) {
  const names = [...new Set(changes.map(([name]) => name))];
  // "strict": on the disk when done, so that it survives an empty battery, too (in Chromium 156 after
  // 0.7 ms instead of 0.4, sometimes 26). What is being typed is written at every key and has to
  // survive the browser only.
  const durability = names.some((name) => name !== "drafts") ? "strict" : "relaxed";
  const transaction = database.transaction(names, "readwrite", { durability });
  try {
    for (const [name, key, value] of changes) {
      const entries = transaction.objectStore(name);
      if (value === undefined) entries.delete(key);
      else entries.put({ value, at: Date.now() }, key);
    }
  } catch (error) {
    transaction.abort();
    throw error;
  }
  // Without this the commit waits for this page to hear of its requests, and a killed page never does.
  transaction.commit?.();
  await end(transaction);
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
function end(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {[name: StoreName, key: string, text: string][]} */
function heldInSession() {
  try {
    return Object.entries(sessionStorage)
      .filter(([key]) => key.startsWith(HELD))
      .map(([key, text]) => {
        const [, name, ...rest] = key.split(":");
        return [/** @type {StoreName} */ (name), rest.join(":"), text];
      });
  } catch {
    return [];
  }
}

/**
 * @param {StoreName} name
 * @param {string} key
 * @param {unknown} [value] undefined: remove it
 */
function holdInSession(name, key, value) {
  const where = `${HELD}${name}:${key}`;
  try {
    if (value === undefined || name === "uploads") sessionStorage.removeItem(where);
    else sessionStorage.setItem(where, JSON.stringify(value));
  } catch {
    // It stays in memory.
  }
}
