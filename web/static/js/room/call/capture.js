/**
 * One microphone, camera or screen: the constraints that are wanted, at most one pending
 * getUserMedia or getDisplayMedia request, and the track. What a request brings is compared with
 * what is wanted by then; a track that is no longer wanted is stopped at once.
 */

/**
 * @typedef {object} CaptureOptions
 * @property {(constraints: MediaStreamConstraints) => Promise<MediaStream>} request
 * @property {boolean} lasting a track that the system ends is requested again
 * @property {() => boolean} mayAsk false if not yet; `settle` is called when that changes
 * @property {() => Promise<boolean>} isPrompt whether a slow request waits for the permission prompt
 * @property {(track: MediaStreamTrack | null) => void} onTrack the track from now on
 * @property {(error: unknown) => void} onRefused a request that is still wanted failed
 * @property {() => void} onUnwanted permission was given for what is no longer wanted
 * @property {() => void} onChange anything else changed
 */

/** Devices with permission open within this time; a prompt takes longer to read. */
export const PROMPT_AFTER = 1_000;

export class Capture {
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** The permission prompt is not answered yet. */
  asking = false;
  /** @type {MediaStreamConstraints | null} */
  #wanted = null;
  /** @type {MediaStreamConstraints | null} the constraints of `track` */
  #constraints = null;
  /** The last request for what is wanted failed. */
  refused = false;
  /** The system ended the track and has given no other. */
  #wasEnded = false;
  /** @type {object | null} the pending request */
  #requestInFlight = null;
  #isWaiting = false;
  /** @type {(() => void)[]} */
  #waiters = [];

  /** @param {CaptureOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** Whether a request is pending. */
  get pending() {
    return this.#requestInFlight !== null;
  }

  get wanted() {
    return this.#wanted !== null;
  }

  /**
   * Set what is wanted from now on. What was refused is requested again.
   * @param {MediaStreamConstraints | null} wanted null for nothing
   */
  want(wanted) {
    this.#wanted = wanted;
    this.refused = this.#wasEnded = false;
    this.settle();
  }

  /** Stop the track and go on wanting it: the next `settle` requests it again. */
  release() {
    this.#stop();
  }

  /** Request again what the system took away while the page was hidden. */
  regain() {
    if (this.#wasEnded) this.refused = false;
    this.settle();
  }

  /** Bring the track in line with what is wanted, as far as that is possible now. */
  settle() {
    if (this.track?.readyState === "ended") {
      this.#wasEnded = true;
      this.#stop();
    } else if (!same(this.#constraints, this.#wanted)) this.#stop();
    const missing = this.#wanted && !this.track && !this.refused;
    if (this.#wanted && missing && !this.pending && this.options.mayAsk())
      void this.#request(this.#wanted);
  }

  /** @returns {Promise<void>} resolved when no request is pending, or the pending one is slow */
  answered() {
    if (!this.pending || this.#isWaiting) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** @param {MediaStreamConstraints} wanted */
  async #request(wanted) {
    const request = (this.#requestInFlight = {});
    const timer = setTimeout(() => void this.#noticeSlow(request), PROMPT_AFTER);
    let track = null;
    /** @type {unknown} */
    let refusal;
    try {
      track = firstOf(await this.options.request(wanted));
    } catch (error) {
      refusal = error;
    }
    clearTimeout(timer);
    this.#requestInFlight = null;
    this.#isWaiting = this.asking = false;
    this.#settleRequest(track, wanted, refusal);
    this.settle();
    this.#announce();
  }

  /**
   * @param {MediaStreamTrack | null} track
   * @param {MediaStreamConstraints} wanted the constraints it was requested with
   * @param {unknown} refusal
   */
  #settleRequest(track, wanted, refusal) {
    if (!same(wanted, this.#wanted)) {
      track?.stop();
      if (track && !this.#wanted) this.options.onUnwanted();
    } else if (track) {
      this.track = track;
      this.#constraints = wanted;
      this.#wasEnded = false;
      track.onended = () => this.#ended();
      this.options.onTrack(track);
    } else {
      this.refused = true;
      this.options.onRefused(refusal);
    }
  }

  #ended() {
    if (this.options.lasting) this.settle();
    else this.want(null);
    this.options.onChange();
  }

  #stop() {
    const { track } = this;
    this.track = this.#constraints = null;
    if (!track) return;
    track.onended = null;
    track.stop();
    this.options.onTrack(null);
  }

  /** @param {object} request */
  async #noticeSlow(request) {
    this.#isWaiting = true;
    this.#announce();
    const asking = await this.options.isPrompt();
    if (request !== this.#requestInFlight) return;
    this.asking = asking;
    this.#announce();
  }

  #announce() {
    for (const resolve of this.#waiters.splice(0)) resolve();
    this.options.onChange();
  }
}

/**
 * @param {MediaStream} stream
 * @returns {MediaStreamTrack | null} the live track; further ones are stopped
 */
function firstOf(stream) {
  const [track = null, ...others] = stream.getTracks();
  for (const other of others) other.stop();
  return track?.readyState === "live" ? track : null;
}

/**
 * @param {MediaStreamConstraints | null} one
 * @param {MediaStreamConstraints | null} other
 */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
