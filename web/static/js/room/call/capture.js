/**
 * One microphone, camera or screen: what is wanted of it, the one request to the browser that may
 * be open, and the track that is held. What a request brings is compared with what is wanted by
 * then, and a track that nobody wants any more is stopped at once.
 */

/**
 * @typedef {object} CaptureOptions
 * @property {(constraints: MediaStreamConstraints) => Promise<MediaStream>} request
 * @property {boolean} lasting a track that the system ends is asked for again
 * @property {() => boolean} mayAsk false: not yet; `settle` is called when it may be
 * @property {() => Promise<boolean>} isQuestion whether a slow request waits for the person
 * @property {(track: MediaStreamTrack | null) => void} onTrack what is held from now on
 * @property {(error: unknown) => void} onRefused of what is still wanted
 * @property {() => void} onUnwanted something was allowed that nobody wants any more
 * @property {() => void} onChange of anything else
 */

/** Devices that are allowed already open within this time; a question takes longer to read. */
export const PROMPT_AFTER = 1_000;

export class Capture {
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** The browser's question to the person has no answer yet. */
  asking = false;
  /** @type {MediaStreamConstraints | null} */
  #wanted = null;
  /** @type {MediaStreamConstraints | null} what the held track was asked for with */
  #held = null;
  /** The browser has answered, and what is wanted is not there. */
  refused = false;
  /** The system took the track away, and did not give another one. */
  #lost = false;
  /** @type {object | null} the request under way */
  #request = null;
  #slow = false;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {CaptureOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** Whether the browser was asked and has not answered. */
  get open() {
    return this.#request !== null;
  }

  get wanted() {
    return this.#wanted !== null;
  }

  /**
   * From now on this is wanted, or nothing. What was refused is asked for again.
   * @param {MediaStreamConstraints | null} wanted
   */
  want(wanted) {
    this.#wanted = wanted;
    this.refused = this.#lost = false;
    this.settle();
  }

  /** Try again what the system took away while nobody looked at the page. */
  regain() {
    if (this.#lost) this.refused = false;
    this.settle();
  }

  /** Make what is held what is wanted, as far as that is possible now. */
  settle() {
    if (this.track?.readyState === "ended") {
      this.#lost = true;
      this.#drop();
    } else if (!same(this.#held, this.#wanted)) this.#drop();
    const missing = this.#wanted && !this.track && !this.refused;
    if (this.#wanted && missing && !this.open && this.options.mayAsk())
      void this.#ask(this.#wanted);
  }

  /** @returns {Promise<void>} until nothing is asked for, or the answer takes its time */
  answered() {
    if (!this.open || this.#slow) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param {MediaStreamConstraints} wanted */
  async #ask(wanted) {
    const request = (this.#request = {});
    const timer = setTimeout(() => void this.#isSlow(request), PROMPT_AFTER);
    let track = null;
    /** @type {unknown} */
    let refusal;
    try {
      track = firstOf(await this.options.request(wanted));
    } catch (error) {
      refusal = error;
    }
    clearTimeout(timer);
    this.#request = null;
    this.#slow = this.asking = false;
    this.#take(track, wanted, refusal);
    this.settle();
    this.#tell();
  }

  /**
   * @param {MediaStreamTrack | null} track
   * @param {MediaStreamConstraints} wanted what it was asked for with
   * @param {unknown} refusal
   */
  #take(track, wanted, refusal) {
    if (!same(wanted, this.#wanted)) {
      track?.stop();
      if (track && !this.#wanted) this.options.onUnwanted();
    } else if (track) {
      this.track = track;
      this.#held = wanted;
      this.#lost = false;
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

  #drop() {
    const { track } = this;
    this.track = this.#held = null;
    if (!track) return;
    track.onended = null;
    track.stop();
    this.options.onTrack(null);
  }

  /** @param {object} request */
  async #isSlow(request) {
    this.#slow = true;
    this.#tell();
    const asking = await this.options.isQuestion();
    if (request !== this.#request) return;
    this.asking = asking;
    this.#tell();
  }

  #tell() {
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.options.onChange();
  }
}

/**
 * @param {MediaStream} stream
 * @returns {MediaStreamTrack | null} its live track; others are stopped
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
