/**
 * One file on its way to the server, as tus 1.0.0 says (https://tus.io/protocols/resumable-upload):
 * created, sent in pieces, and after whatever interrupts it continued where it was. What the server
 * means by it is in `docs/files.md`. Knows no page and no browser: requests come from outside.
 */

/** The server keeps whole blocks of this size; pieces that end elsewhere would be sent again in part. */
export const BLOCK = 65_536;
/** Of the first piece. Later ones take about PIECE_SECONDS on this line. */
const FIRST_PIECE = 4 * BLOCK;
/** A proxy refuses bodies beyond its limit: nginx, unless told otherwise, those beyond 1 MiB. */
const MAX_PIECE = 16 * BLOCK;
const PIECE_SECONDS = 3;
const MAX_BACKOFF = 15_000;
/** Milliseconds without any progress, after which a connection is taken for dead. */
const SILENCE = 60_000;
const MAX_SILENCE = 300_000;
/** The reader, or the network, has just come back: a request that was silent for longer is dead. */
const SILENCE_ON_WAKE = 3_000;

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {(name: string) => string | null} header
 * @property {string} text
 */

/**
 * @typedef {object} TusRequest
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {ArrayBuffer | null} body
 * @property {(bytes: number) => void} onSent of the body so far
 * @property {AbortSignal} signal
 */

/** Rejects if there is no answer. @typedef {(request: TusRequest) => Promise<Answer>} Transport */

/**
 * What tests replace.
 * @typedef {object} Environment
 * @property {(action: () => void, delay: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} random
 * @property {() => number} now milliseconds, monotonic
 */

/**
 * @typedef {object} TusFile
 * @property {string} id
 * @property {Blob} blob
 * @property {Record<string, string>} metadata
 * @property {boolean} begun it may have been created by an earlier page
 */

/**
 * @typedef {object} TusOptions
 * @property {string} address where uploads are created; each is below it
 * @property {Transport} request
 * @property {Speed} speed
 * @property {(bytes: number) => void} [onProgress]
 * @property {(waits: boolean) => void} [onWaiting] whether the line is interrupted
 * @property {Partial<Environment>} [environment]
 */

/** The server does not take the file: `message` is its sentence, empty if it gave none. */
export class FileRefused extends Error {
  /**
   * @param {string} code
   * @param {string} text
   */
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

/**
 * What a file or a part of it holds, in memory. Rejected with FileRefused if the device does not give
 * it: phones delete photos, and sticks are pulled out.
 * @param {Blob} blob
 */
export async function bytesOf(blob) {
  try {
    return await new Response(blob).arrayBuffer();
  } catch {
    throw new FileRefused("not_readable", "");
  }
}

/** Its author has canceled it, or another page goes on with it. */
export class Aborted extends Error {}

/** Not now, but the same again later. */
class NotNow extends Error {
  /** @param {number} [pause] milliseconds, at least */
  constructor(pause = 0) {
    super("not now");
    this.pause = pause;
  }
}

/** How fast this line is, learned from one piece after another. */
export class Speed {
  /** 0 until it is known. */
  bytesPerSecond = 0;

  /**
   * @param {number} bytes
   * @param {number} milliseconds
   */
  add(bytes, milliseconds) {
    const measured = (bytes * 1000) / Math.max(1, milliseconds);
    this.bytesPerSecond = this.bytesPerSecond ? (this.bytesPerSecond + measured) / 2 : measured;
  }

  /** @returns {number} bytes of the next piece, in whole blocks */
  get piece() {
    if (!this.bytesPerSecond) return FIRST_PIECE;
    const wanted = Math.round((this.bytesPerSecond * PIECE_SECONDS) / BLOCK) * BLOCK;
    return Math.min(MAX_PIECE, Math.max(BLOCK, wanted));
  }
}

export class TusUpload {
  #failures = 0;
  /** Bytes that the server has; null while that is unknown. @type {number | null} */
  #offset = null;
  #isAborted = false;
  #maxPiece = MAX_PIECE;
  #silence = SILENCE;
  #heardAt = 0;
  /** @type {AbortController | null} */
  #running = null;
  /** Ends the present pause. @type {(() => void) | null} */
  #goOn = null;

  /**
   * @param {TusFile} file
   * @param {TusOptions} options
   */
  constructor(file, options) {
    this.file = file;
    this.options = options;
    /** @type {Environment} */
    this.environment = {
      setTimeout: (action, delay) => setTimeout(action, delay),
      clearTimeout: (timer) => clearTimeout(timer),
      random: Math.random,
      now: () => performance.now(),
      ...options.environment,
    };
  }

  /**
   * Send it, over as many connections as it takes; resolved when it stands in the chat.
   * @returns {Promise<void>} rejected with FileRefused or Aborted
   */
  async run() {
    for (;;) {
      try {
        this.#offset ??= await this.#locate();
        this.options.onProgress?.(this.#offset);
        if (await this.#sendPiece(this.#offset)) return;
      } catch (error) {
        if (this.#isAborted) throw new Aborted();
        if (!(error instanceof NotNow)) throw error;
        this.#offset = null;
        await this.#pause(error.pause);
      }
      if (this.#isAborted) throw new Aborted();
    }
  }

  /** The network or the reader is back: go on at once. */
  wake() {
    this.#failures = 0;
    if (this.#goOn) this.#goOn();
    else if (this.environment.now() - this.#heardAt > SILENCE_ON_WAKE) this.#running?.abort();
  }

  /** Send no more of it. */
  abort() {
    this.#isAborted = true;
    this.#running?.abort();
    this.#goOn?.();
  }

  /** Delete what the server has of it, which would be forgotten after a while anyway. */
  async cancel() {
    this.abort();
    await this.#ask("DELETE", this.#url).catch(() => {});
  }

  get #url() {
    return `${this.options.address}/${encodeURIComponent(this.file.id)}`;
  }

  /** @returns {Promise<number>} bytes that the server has */
  async #locate() {
    if (this.file.begun) {
      const found = await this.#ask("HEAD", this.#url);
      if (found.status < 300) return offsetIn(found);
      // Whatever is wrong, the answer to its creation has a sentence about it.
    }
    const created = await this.#ask("POST", this.options.address, {
      "Upload-Length": String(this.file.blob.size),
      "Upload-Metadata": encoded({ ...this.file.metadata, id: this.file.id }),
    });
    if (created.status >= 300) throw refusal(created);
    this.file.begun = true;
    return offsetIn(created);
  }

  /**
   * @param {number} offset
   * @returns {Promise<boolean>} whether the file stands in the chat
   */
  async #sendPiece(offset) {
    const { blob } = this.file;
    const { speed, onProgress } = this.options;
    const length = Math.min(speed.piece, this.#maxPiece);
    const end = Math.min(blob.size, offset - (offset % BLOCK) + length);
    const piece = await bytesOf(blob.slice(offset, end));
    const startedAt = this.environment.now();
    const answer = await this.#ask(
      "PATCH",
      this.#url,
      { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
      piece,
      (bytes) => onProgress?.(offset + bytes),
    );
    if (answer.status === 413 && !isOurs(answer) && this.#maxPiece > BLOCK) {
      this.#maxPiece = Math.max(BLOCK, Math.floor(this.#maxPiece / 2 / BLOCK) * BLOCK);
      return false;
    }
    // Forgotten, elsewhere than believed, or arrived with an error: ask again where it is.
    if ([404, 409, 460].includes(answer.status)) throw new NotNow();
    if (answer.status >= 300) throw refusal(answer);
    const reached = offsetIn(answer);
    const isLast = end === blob.size;
    // The last answer comes when the file has been examined.
    if (!isLast) speed.add(end - offset, this.environment.now() - startedAt);
    if (reached > offset) this.#failures = 0;
    this.#offset = reached;
    if (reached <= offset && !isLast) throw new NotNow();
    return reached === blob.size && isLast;
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {Record<string, string>} [headers]
   * @param {ArrayBuffer | null} [body]
   * @param {(bytes: number) => void} [onSent]
   * @returns {Promise<Answer>} one that settles the matter; rejected with NotNow for others
   */
  async #ask(method, url, headers = {}, body = null, onSent = () => {}) {
    const control = new AbortController();
    this.#running = control;
    /** @type {any} */
    let timer = null;
    const heard = () => {
      this.#heardAt = this.environment.now();
      this.environment.clearTimeout(timer);
      timer = this.environment.setTimeout(() => {
        this.#silence = Math.min(MAX_SILENCE, 2 * this.#silence);
        control.abort();
      }, this.#silence);
    };
    heard();
    try {
      const answer = await this.options.request({
        method,
        url,
        headers: { "Tus-Resumable": "1.0.0", Accept: "application/json", ...headers },
        body,
        onSent: (bytes) => {
          heard();
          onSent(bytes);
        },
        signal: control.signal,
      });
      this.options.onWaiting?.(false);
      if (isPassing(answer)) throw new NotNow(1000 * Number(answer.header("Retry-After") ?? 0));
      this.#silence = SILENCE;
      return answer;
    } catch (error) {
      throw error instanceof NotNow ? error : new NotNow();
    } finally {
      this.environment.clearTimeout(timer);
      this.#running = null;
    }
  }

  /**
   * As between two sockets of the channel, so that all of them do not come back in the same instant.
   * @param {number} least milliseconds
   */
  #pause(least) {
    const ceiling = Math.min(MAX_BACKOFF, 500 * 2 ** Math.min(this.#failures, 6));
    const pause = Math.max(least, 100 + this.environment.random() * ceiling);
    this.#failures += 1;
    // One failure in a row is the usual way to learn where an upload is.
    if (this.#failures > 1) this.options.onWaiting?.(true);
    return new Promise((/** @type {(none: void) => void} */ resolve) => {
      const timer = this.environment.setTimeout(() => this.#goOn?.(), pause);
      this.#goOn = () => {
        this.environment.clearTimeout(timer);
        this.#goOn = null;
        resolve();
      };
    });
  }
}

/** @param {Answer} answer */
function offsetIn(answer) {
  const offset = Number(answer.header("Upload-Offset") ?? NaN);
  // Something between here and the server has answered.
  if (!Number.isInteger(offset)) throw new NotNow();
  return offset;
}

/**
 * Whether the same request may be answered otherwise later.
 * @param {Answer} answer
 */
function isPassing({ status, text }) {
  return status >= 500 || status === 408 || (status === 429 && codeIn(text) !== "uploads_full");
}

/**
 * Whether it is an answer of the server, and not of a proxy before it.
 * @param {Answer} answer
 */
function isOurs({ text }) {
  return codeIn(text) !== "";
}

/** @param {Answer} answer */
function refusal({ text }) {
  const { code = "", text: sentence = "" } = parsed(text);
  return new FileRefused(code, sentence);
}

/** @param {string} text */
function codeIn(text) {
  return parsed(text).code ?? "";
}

/**
 * @param {string} text
 * @returns {{ code?: string, text?: string }}
 */
function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/**
 * The value of Upload-Metadata: base64 of UTF-8.
 * @param {Record<string, string>} metadata
 */
export function encoded(metadata) {
  return Object.entries(metadata)
    .map(([key, value]) => {
      const bytes = new TextEncoder().encode(value);
      return `${key} ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
    })
    .join(",");
}
