/**
 * How long to wait for an answer on this network: longer with the measured round-trip times, and
 * longer after every timeout. Knows no clock. All times are milliseconds.
 */

/** TCP, two for TLS, the upgrade and the hello are five round trips; three may be lost. */
const ROUNDS_TO_OPEN = 8;
const MIN_OPENING = 12_000;
const MAX_TIMEOUT = 60_000;

/** @returns {number} round-trip time of this page's own request; 0 if the browser does not know it */
export function pageRoundTrip() {
  const [page] = /** @type {PerformanceNavigationTiming[]} */ (
    performance.getEntriesByType?.("navigation") ?? []
  );
  return page ? Math.max(0, page.responseStart - page.requestStart) : 0;
}

/**
 * A fixed timeout for a number of round trips, at least `floor`.
 * @param {number} floor enough on a good network
 * @param {number} rounds round trips needed
 * @param {number} [roundTrip]
 */
export function timeoutFor(floor, rounds, roundTrip = pageRoundTrip()) {
  return Math.min(MAX_TIMEOUT, Math.max(floor, 2 * rounds * roundTrip));
}

/** Timeouts of a connection, from round-trip times smoothed as in RFC 6298 (SRTT and RTTVAR). */
export class AdaptiveTimeouts {
  #smoothed;
  #variation;
  #isGuess = true;
  #openingBackoff = 1;
  #answerBackoff = 1;

  /** @param {number} [guess] round-trip time until one is measured */
  constructor(guess = pageRoundTrip()) {
    this.#smoothed = guess;
    this.#variation = guess / 2;
  }

  /** @param {number} roundTrip */
  addRoundTrip(roundTrip) {
    if (this.#isGuess) {
      this.#isGuess = false;
      this.#smoothed = roundTrip;
      this.#variation = roundTrip / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - roundTrip) - this.#variation) / 4;
      this.#smoothed += (roundTrip - this.#smoothed) / 8;
    }
  }

  /** As measured until now; a guess before the first one. */
  get roundTrip() {
    return this.#smoothed;
  }

  /** The timeout for opening, before any back-off. */
  get usualToOpen() {
    return Math.min(
      MAX_TIMEOUT,
      Math.max(MIN_OPENING, ROUNDS_TO_OPEN * this.#smoothed + 4 * this.#variation),
    );
  }

  toOpen() {
    return Math.min(MAX_TIMEOUT, this.usualToOpen * this.#openingBackoff);
  }

  /** @param {number} floor enough on a good network */
  toAnswer(floor) {
    return Math.min(
      MAX_TIMEOUT,
      Math.max(floor, 2 * this.#smoothed + 4 * this.#variation) * this.#answerBackoff,
    );
  }

  openingTimedOut() {
    this.#openingBackoff *= 2;
  }

  opened() {
    this.#openingBackoff = 1;
  }

  answerTimedOut() {
    this.#answerBackoff *= 2;
  }

  /** Halved, not reset: the next answer may wait behind as much data as the last one. */
  answered() {
    this.#answerBackoff = Math.max(1, this.#answerBackoff / 2);
  }
}
