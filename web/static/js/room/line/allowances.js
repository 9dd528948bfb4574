/** What each connection of a call may send, by its line and by who saves data at its ends. */

import { together, UNLIMITED } from "./sending-limits.js";

/** @import { Limits } from "./sending-limits.js" */

/**
 * @typedef {object} AllowancesOptions
 * @property {Limits} [limits] of each new connection, until its line is known
 * @property {() => boolean} [saves] whether the reader saves data
 * @property {() => boolean} [isFar] whether round trips are as long as on 2G
 */

export class Allowances {
  /** @type {WeakMap<RTCPeerConnection, Limits>} of its line */
  #lines = new WeakMap();

  /** @param {AllowancesOptions} options */
  constructor({ limits = UNLIMITED, saves = () => false, isFar = () => false }) {
    this.first = limits;
    this.saves = saves;
    this.isFar = isFar;
  }

  /** Of a connection that is to be made. */
  get ofNew() {
    return together(this.first, this.saves());
  }

  /** Whether audio goes in few packets. */
  get isThrifty() {
    return this.saves() || this.isFar();
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {Limits} limits of its line from now on
   */
  note(connection, limits) {
    this.#lines.set(connection, limits);
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {boolean} others whether somebody at its other end saves data
   */
  of(connection, others) {
    return together(this.#lines.get(connection) ?? this.first, others || this.saves());
  }

  /**
   * The relay sends each participant no more video than fits; audio it cannot make smaller.
   * @param {RTCPeerConnection} connection
   * @param {boolean} others whether audio is too much for somebody in the call
   */
  ofRelay(connection, others) {
    const limits = this.of(connection, false);
    return { ...limits, audioBitrate: together(limits, others).audioBitrate };
  }
}
