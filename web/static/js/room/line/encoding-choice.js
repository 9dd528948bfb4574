/**
 * Whether the camera is sent to the relay in one simulcast encoding or in two, by the estimate of the
 * uplink. What the encodings are is in `encodings.js`. Pure: polls are counted, not timed.
 */

/**
 * Below this uplink in bits per second one encoding is better than two: the large one would get so
 * little that it looks worse than the small one, and take it from the small one.
 */
const NARROW_UPLINK = 500_000;
/** Above this both fit again. One encoding of `SINGLE_BITRATE` lets the estimate grow this far. */
const WIDE_UPLINK = 650_000;
/** Polls in a row that must agree. */
const NARROW_POLLS = 2;
const WIDE_POLLS = 3;
/**
 * Polls after which two encodings are tried again regardless: with little to send, or capped for a
 * receiver's narrow link, a browser never finds out that its own uplink has grown.
 */
const RETRY_AFTER_POLLS = 45;
const MAX_RETRY_AFTER_POLLS = 180;
/** A retry with both lasts at least this many polls: a cap is lifted some seconds after it begins. */
const MIN_RETRY_POLLS = 8;

/** One encoding of the camera or two: changes only when several polls agree. */
export class EncodingChoice {
  /** The link is too narrow for two. */
  single = false;
  #polls = 0;
  #sinceChange = 0;
  #retryPolls = 0;
  #retryAfter = RETRY_AFTER_POLLS;

  /**
   * @param {number} uplink bits per second, 0 if unknown
   * @param {boolean} sendsVideo audio alone says nothing about the uplink
   * @returns {boolean} whether `single` changed
   */
  note(uplink, sendsVideo) {
    this.#sinceChange += 1;
    const narrow =
      sendsVideo && uplink > 0 && uplink < NARROW_UPLINK && this.#sinceChange > this.#retryPolls;
    const against = this.single ? uplink > WIDE_UPLINK : narrow;
    this.#polls = against ? this.#polls + 1 : 0;
    const enough = this.#polls >= (this.single ? WIDE_POLLS : NARROW_POLLS);
    if (!enough && !(this.single && this.#sinceChange >= this.#retryAfter)) return false;
    // A failed retry costs quality in both encodings, so the next one waits longer.
    if (this.single && enough) this.#retryAfter = RETRY_AFTER_POLLS;
    else if (this.#retryPolls && this.#sinceChange < RETRY_AFTER_POLLS)
      this.#retryAfter = Math.min(2 * this.#retryAfter, MAX_RETRY_AFTER_POLLS);
    this.#retryPolls = this.single && !enough ? MIN_RETRY_POLLS : 0;
    this.single = !this.single;
    this.#polls = this.#sinceChange = 0;
    return true;
  }
}
