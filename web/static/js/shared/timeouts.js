/**
 * How long to wait for an answer on this line: it grows with the round trips that were measured,
 * and with every wait that turned out too short. Knows no clock.
 */

/** TCP, TLS in two rounds, the upgrade and the hello are five round trips; three may be lost. */
const ROUNDS_TO_OPEN = 8;
const OPEN_WITHIN = 12_000;
const LONGEST = 60_000;

/** @returns {number} milliseconds there and back, as this page came; 0 if the browser cannot tell */
export function pageRoundTrip() {
  const [page] = /** @type {PerformanceNavigationTiming[]} */ (
    performance.getEntriesByType?.("navigation") ?? []
  );
  return page ? Math.max(0, page.responseStart - page.requestStart) : 0;
}

/**
 * @param {number} floor milliseconds that are enough on a good line
 * @param {number} rounds round trips that it takes
 * @param {number} [roundTrip] milliseconds
 */
export function timeoutFor(floor, rounds, roundTrip = pageRoundTrip()) {
  return Math.min(LONGEST, Math.max(floor, 2 * rounds * roundTrip));
}

/** Round trips are smoothed as in RFC 6298; all times are milliseconds. */
export class AdaptiveTimeouts {
  #mean;
  #spread;
  #guessed = true;
  #openings = 1;
  #answers = 1;

  /** @param {number} [guess] until something was measured */
  constructor(guess = pageRoundTrip()) {
    this.#mean = guess;
    this.#spread = guess / 2;
  }

  /** @param {number} roundTrip */
  measured(roundTrip) {
    if (this.#guessed) {
      this.#guessed = false;
      this.#mean = roundTrip;
      this.#spread = roundTrip / 2;
    } else {
      this.#spread += (Math.abs(this.#mean - roundTrip) - this.#spread) / 4;
      this.#mean += (roundTrip - this.#mean) / 8;
    }
  }

  /** What a line takes to open that has not kept anybody waiting in vain. */
  get usual() {
    return Math.min(LONGEST, Math.max(OPEN_WITHIN, ROUNDS_TO_OPEN * this.#mean + 4 * this.#spread));
  }

  opening() {
    return Math.min(LONGEST, this.usual * this.#openings);
  }

  /** @param {number} floor enough on a good line */
  answering(floor) {
    return Math.min(LONGEST, Math.max(floor, 2 * this.#mean + 4 * this.#spread) * this.#answers);
  }

  notOpened() {
    this.#openings *= 2;
  }

  opened() {
    this.#openings = 1;
  }

  notAnswered() {
    this.#answers *= 2;
  }

  /** Little by little: a long page in front of the next answer takes as long as the last one. */
  answered() {
    this.#answers = Math.max(1, this.#answers / 2);
  }
}
