/**
 * A socket that is opened while somebody reads the landing page, so that joining waits for none of its
 * round trips. It says nothing, so nobody is announced as there, and it holds one of the few places for
 * sockets that have said no hello yet.
 */

import { socketAddress } from "./socket-address.js";

/** Milliseconds for which it is kept for a reader. */
const KEPT_FOR = 20_000;
/** The server waits thirty seconds for a hello, which must have arrived by then. */
const USABLE_FOR = 26_000;
/** Of those that nobody has needed; each costs some kilobytes. */
const MOST = 3;

export class ParkedSocket {
  /** @type {WebSocket | null} */
  #socket = null;
  #openedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isTaken = false;
  #count = 0;

  /** Open one, unless there is one, nobody looks at the page, or there have been enough. */
  open() {
    if (this.#count < MOST && document.visibilityState === "visible") this.#open();
  }

  #open() {
    if (this.#isTaken || this.#socket) return;
    this.#count += 1;
    try {
      const socket = new WebSocket(socketAddress());
      this.#socket = socket;
      socket.onopen = () => {
        this.#openedAt = performance.now();
        this.#closeAfter(KEPT_FOR);
      };
      socket.onclose = () => this.#socket === socket && this.close();
    } catch (error) {
      console.warn("no socket ahead", error);
    }
  }

  /** Somebody is joining: it is kept for as long as it can be used. */
  hold() {
    this.#open();
    if (this.#openedAt) this.#closeAfter(USABLE_FOR - (performance.now() - this.#openedAt));
  }

  /** @returns {WebSocket | null} open, or being opened; the caller's from now on */
  take() {
    const socket = this.#socket;
    this.#isTaken = true;
    this.#socket = null;
    clearTimeout(this.#timer);
    if (socket) socket.onopen = socket.onclose = null;
    return socket;
  }

  /** Until it is opened again. */
  close() {
    clearTimeout(this.#timer);
    this.#openedAt = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** @param {number} delay milliseconds */
  #closeAfter(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), delay);
  }
}
