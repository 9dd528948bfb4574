/**
 * Adapts one connection with the relay to its link, by polling its stats: on a narrow uplink the
 * camera is sent in one encoding instead of two, and on a lossy path received video waits longer
 * for retransmissions.
 */

/**
 * What matters of a connection's stats.
 * @typedef {object} LinkStats
 * @property {number} uplink the browser's bandwidth estimate in bits per second; 0 if unknown
 * @property {boolean} sendsVideo
 * @property {Map<string, VideoStats>} videos by mid: received video
 *
 * @typedef {object} VideoStats both members only grow
 * @property {number} nacks NACKs sent
 * @property {number} skips frames dropped, and freezes
 */

export const POLL_INTERVAL = 2_000;
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
/** NACKs between two polls that mean a lossy path. */
const LOSSY_NACKS = 4;
/** Playout delay in milliseconds: first step, further steps, and the most a conversation bears. */
const FIRST_DELAY_STEP = 200;
const DELAY_STEP = 100;
const MAX_DELAY = 500;
/** Polls without loss before the delay shrinks. */
const CALM_POLLS = 15;

/**
 * @param {Iterable<any>} reports of RTCPeerConnection.getStats
 * @param {ReadonlyMap<string, string>} [mids] track id -> mid, of what is received
 * @returns {LinkStats}
 */
export function readLinkStats(reports, mids = new Map()) {
  /** @type {LinkStats} */
  const stats = { uplink: 0, sendsVideo: false, videos: new Map() };
  const all = [...reports];
  for (const report of all) {
    const isVideo = (report.kind ?? report.mediaType) === "video";
    if (report.type === "candidate-pair" && report.nominated) {
      stats.uplink = Math.max(stats.uplink, report.availableOutgoingBitrate ?? 0);
    } else if (report.type === "outbound-rtp" && isVideo) {
      // Of several encodings, one that the browser pauses itself is not reported as limited.
      stats.sendsVideo ||=
        report.targetBitrate > 0 || report.qualityLimitationReason === "bandwidth";
    } else if (report.type === "inbound-rtp" && isVideo) {
      const mid = report.mid ?? mids.get(trackOf(report, all));
      if (!mid) continue;
      stats.videos.set(mid, {
        nacks: report.nackCount ?? 0,
        skips: (report.framesDropped ?? 0) + (report.freezeCount ?? 0),
      });
    }
  }
  return stats;
}

/**
 * The track of a stream, which has no mid before Chrome 105 and Firefox 135.
 * @param {any} report
 * @param {any[]} all
 * @returns {string} its id; Chrome before 105 has that in a report of its own
 */
function trackOf({ trackIdentifier, trackId }, all) {
  return trackIdentifier ?? all.find(({ id }) => trackId && id === trackId)?.trackIdentifier;
}

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

/** Polls one connection until `close`. */
export class RelayAdaptation {
  #choice = new EncodingChoice();
  /** @type {Map<string, PlayoutDelay>} */
  #delays = new Map();
  /** @type {LinkStats | null} */
  #previous = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {RTCPeerConnection} connection
   * @param {(single: boolean) => void} onEncodings
   */
  constructor(connection, onEncodings) {
    this.connection = connection;
    this.onEncodings = onEncodings;
    this.#schedule();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule() {
    this.#timer = setTimeout(() => {
      void this.#poll()
        .catch((error) => console.warn("no stats of the relay connection", error))
        .finally(() => {
          if (this.#timer !== undefined) this.#schedule();
        });
    }, POLL_INTERVAL);
  }

  async #poll() {
    const stats = await this.connection.getStats();
    const received = this.connection.getTransceivers();
    const mids = new Map(received.map(({ mid, receiver }) => [receiver.track.id, mid ?? ""]));
    const now = readLinkStats(stats.values(), mids);
    const before = this.#previous;
    this.#previous = now;
    if (this.#timer === undefined) return;
    if (this.#choice.note(now.uplink, now.sendsVideo)) this.onEncodings(this.#choice.single);
    for (const { mid, receiver } of this.connection.getTransceivers()) {
      const video = mid ? now.videos.get(mid) : undefined;
      if (!mid || !video) continue;
      const delay = this.#delays.get(mid) ?? new PlayoutDelay();
      this.#delays.set(mid, delay);
      if (delay.note(before?.videos.get(mid) ?? video, video)) {
        setPlayoutDelay(receiver, delay.milliseconds);
      }
    }
  }
}
