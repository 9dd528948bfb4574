/**
 * How long received video is buffered on a lossy path, so that retransmissions arrive in time (the
 * receiver's jitter buffer: `jitterBufferTarget`).
 */

/**
 * @typedef {object} VideoStats both members only grow
 * @property {number} nacks NACKs sent
 * @property {number} skips frames dropped, and freezes
 */

/** NACKs between two polls that mean a lossy path. */
const LOSSY_NACKS = 4;
/** Playout delay in milliseconds: first step, further steps, and the most a conversation bears. */
const FIRST_DELAY_STEP = 200;
const DELAY_STEP = 100;
const MAX_DELAY = 500;
/** Polls without loss before the delay shrinks. */
const CALM_POLLS = 15;

/**
 * The playout delay of one video. A retransmission on the publisher's own link arrives later than
 * this browser expects from its round-trip time, and it would skip the frame.
 */
export class PlayoutDelay {
  milliseconds = 0;
  #calmPolls = 0;

  /**
   * @param {VideoStats} before
   * @param {VideoStats} now
   * @returns {boolean} whether `milliseconds` changed
   */
  note(before, now) {
    const lossy = now.nacks - before.nacks >= LOSSY_NACKS;
    this.#calmPolls = lossy ? 0 : this.#calmPolls + 1;
    if (lossy && now.skips > before.skips && this.milliseconds < MAX_DELAY) {
      this.milliseconds += this.milliseconds ? DELAY_STEP : FIRST_DELAY_STEP;
      return true;
    }
    if (this.#calmPolls < CALM_POLLS || !this.milliseconds) return false;
    this.#calmPolls = 0;
    this.milliseconds -= this.milliseconds > FIRST_DELAY_STEP ? DELAY_STEP : FIRST_DELAY_STEP;
    return true;
  }
}

/**
 * Delay a receiver's playout; browsers that know neither name are left alone.
 * @param {object} receiver an RTCRtpReceiver
 * @param {number} milliseconds
 */
export function setPlayoutDelay(receiver, milliseconds) {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = milliseconds || null;
  else Object.assign(receiver, { playoutDelayHint: milliseconds ? milliseconds / 1000 : null });
}
