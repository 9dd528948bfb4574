/**
 * The line to the server: one WebSocket after the other, for as long as the page lives.
 *
 * Commands stay in a queue until they are answered and are sent again on every new socket; their
 * ids make that harmless. Chat messages survive a reload as well. Everything else is sent
 * only while the line is open: its senders repeat themselves when it comes back.
 */

import { AdaptiveTimeouts } from "../shared/timeouts.js";
import { CLOSE_CODES } from "./protocol.js";

/** @import { Ack, ChatPage, ClientMessage, Hello, Refusal, ServerMessage } from "./messages.js" */
/** @typedef {Extract<ClientMessage, { id: string }>} Command */
/** @typedef {"connecting" | "open" | "waiting" | "ended"} ChannelState */

/**
 * What a test replaces.
 * @typedef {object} Environment
 * @property {(address: string) => WebSocket} makeSocket
 * @property {(action: () => void, delay: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} random
 * @property {() => number} now milliseconds that only rise
 * @property {AdaptiveTimeouts} patience
 */

/**
 * @typedef {object} ChannelOptions
 * @property {string} address
 * @property {() => Hello} hello made anew for every socket, with the point to resume from
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(state: ChannelState, reason: string) => void} onState
 * @property {(command: Command, refusal: Refusal) => void} [onRefused] also one that a page before
 *   this one gave
 * @property {() => boolean} [isClosed] whether the session that is gone may be reopened
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} [storage]
 * @property {string} [storageKey]
 * @property {Partial<Environment>} [environment]
 */

/** A command that the server refused; `code` is stable, `message` a sentence for the reader. */
export class Refused extends Error {
  /**
   * @param {string} code
   * @param {string} text
   */
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

export const PING_INTERVAL = 10_000;
/** No answer for this long and a good line is dead, whatever the browser believes. */
export const PONG_TIMEOUT = 6_000;
/** Somebody just came back to the page and looks at it: do not let them wait. */
const PONG_TIMEOUT_ON_WAKE = 2_500;
const LONGEST_PAUSE = 15_000;
const TRY_AGAIN_AFTER = 5_000;
/** A closed session may be reopened: look again, less and less often. */
const REOPENED_AFTER = 30_000;
const REOPENED_AFTER_AT_MOST = 300_000;

/** After these the page does not come back by itself: it would only hear the same again.
 *  @type {Map<number, string>} */
const FINAL = new Map([
  [CLOSE_CODES.gone, "gone"],
  [CLOSE_CODES.too_large, "too_large"],
  [CLOSE_CODES.replaced, "replaced"],
  [CLOSE_CODES.sign_in_required, "sign_in_required"],
  [CLOSE_CODES.not_found, "not_found"],
  [CLOSE_CODES.invalid_message, "invalid_message"],
  [CLOSE_CODES.too_many_requests, "too_many_requests"],
]);
const TEMPORARY = new Set(["unavailable", "too_many_requests"]);

export class Channel {
  /** @type {ChannelState} */
  state = "waiting";
  /** @type {WebSocket | null} */
  #socket = null;
  #failures = 0;
  /** @type {any} */
  #timer = null;
  /** @type {any} */
  #deadline = null;
  #deadlineAt = Infinity;
  #openedAt = 0;
  /** When each of my words was sent that has no answer yet. @type {number[]} */
  #asked = [];
  /** Milliseconds until a closed session is looked for again; 0 while there is none. */
  #resting = 0;
  /** @type {Map<string, Command>} */
  #queue = new Map();
  /** @type {Map<string, { resolve: (answer: Ack | ChatPage) => void, reject: (error: Refused) => void }>} */
  #promises = new Map();

  /** @param {ChannelOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {Environment} */
    this.around = {
      makeSocket: (address) => new WebSocket(address),
      setTimeout: (action, delay) => setTimeout(action, delay),
      clearTimeout: (timer) => clearTimeout(timer),
      random: Math.random,
      now: () => performance.now(),
      patience: new AdaptiveTimeouts(),
      ...options.environment,
    };
    for (const command of this.#stored()) this.#queue.set(command.id, command);
  }

  /** Connect, and stay connected. */
  open() {
    if (this.state === "ended" || this.#socket) return;
    this.around.clearTimeout(this.#timer);
    const socket = this.around.makeSocket(this.options.address);
    this.#socket = socket;
    this.#openedAt = this.around.now();
    this.#enter("connecting");
    this.#expect(this.around.patience.opening());
    socket.onopen = () => {
      // The line lives: what is left may take as long again.
      this.#expect(this.around.patience.opening());
      this.#ask(this.options.hello());
    };
    socket.onmessage = (event) => this.#socket === socket && this.#receive(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#lost(event.code);
  }

  /** End for good: the page is left, or the seat is gone. */
  close(reason = "left") {
    this.#drop();
    const closed = reason === "closed";
    if (!closed || !this.#resting) {
      if (this.#resting) this.state = "waiting";
      this.#resting = 0;
      this.#enter("ended", reason);
    }
    if (!closed) return;
    this.state = "waiting";
    this.#resting = Math.min(REOPENED_AFTER_AT_MOST, 2 * this.#resting || REOPENED_AFTER);
    this.#timer = this.around.setTimeout(() => this.open(), this.#resting);
  }

  /**
   * What is not acknowledged is sent no more.
   * @param {string} text why, for its author
   */
  giveUp(text) {
    for (const { id } of this.pending()) {
      this.#refused(id, { type: "error", code: "ended", text, id });
    }
  }

  /** The network or the reader is back: find out at once whether the line still lives. */
  wake() {
    if (this.state === "waiting") {
      this.#failures = 0;
      this.open();
    } else if (this.state === "open") {
      this.#ping(PONG_TIMEOUT_ON_WAKE);
    } else if (this.state === "connecting" && this.#isOverdue) {
      this.resynchronize();
    }
  }

  /** Whether this try waits only because tries before it were in vain. */
  get #isOverdue() {
    return this.around.now() - this.#openedAt > this.around.patience.usual;
  }

  /** Something was missed: ask for everything again. The caller has dropped its resume point. */
  resynchronize() {
    if (this.state === "ended") return;
    this.#drop();
    this.open();
  }

  /**
   * Send what matters only now.
   * @param {Exclude<ClientMessage, Command>} message
   * @returns {boolean} false if the line is down and nothing was sent
   */
  send(message) {
    return this.state === "open" && this.#transmit(message);
  }

  /**
   * Send until answered, over as many sockets as it takes.
   * @param {Command} command
   * @returns {Promise<Ack | ChatPage>} rejected with Refused
   */
  command(command) {
    this.#queue.set(command.id, command);
    this.#store();
    if (this.state === "open") this.#transmit(command);
    return new Promise((resolve, reject) => {
      this.#promises.set(command.id, { resolve, reject });
    });
  }

  /** @returns {Command[]} what is not acknowledged yet, oldest first */
  pending() {
    return [...this.#queue.values()];
  }

  /** @param {ClientMessage} message */
  #transmit(message) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {string} data */
  #receive(data) {
    /** @type {ServerMessage} */
    const message = JSON.parse(data);
    // Whatever arrives proves that the line lives.
    if (this.state === "open") this.#alive();
    if (message.type === "pong") return this.#answered();
    // A lobby has no welcome: the first list is the answer to its hello.
    if (message.type === "welcome" || (message.type === "lobby" && this.state !== "open")) {
      this.#welcomed();
    }
    if (message.type === "ack" || message.type === "chat_page") {
      this.#settle(message.id)?.resolve(message);
    }
    if (message.type === "error" && message.id) this.#refused(message.id, message);
    this.options.onMessage(message);
    if (message.type === "error" && message.code === "session_closed") this.close("closed");
    if (message.type === "error" && message.code === "invite_not_usable") this.#gone();
    if (message.type === "replaced") this.close("replaced");
    if (message.type === "goodbye") {
      if (message.reason === "gone") this.#gone();
      else this.#lost(CLOSE_CODES.restart);
    }
  }

  #gone() {
    this.close(this.options.isClosed?.() ? "closed" : "gone");
  }

  #welcomed() {
    this.#resting = this.#failures = 0;
    this.#measure();
    this.around.patience.opened();
    this.#alive();
    this.#enter("open");
    for (const command of this.#queue.values()) this.#transmit(command);
  }

  /**
   * @param {string} id
   * @param {Refusal} refusal
   */
  #refused(id, refusal) {
    const command = this.#queue.get(id);
    if (command && TEMPORARY.has(refusal.code)) {
      // What somebody wrote is not thrown away because the server is short of breath.
      this.around.setTimeout(() => {
        if (this.state === "open" && this.#queue.has(id)) this.#transmit(command);
      }, TRY_AGAIN_AFTER);
      return;
    }
    if (command) this.options.onRefused?.(command, refusal);
    this.#settle(id)?.reject(new Refused(refusal.code, refusal.text));
  }

  /** @param {string} id */
  #settle(id) {
    this.#queue.delete(id);
    this.#store();
    const promise = this.#promises.get(id);
    this.#promises.delete(id);
    return promise;
  }

  #alive() {
    this.#expectNothing();
    this.around.clearTimeout(this.#timer);
    this.#timer = this.around.setTimeout(() => this.#ping(PONG_TIMEOUT), PING_INTERVAL);
  }

  /** @param {number} floor see `AdaptiveTimeouts.answering` */
  #ping(floor) {
    this.around.clearTimeout(this.#timer);
    // One that is on its way will do; who asks again and again does not wait longer for it.
    if (!this.#asked.length) this.#ask({ type: "ping" });
    const patience = this.around.patience.answering(floor);
    if (this.around.now() + patience < this.#deadlineAt) this.#expect(patience);
  }

  /** @param {ClientMessage} message that is answered at once */
  #ask(message) {
    if (this.#transmit(message)) this.#asked.push(this.around.now());
  }

  #answered() {
    this.#measure();
    this.around.patience.answered();
  }

  #measure() {
    const asked = this.#asked.shift();
    if (asked !== undefined) this.around.patience.measured(this.around.now() - asked);
  }

  /** @param {number} patience */
  #expect(patience) {
    this.#expectNothing();
    this.#deadlineAt = this.around.now() + patience;
    this.#deadline = this.around.setTimeout(() => this.#silent(), patience);
  }

  #expectNothing() {
    this.around.clearTimeout(this.#deadline);
    this.#deadline = null;
    this.#deadlineAt = Infinity;
  }

  #silent() {
    if (this.state === "open") this.around.patience.notAnswered();
    else this.around.patience.notOpened();
    this.#lost(1006);
  }

  /** @param {number} code */
  #lost(code) {
    this.#drop();
    const final = FINAL.get(code);
    if (final === "gone") return this.#gone();
    if (final) {
      this.close(final);
      return;
    }
    this.#enter("waiting");
    // Full jitter: after a restart of the server, not everybody knocks in the same instant.
    const ceiling = Math.min(LONGEST_PAUSE, 500 * 2 ** Math.min(this.#failures, 6));
    const pause = this.#resting || 100 + this.around.random() * ceiling;
    this.#failures += 1;
    this.#timer = this.around.setTimeout(() => this.open(), pause);
  }

  #drop() {
    this.around.clearTimeout(this.#timer);
    this.#expectNothing();
    this.#asked = [];
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    // A dead socket takes minutes to report its end; nobody waits for that.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  #enter(state, reason = "") {
    if (this.state === state) return;
    this.state = state;
    // To its reader a closed session is over until it is open again.
    if (!this.#resting || state === "open") this.options.onState(state, reason);
  }

  /** @returns {Command[]} */
  #stored() {
    const { storage, storageKey } = this.options;
    try {
      return JSON.parse((storageKey && storage?.getItem(storageKey)) || "[]");
    } catch {
      return [];
    }
  }

  #store() {
    const { storage, storageKey } = this.options;
    if (!storage || !storageKey) return;
    // Calls belong to this page's connection; after a reload they would ring for nobody.
    const lasting = this.pending().filter((command) => command.type === "chat_send");
    try {
      if (lasting.length) storage.setItem(storageKey, JSON.stringify(lasting));
      else storage.removeItem(storageKey);
    } catch {
      // A full or forbidden storage costs the reload, not the message.
    }
  }
}
