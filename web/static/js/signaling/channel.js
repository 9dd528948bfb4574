/**
 * The signaling channel: one WebSocket after another, for as long as the page lives.
 *
 * Commands are queued until they are answered and sent again on every new socket; their ids make
 * that harmless. Everything else is sent only while the channel is open: its senders send it again
 * after a reconnect.
 */

import { AdaptiveTimeouts } from "../shared/timeouts.js";
import { CLOSE_CODES } from "./protocol.js";

/** @import { EarlySocket } from "./early-socket.js" */
/** @import { Ack, ChatPage, ClientMessage, Hello, Refusal, ServerMessage } from "./messages.js" */
/** @typedef {Extract<ClientMessage, { id: string }>} Command */
/** @typedef {"connecting" | "open" | "waiting" | "ended"} ChannelState */

/**
 * What tests replace.
 * @typedef {object} Environment
 * @property {(address: string) => WebSocket} makeSocket
 * @property {(action: () => void, delay: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} random
 * @property {() => number} now milliseconds, monotonic
 * @property {AdaptiveTimeouts} timeouts
 */

/**
 * @typedef {object} ChannelOptions
 * @property {string} address
 * @property {() => Hello} hello built for every socket, with the point to resume from
 * @property {EarlySocket | null} [early] the first socket, if it is open or being opened already
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(state: ChannelState, reason: string) => void} onState
 * @property {(command: Command, refusal: Refusal) => void} [onRefused] also for a
 *   command that an earlier page queued
 * @property {() => boolean} [isClosed] whether the session has been closed, so that it may be reopened
 * @property {Partial<Environment>} [environment]
 */

/** A command that the server refused: `code` is stable, `message` is a sentence for the reader. */
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
/** Without an answer for this long a good connection is dead, whatever the browser believes. */
export const PONG_TIMEOUT = 6_000;
/** The reader has just come back to the page and should not wait. */
const PONG_TIMEOUT_ON_WAKE = 2_500;
const MAX_BACKOFF = 15_000;
const RETRY_DELAY = 5_000;
/** A closed session may be reopened: poll for it, so that its pages are alive within a minute. */
const REOPEN_POLL = 30_000;
const MAX_REOPEN_POLL = 60_000;

/**
 * No reconnect after these close codes: it would only end the same way.
 * @type {Map<number, string>}
 */
const FINAL_CODES = new Map([
  [CLOSE_CODES.gone, "gone"],
  [CLOSE_CODES.too_large, "too_large"],
  [CLOSE_CODES.replaced, "replaced"],
  [CLOSE_CODES.sign_in_required, "sign_in_required"],
  [CLOSE_CODES.not_found, "not_found"],
  [CLOSE_CODES.invalid_message, "invalid_message"],
  [CLOSE_CODES.too_many_requests, "too_many_requests"],
]);
const TEMPORARY_ERRORS = new Set(["unavailable", "too_many_requests"]);

export class Channel {
  /** @type {ChannelState} */
  state = "waiting";
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {EarlySocket | null} */
  #early;
  /** Whether the socket was opened ahead, and is not welcome so far. */
  #isEarly = false;
  #failures = 0;
  /** @type {any} */
  #timer = null;
  /** @type {any} */
  #deadline = null;
  #deadlineAt = Infinity;
  #openedAt = 0;
  /** When each request that awaits its answer was sent. @type {number[]} */
  #requestTimes = [];
  /** Milliseconds between two polls for a closed session; 0 unless the session is closed. */
  #reopenDelay = 0;
  /** @type {Map<string, Command>} */
  #queue = new Map();
  /** @type {Map<string, { resolve: (answer: Ack | ChatPage) => void, reject: (error: Refused) => void }>} */
  #promises = new Map();

  /** @param {ChannelOptions} options */
  constructor(options) {
    this.options = options;
    this.#early = options.early ?? null;
    /** @type {Environment} */
    this.environment = {
      makeSocket: (address) => new WebSocket(address),
      setTimeout: (action, delay) => setTimeout(action, delay),
      clearTimeout: (timer) => clearTimeout(timer),
      random: Math.random,
      now: () => performance.now(),
      timeouts: new AdaptiveTimeouts(),
      ...options.environment,
    };
  }

  /** Connect, and stay connected. */
  open() {
    if (this.state === "ended" || this.#socket) return;
    this.environment.clearTimeout(this.#timer);
    const early = this.#early;
    this.#early = null;
    this.#isEarly = Boolean(early);
    const socket = early?.socket ?? this.environment.makeSocket(this.options.address);
    this.#socket = socket;
    this.#openedAt = this.environment.now();
    this.#setState("connecting");
    this.#setDeadline(this.environment.timeouts.toOpen());
    socket.onopen = () => {
      // The network path works: the rest may take as long again.
      this.#setDeadline(this.environment.timeouts.toOpen());
      if (!early) this.#request(this.options.hello());
    };
    socket.onmessage = (event) => this.#socket === socket && this.#receive(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#disconnected(event.code);
    if (early) this.#catchUp(early);
  }

  /**
   * What came over an early socket before the channel was there.
   * @param {EarlySocket} early
   */
  #catchUp({ socket, frames, code }) {
    for (const frame of frames) if (this.#socket === socket) this.#receive(frame);
    if (code && this.#socket === socket) this.#disconnected(code);
  }

  /** Close for good: the reader leaves the page, or the seat is lost. */
  close(reason = "left") {
    this.#closeSocket();
    const closed = reason === "closed";
    if (!closed || !this.#reopenDelay) {
      if (this.#reopenDelay) this.state = "waiting";
      this.#reopenDelay = 0;
      this.#setState("ended", reason);
    }
    if (!closed) return;
    this.state = "waiting";
    this.#reopenDelay = Math.min(MAX_REOPEN_POLL, 2 * this.#reopenDelay || REOPEN_POLL);
    this.#timer = this.environment.setTimeout(() => this.open(), this.#reopenDelay);
  }

  /** The reader has signed in again. */
  reopen() {
    if (this.state !== "ended") return;
    this.state = "waiting";
    this.open();
  }

  /**
   * Refuse every command that is not acknowledged yet.
   * @param {string} text the reason, for the author
   */
  refusePending(text) {
    for (const { id } of this.pending()) {
      this.#refused(id, { type: "error", code: "ended", text, id });
    }
  }

  /** The network or the reader is back: check at once whether the connection is alive. */
  wake() {
    if (this.state === "waiting") {
      this.#failures = 0;
      this.open();
    } else if (this.state === "open") {
      this.#ping(PONG_TIMEOUT_ON_WAKE);
    } else if (this.state === "connecting" && (this.#isOverdue || this.#reopenDelay)) {
      // What a closed session answers may be of before it was reopened.
      this.resynchronize();
    }
  }

  /** Whether this attempt waits only because earlier ones timed out. */
  get #isOverdue() {
    return this.environment.now() - this.#openedAt > this.environment.timeouts.usualToOpen;
  }

  /** Events were missed: reconnect for a snapshot. The caller has dropped its resume point. */
  resynchronize() {
    if (this.state === "ended") return;
    this.#closeSocket();
    this.open();
  }

  /**
   * Send a message that only matters now.
   * @param {Exclude<ClientMessage, Command>} message
   * @returns {boolean} false if the channel is not open and nothing was sent
   */
  send(message) {
    return this.state === "open" && this.#transmit(message);
  }

  /**
   * Send a command until it is answered, over as many sockets as it takes.
   * @param {Command} command
   * @returns {Promise<Ack | ChatPage>} rejected with Refused
   */
  command(command) {
    this.adopt([command]);
    return new Promise((resolve, reject) => {
      this.#promises.set(command.id, { resolve, reject });
    });
  }

  /**
   * Send commands that nobody waits for: earlier pages, or other tabs, have queued them.
   * @param {Command[]} commands
   */
  adopt(commands) {
    for (const command of commands) {
      if (this.#queue.has(command.id)) continue;
      this.#queue.set(command.id, command);
      if (this.state === "open") this.#transmit(command);
    }
  }

  /** Another page sends what is pending. */
  forgetPending() {
    this.#queue.clear();
  }

  /** @returns {Command[]} not acknowledged yet, oldest first */
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
    // Any message proves that the connection is alive.
    if (this.state === "open") this.#keepAlive();
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
    if (message.type === "error" && message.code === "invite_not_usable") this.#sessionGone();
    if (message.type === "replaced") this.close("replaced");
    if (message.type === "goodbye") {
      if (message.reason === "gone") this.#sessionGone();
      else this.#disconnected(CLOSE_CODES.restart);
    }
  }

  #sessionGone() {
    this.close(this.options.isClosed?.() ? "closed" : "gone");
  }

  #welcomed() {
    this.#reopenDelay = this.#failures = 0;
    this.#isEarly = false;
    this.#measureRoundTrip();
    this.environment.timeouts.opened();
    this.#keepAlive();
    this.#setState("open");
    for (const command of this.#queue.values()) this.#transmit(command);
  }

  /**
   * @param {string} id
   * @param {Refusal} refusal
   */
  #refused(id, refusal) {
    const command = this.#queue.get(id);
    if (command && TEMPORARY_ERRORS.has(refusal.code)) {
      // A message is not thrown away because the server is overloaded.
      this.environment.setTimeout(() => {
        if (this.state === "open" && this.#queue.has(id)) this.#transmit(command);
      }, RETRY_DELAY);
      return;
    }
    if (command) this.options.onRefused?.(command, refusal);
    this.#settle(id)?.reject(new Refused(refusal.code, refusal.text));
  }

  /** @param {string} id */
  #settle(id) {
    this.#queue.delete(id);
    const promise = this.#promises.get(id);
    this.#promises.delete(id);
    return promise;
  }

  #keepAlive() {
    this.#clearDeadline();
    this.environment.clearTimeout(this.#timer);
    this.#timer = this.environment.setTimeout(() => this.#ping(PONG_TIMEOUT), PING_INTERVAL);
  }

  /** @param {number} floor see `AdaptiveTimeouts.toAnswer` */
  #ping(floor) {
    this.environment.clearTimeout(this.#timer);
    // A ping under way is enough; waking repeatedly does not extend its deadline.
    if (!this.#requestTimes.length) this.#request({ type: "ping" });
    const timeout = this.environment.timeouts.toAnswer(floor);
    if (this.environment.now() + timeout < this.#deadlineAt) this.#setDeadline(timeout);
  }

  /** @param {ClientMessage} message one that the server answers at once */
  #request(message) {
    if (this.#transmit(message)) this.#requestTimes.push(this.environment.now());
  }

  #answered() {
    this.#measureRoundTrip();
    this.environment.timeouts.answered();
  }

  #measureRoundTrip() {
    const sentAt = this.#requestTimes.shift();
    if (sentAt !== undefined)
      this.environment.timeouts.addRoundTrip(this.environment.now() - sentAt);
  }

  /** @param {number} timeout milliseconds */
  #setDeadline(timeout) {
    this.#clearDeadline();
    this.#deadlineAt = this.environment.now() + timeout;
    this.#deadline = this.environment.setTimeout(() => this.#timedOut(), timeout);
  }

  #clearDeadline() {
    this.environment.clearTimeout(this.#deadline);
    this.#deadline = null;
    this.#deadlineAt = Infinity;
  }

  #timedOut() {
    if (this.state === "open") this.environment.timeouts.answerTimedOut();
    else this.environment.timeouts.openingTimedOut();
    this.#disconnected(1006);
  }

  /** @param {number} code */
  #disconnected(code) {
    this.#closeSocket();
    // On a bad line the hello of a socket opened ahead comes too late for its server: that says so like this.
    const isLate = this.#isEarly && code === CLOSE_CODES.invalid_message;
    const final = isLate ? undefined : FINAL_CODES.get(code);
    if (final === "gone") return this.#sessionGone();
    if (final) {
      this.close(final);
      return;
    }
    this.#setState("waiting");
    // Full jitter: after a restart of the server, clients do not all reconnect in the same instant.
    const ceiling = Math.min(MAX_BACKOFF, 500 * 2 ** Math.min(this.#failures, 6));
    const pause = this.#reopenDelay || 100 + this.environment.random() * ceiling;
    this.#failures += 1;
    this.#timer = this.environment.setTimeout(() => this.open(), pause);
  }

  #closeSocket() {
    this.environment.clearTimeout(this.#timer);
    this.#clearDeadline();
    this.#requestTimes = [];
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    // A dead socket takes minutes to report its end; do not wait for that.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  #setState(state, reason = "") {
    if (this.state === state) return;
    this.state = state;
    // For the reader a closed session is over until it is reopened.
    if (!this.#reopenDelay || state === "open") this.options.onState(state, reason);
  }
}
