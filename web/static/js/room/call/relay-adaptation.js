/**
 * How the link with the relay is, and what follows from it: whether the camera is sent in two
 * encodings or in one, and how long pictures wait for what has to be repeated.
 */

/**
 * What is counted of a connection; the numbers of pictures only rise.
 * @typedef {object} LinkStats
 * @property {number} uplink bits per second that the browser thinks it can send; 0 if unknown
 * @property {boolean} pictured a picture is being sent
 * @property {Map<string, VideoStats>} pictures by media id: what mediaReceived
 *
 * @typedef {object} VideoStats
 * @property {number} missed packets asked for again
 * @property {number} skipped pictures not shown, and times the picture stood still
 */

export const POLL_INTERVAL = 2_000;
/**
 * Bits per second below which two encodings are one too many: the large one would get so little
 * that it is worse than the small one, and the small one has to pay for it.
 */
const NARROW = 500_000;
/** Above this both fit again. A single encoding of `SINGLE` bits lets the browser see as much. */
const WIDE = 650_000;
/** Looks in a row that must agree. */
const NARROW_LOOKS = 2;
const WIDE_LOOKS = 3;
/**
 * Looks after which two are tried again all the same: with little to send, or a limit that a
 * listener's narrow link sets, a browser never finds out how wide its own has become.
 */
const RETRY_LOOKS = 45;
const LONGEST_RETRY_LOOKS = 180;
/** Looks for which that is tried at least: a limit ends some seconds after both are sent again. */
const TRIED_LOOKS = 8;
/** Packets asked for again between two looks that mean a lossy link. */
const LOSSY = 4;
/** Milliseconds of waiting: the first step, further ones, and the most that talking bears. */
const FIRST_WAIT = 200;
const MORE_WAIT = 100;
const LONGEST_WAIT = 500;
/** Looks without loss before pictures wait less. */
const CALM_LOOKS = 15;

/**
 * @param {Iterable<any>} reports of RTCPeerConnection.getStats
 * @returns {LinkStats}
 */
export function readLinkStats(reports) {
  /** @type {LinkStats} */
  const counters = { uplink: 0, pictured: false, pictures: new Map() };
  for (const report of reports) {
    if (report.type === "candidate-pair" && report.nominated) {
      counters.uplink = Math.max(counters.uplink, report.availableOutgoingBitrate ?? 0);
    } else if (report.type === "outbound-rtp" && report.kind === "video") {
      // What a browser holds back of several encodings it does not call limited.
      counters.pictured ||=
        report.targetBitrate > 0 || report.qualityLimitationReason === "bandwidth";
    } else if (report.type === "inbound-rtp" && report.kind === "video" && report.mid) {
      counters.pictures.set(report.mid, {
        missed: report.nackCount ?? 0,
        skipped: (report.framesDropped ?? 0) + (report.freezeCount ?? 0),
      });
    }
  }
  return counters;
}

/** One encoding or two: changes only when several looks agree. */
export class EncodingChoice {
  single = false;
  #looks = 0;
  #since = 0;
  #tried = 0;
  #retry = RETRY_LOOKS;

  /**
   * @param {number} uplink bits per second, 0 if unknown
   * @param {boolean} pictured sound alone tells nothing of the link
   * @returns {boolean} whether `single` changed
   */
  note(uplink, pictured) {
    this.#since += 1;
    const narrow = pictured && uplink > 0 && uplink < NARROW && this.#since > this.#tried;
    const against = this.single ? uplink > WIDE : narrow;
    this.#looks = against ? this.#looks + 1 : 0;
    const enough = this.#looks >= (this.single ? WIDE_LOOKS : NARROW_LOOKS);
    if (!enough && !(this.single && this.#since >= this.#retry)) return false;
    // A try in vain costs both encodings, so the next one waits longer.
    if (this.single && enough) this.#retry = RETRY_LOOKS;
    else if (this.#tried && this.#since < RETRY_LOOKS)
      this.#retry = Math.min(2 * this.#retry, LONGEST_RETRY_LOOKS);
    this.#tried = this.single && !enough ? TRIED_LOOKS : 0;
    this.single = !this.single;
    this.#looks = this.#since = 0;
    return true;
  }
}

/**
 * How long one picture waits. A packet repeated on the publisher's link comes later than the
 * browser thinks possible on its own, and it would go on without that picture.
 */
export class PlayoutDelay {
  milliseconds = 0;
  #calm = 0;

  /**
   * @param {VideoStats} before
   * @param {VideoStats} now
   * @returns {boolean} whether `milliseconds` changed
   */
  note(before, now) {
    const lossy = now.missed - before.missed >= LOSSY;
    this.#calm = lossy ? 0 : this.#calm + 1;
    if (lossy && now.skipped > before.skipped && this.milliseconds < LONGEST_WAIT) {
      this.milliseconds += this.milliseconds ? MORE_WAIT : FIRST_WAIT;
      return true;
    }
    if (this.#calm < CALM_LOOKS || !this.milliseconds) return false;
    this.#calm = 0;
    this.milliseconds -= this.milliseconds > FIRST_WAIT ? MORE_WAIT : FIRST_WAIT;
    return true;
  }
}

/**
 * Have a receiver's pictures wait; browsers that know neither name go on as they like.
 * @param {object} receiver an RTCRtpReceiver
 * @param {number} milliseconds
 */
export function setPlayoutDelay(receiver, milliseconds) {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = milliseconds || null;
  else Object.assign(receiver, { playoutDelayHint: milliseconds ? milliseconds / 1000 : null });
}

/** Looks at one connection from time to time, until it is closed. */
export class RelayAdaptation {
  #encodings = new EncodingChoice();
  /** @type {Map<string, PlayoutDelay>} */
  #waits = new Map();
  /** @type {LinkStats | null} */
  #before = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {RTCPeerConnection} connection
   * @param {(single: boolean) => void} onEncodings
   */
  constructor(connection, onEncodings) {
    this.connection = connection;
    this.onEncodings = onEncodings;
    this.#again();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #again() {
    this.#timer = setTimeout(() => {
      void this.#look()
        .catch((error) => console.warn("the link cannot be looked at", error))
        .finally(() => {
          if (this.#timer !== undefined) this.#again();
        });
    }, POLL_INTERVAL);
  }

  async #look() {
    const now = readLinkStats((await this.connection.getStats()).values());
    const before = this.#before;
    this.#before = now;
    if (this.#timer === undefined) return;
    if (this.#encodings.note(now.uplink, now.pictured)) this.onEncodings(this.#encodings.single);
    for (const { mid, receiver } of this.connection.getTransceivers()) {
      const counted = mid ? now.pictures.get(mid) : undefined;
      if (!mid || !counted) continue;
      const wait = this.#waits.get(mid) ?? new PlayoutDelay();
      this.#waits.set(mid, wait);
      if (wait.note(before?.pictures.get(mid) ?? counted, counted)) {
        setPlayoutDelay(receiver, wait.milliseconds);
      }
    }
  }
}
