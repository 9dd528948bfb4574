/**
 * The files that this page sends: one after another, kept in the browser until they stand in the
 * chat. How one of them travels is in `tus.js`, how it looks in `bubble.js`.
 */

import { _ } from "../../shared/catalog.js";
import { newId } from "../../shared/identifier.js";
import { serverNow } from "../../shared/time/server-clock.js";
import { mayBeDrawn } from "./kinds.js";
import { sha256 } from "./sha256.js";
import { shrunk } from "./shrink.js";
import { Aborted, bytesOf, FileRefused, Speed, TusUpload } from "./tus.js";
import { overXhr } from "./xhr.js";

/**
 * @import { BrowserStore, Change } from "../../shared/browser-store.js"
 * @import { ChatLine } from "../../signaling/values.js"
 * @import { Transport } from "./tus.js"
 */

/** @typedef {{ file: Blob, name: string, caption: string, request?: string }} NewFile */

/**
 * @typedef {object} Kept what the browser keeps of an upload, beside its bytes
 * @property {string} id
 * @property {string} name
 * @property {string} caption
 * @property {string} type as the browser says
 * @property {string} request id of the photo request that it answers, or empty
 * @property {number} order
 * @property {boolean} isOriginal its author wants it sent as it is
 * @property {string} code of the refusal
 * @property {string} reason a sentence for the author; empty unless it was refused or returned
 */

/**
 * @typedef {Kept & {
 *   blob: Blob,
 *   small: Blob | null,
 *   state: "waiting" | "preparing" | "sending" | "checking" | "sent" | "refused",
 *   sent: number,
 *   waits: boolean,
 *   begun: boolean,
 *   lasts: boolean,
 *   ready: Promise<unknown>,
 * }} Upload `small`: what is sent instead of the whole; `waits`: the line is interrupted; `lasts`: it
 *   outlives this page
 */

/**
 * @typedef {object} UploadsOptions
 * @property {BrowserStore} store
 * @property {string} seat what its keys begin with
 * @property {string} address
 * @property {(speed: Speed) => boolean} isSlow
 * @property {() => void} onChange
 * @property {(upload: Upload) => void} onProgress
 * @property {(requestId: string, reason: string) => void} [onUnanswered] what was to answer a photo
 *   request was refused for a reason, or canceled
 * @property {Transport} [request]
 * @property {(file: Blob) => Promise<Blob | null>} [shrink]
 */

export class Uploads {
  /** By id, in their order. @type {Map<string, Upload>} */
  #all = new Map();
  #speed = new Speed();
  #isLive = false;
  #isStored = true;
  #isHandedOver = false;
  /** Those under way, by id: one is sent, and others are being examined. @type {Map<string, TusUpload>} */
  #running = new Map();

  /** @param {UploadsOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** Take up what an earlier page, or another tab of this seat, has left. */
  async adopt() {
    const { store, seat } = this.options;
    for (const [, kept] of await store.entries("uploads", `${seat}file:`)) {
      const blob = await store.get("uploads", `${seat}whole:${kept.id}`);
      const small = (await store.get("uploads", `${seat}small:${kept.id}`)) ?? null;
      if (!blob || this.#all.has(kept.id)) continue;
      this.#add({ ...blank(kept, blob), small, begun: true });
    }
    this.options.onChange();
    this.#next();
  }

  /** @param {NewFile[]} files */
  send(files) {
    for (const { file, name, caption, request = "" } of files) {
      const { type } = file;
      const order = Math.max(serverNow(), ([...this.#all.values()].at(-1)?.order ?? 0) + 1);
      const kept = { id: newId(), name, caption, type, request, order };
      const upload = blank({ ...kept, isOriginal: false, code: "", reason: "" }, file);
      this.#add(upload);
      upload.ready = this.#keep(upload);
    }
    this.options.onChange();
    this.#next();
  }

  /** @returns {Upload[]} in the order in which their authors sent them */
  all() {
    return [...this.#all.values()].sort((one, other) => one.order - other.order);
  }

  /**
   * The lines of those that are not in the chat yet.
   * @param {{ me: string }} room
   * @param {ReadonlySet<string>} known ids of the lines that are
   * @returns {{ line: ChatLine, reason: string }[]} with a reason those that were refused
   */
  lines({ me }, known) {
    for (const id of this.#all.keys()) if (known.has(id)) this.settle(id);
    return this.all().map(({ id, name, caption, blob, order, reason }) => ({
      line: {
        id,
        position: 0,
        participant_id: me,
        kind: "photo",
        text: caption,
        sent_at: order,
        attachment: { name, size: blob.size },
      },
      reason,
    }));
  }

  /** @param {string} id */
  get(id) {
    return this.#all.get(id);
  }

  /** The page has its seat: send. */
  start() {
    this.#isLive = true;
    this.wake();
    this.#next();
  }

  /** The network or the reader is back. */
  wake() {
    for (const running of this.#running.values()) running.wake();
  }

  /** It stands in the chat. @param {string} id */
  settle(id) {
    if (!this.#all.has(id)) return;
    this.#stop(id);
    this.#forget(id);
    this.#next();
  }

  /** @param {string} id */
  cancel(id) {
    const { request = "", reason = "" } = this.#all.get(id) ?? {};
    this.#cancel(id);
    // a refusal has been told before
    if (request && !reason) this.options.onUnanswered?.(request, "");
  }

  /** @param {string} id */
  #cancel(id) {
    void this.#running.get(id)?.cancel();
    this.#running.delete(id);
    this.#forget(id);
    this.options.onChange();
    this.#next();
  }

  /**
   * Send it as another one.
   * @param {string} id
   * @param {boolean} [isOriginal] its author does not want it smaller
   */
  again(id, isOriginal) {
    const upload = this.#all.get(id);
    if (!upload) return;
    this.#cancel(id);
    const whole = isOriginal ?? upload.isOriginal;
    const next = { ...upload, id: newId(), code: "", reason: "", isOriginal: whole };
    const fresh = blank(next, upload.blob);
    this.#add(fresh);
    fresh.ready = this.#keep(fresh);
    this.options.onChange();
    this.#next();
  }

  /**
   * The seat is lost: what was not sent is its author's again.
   * @param {string} reason a sentence for the author
   */
  giveBack(reason) {
    this.stop();
    for (const upload of this.#all.values()) {
      if (upload.state === "sent") this.#forget(upload.id);
      else if (upload.state !== "refused") this.#refuse(upload, "ended", reason);
    }
    this.options.onChange();
  }

  /** Send nothing for now. */
  stop() {
    this.#isLive = false;
    for (const upload of this.#all.values()) {
      if (upload.state === "sent" || upload.state === "refused") continue;
      if (this.#running.has(upload.id)) upload.begun = true;
      this.#stop(upload.id);
      Object.assign(upload, { state: "waiting", waits: false });
    }
  }

  /**
   * Another tab goes on with them: this one holds nothing any more.
   * @returns {Promise<unknown>} resolved when all of them are stored
   */
  handOver() {
    this.stop();
    this.#isStored = false;
    this.#isHandedOver = true;
    const kept = [...this.#all.values()].map(({ ready }) => ready);
    this.#all.clear();
    this.options.onChange();
    return Promise.all(kept);
  }

  /**
   * Whether they are kept for a later page. After the session nothing is to be found in the browser.
   * @param {boolean} kept
   */
  keep(kept) {
    if (kept === this.#isStored || this.#isHandedOver) return;
    this.#isStored = kept;
    for (const upload of this.#all.values()) {
      if (kept) void this.#keep(upload);
      else this.#drop(upload.id);
    }
  }

  /** @param {Upload} upload */
  #add(upload) {
    this.#all.set(upload.id, upload);
  }

  /** @param {Upload} upload */
  async #keep(upload) {
    if (!this.#isStored) return;
    const { store, seat } = this.options;
    const { id, blob, small } = upload;
    const { name, caption, type, request, order, isOriginal, code, reason } = upload;
    const kept = { id, name, caption, type, request, order, isOriginal, code, reason };
    /** @type {Change[]} */
    const changes = [
      ["uploads", `${seat}file:${id}`, kept],
      ["uploads", `${seat}whole:${id}`, blob],
    ];
    if (small) changes.push(["uploads", `${seat}small:${id}`, small]);
    const lasts = await store.write(changes);
    if (!this.#isStored) return;
    if (!this.#all.has(id)) return this.#drop(id);
    if (lasts !== upload.lasts) {
      upload.lasts = lasts;
      this.options.onChange();
    }
    // A phone deletes the photos of its camera app when it likes: this is a copy.
    if (upload.blob !== blob) return;
    if (lasts) upload.blob = (await store.get("uploads", `${seat}whole:${id}`)) ?? blob;
    else if (blob instanceof File) {
      // what cannot be read is found out when it is its turn
      const bytes = await bytesOf(blob).catch(() => null);
      if (bytes) upload.blob = new Blob([bytes], { type: blob.type });
    }
  }

  /** @param {string} id */
  #forget(id) {
    this.#all.delete(id);
    this.#drop(id);
  }

  /** @param {string} id */
  #drop(id) {
    const { store, seat } = this.options;
    void store.write([
      ["uploads", `${seat}file:${id}`],
      ["uploads", `${seat}whole:${id}`],
      ["uploads", `${seat}small:${id}`],
    ]);
  }

  /** @param {string} id */
  #stop(id) {
    this.#running.get(id)?.abort();
    this.#running.delete(id);
  }

  /** Send the next one, unless one is being sent. */
  #next() {
    if (!this.#isLive) return;
    const all = this.all();
    if (all.some(({ state }) => state === "preparing" || state === "sending")) return;
    const next = all.find(({ state }) => state === "waiting");
    if (next) void this.#send(next);
  }

  /** @param {Upload} upload */
  async #send(upload) {
    upload.state = "preparing";
    this.options.onChange();
    try {
      const tus = await this.#prepared(upload);
      if (!tus) return;
      this.#running.set(upload.id, tus);
      upload.state = "sending";
      this.options.onChange();
      await tus.run();
      upload.state = "sent";
    } catch (error) {
      // canceled, given back, or left to another page
      if (error instanceof Aborted || this.#all.get(upload.id) !== upload) return;
      if (!(error instanceof FileRefused)) throw error;
      this.#refuse(upload, error.code, error.message || ownReason(error.code));
      if (upload.request) this.options.onUnanswered?.(upload.request, upload.reason);
    }
    this.#running.delete(upload.id);
    if (upload.state === "sent") this.#drop(upload.id);
    this.options.onChange();
    this.#next();
  }

  /**
   * @param {Upload} upload
   * @returns {Promise<TusUpload | null>} null: it was canceled meanwhile, or the seat is lost
   */
  async #prepared(upload) {
    const { shrink = shrunk, isSlow, address, request = overXhr } = this.options;
    await upload.ready;
    const isHeavy = !upload.begun && !upload.isOriginal && !upload.small;
    if (isHeavy && mayBeDrawn(upload) && isSlow(this.#speed)) {
      upload.small = await shrink(upload.blob);
      if (upload.small) await this.#keep(upload);
    }
    const blob = upload.small ?? upload.blob;
    const digest = await sha256(new Uint8Array(await bytesOf(blob)));
    const stays = this.#all.get(upload.id) === upload && upload.state === "preparing";
    if (!stays || !this.#isLive) return null;
    const { id, name, caption, begun } = upload;
    return new TusUpload(
      {
        id,
        blob,
        begun,
        metadata: {
          filename: name,
          caption,
          sha256: digest,
          ...(upload.request ? { request: upload.request } : {}),
        },
      },
      {
        address,
        request,
        speed: this.#speed,
        onProgress: (bytes) => {
          upload.sent = bytes;
          if (bytes === blob.size && upload.state === "sending") {
            // the next one does not wait for the server to examine this one
            upload.state = "checking";
            this.options.onChange();
            this.#next();
          }
          this.options.onProgress(upload);
        },
        onWaiting: (waits) => {
          if (waits === upload.waits) return;
          upload.waits = waits;
          this.options.onChange();
        },
      },
    );
  }

  /**
   * @param {Upload} upload
   * @param {string} code
   * @param {string} reason
   */
  #refuse(upload, code, reason) {
    this.#stop(upload.id);
    Object.assign(upload, { state: "refused", code, reason, waits: false });
    void this.#keep(upload);
  }
}

/**
 * @param {Kept} kept
 * @param {Blob} blob
 * @returns {Upload}
 */
function blank(kept, blob) {
  return {
    ...kept,
    blob,
    small: null,
    state: kept.reason ? "refused" : "waiting",
    sent: 0,
    waits: false,
    begun: false,
    lasts: true,
    ready: Promise.resolve(),
  };
}

/** For what the server has no sentence. @param {string} code */
function ownReason(code) {
  return code === "not_readable"
    ? _("This device no longer gives the file. Please choose it again.")
    : _("The server did not take the file. Please reload the page, and send it again.");
}
