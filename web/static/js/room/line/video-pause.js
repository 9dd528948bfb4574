/**
 * Whether a line carries video beside the audio. Where it does not, the audio suffers: video is
 * paused, and tried again small, after failures more and more rarely. With audio alone a browser
 * never finds out that a line has grown.
 */

/**
 * @typedef {"unknown" | "sent" | "paused" | "tried" | "small"} VideoState
 *
 * How a line is, from the sender's end.
 * @typedef {object} Line
 * @property {number} uplink the browser's bandwidth estimate in bits per second; 0 if it has none
 * @property {number} roundTrip seconds; 0 if unknown
 * @property {number} loss share of the audio packets that the other end reports lost
 * @property {number} nacks video packets that it has asked for again; only grows
 * @property {Report | null} video its latest report on video, which may be an old one
 *
 * @typedef {object} Report
 * @property {number} at when it came
 * @property {number} roundTrip seconds; 0 if unknown
 * @property {number} loss share of lost packets
 */

/** Milliseconds within which a browser knows the round trip of a connection, if ever. */
const UNKNOWN_FOR = 6_000;
/** Seconds from which on a line may be one of 2G: video waits for a trial. Or it is a satellite's. */
const FAR = 0.4;
/** Milliseconds from the connection of a far line to its first trial: first the people hear each other. */
const FIRST_TRIAL_AFTER = 4_000;
/** Bits per second that audio and a small video take; the estimate covers both. */
const NEEDED = 90_000;
/** Share of lost packets beyond which audio cannot be understood, whatever the estimate is. */
const LOSSY = 0.15;
/** Signs that less than what is needed is too little: lost packets, NACKs between two polls, ... */
const STRAINED_LOSS = 0.05;
const STRAINED_NACKS = 3;
/** ... and seconds that packets wait in a queue, which will be full soon. */
const QUEUED = 0.15;
/** Polls in a row that must agree, of a connection's first ten seconds and later. */
const EARLY_POLLS = 2;
const POLLS = 3;
const EARLY = 10_000;
/** Milliseconds of a trial without harm that are believed. */
const TRIAL = 6_000;
/** Milliseconds from a failure to the next trial, the first time and at most. */
const RETRY_AFTER = 40_000;
const MAX_RETRY_AFTER = 320_000;
/** Video that was sent for as long has shown that the line can. */
const PROVEN_AFTER = 60_000;

export class VideoPause {
  /** @type {VideoState} */
  state = "unknown";
  #began = 0;
  #since = 0;
  #polls = 0;
  #retryAfter = RETRY_AFTER;
  #nextTrial = 0;
  #isFirst = true;
  #nacks = 0;
  /** Seconds of a round trip that waits for nothing. */
  #path = Infinity;
  /** When the latest report came that is of no interest any more. */
  #reportAt = 0;

  /**
   * @param {Line} line
   * @param {boolean} wanted whether there is video to send
   * @param {number} now milliseconds
   * @returns {boolean} whether `state` changed
   */
  note(line, wanted, now) {
    const before = this.state;
    if (line.roundTrip) this.#path = Math.min(this.#path, line.roundTrip);
    const nacks = line.nacks - this.#nacks;
    this.#nacks = line.nacks;
    if (before === "unknown") this.#begin(line, now);
    else if (before === "paused") this.#wait(line, wanted, now);
    else if (!wanted) {
      this.#polls = 0;
      if (before !== "sent") this.#become("paused", now);
    } else if (this.#agree(this.#harms(line, nacks), now)) this.#fail(now);
    else if (before === "tried" && now - this.#since >= TRIAL) this.#become("small", now);
    else if (before === "small" && this.#carries(line, now)) this.#become("sent", now);
    return this.state !== before;
  }

  /**
   * @param {Line} line
   * @param {number} now
   */
  #begin({ roundTrip }, now) {
    this.#began ||= now;
    if (!roundTrip && now - this.#began < UNKNOWN_FOR) return;
    this.#began = now;
    this.#nextTrial = now + FIRST_TRIAL_AFTER;
    this.#become(roundTrip < FAR ? "sent" : "paused", now);
  }

  /**
   * @param {Line} line
   * @param {boolean} wanted
   * @param {number} now
   */
  #wait({ uplink, roundTrip, loss, video }, wanted, now) {
    // A busy machine answers late: a line is no farther than its shortest round trip.
    if (this.#isFirst && now < this.#nextTrial && roundTrip && roundTrip < FAR) {
      this.#become("sent", now);
      return;
    }
    // Audio alone is too much for the line already.
    if (!wanted || now < this.#nextTrial || loss > LOSSY) return;
    this.#reportAt = video?.at ?? 0;
    // A browser probes a new connection: where it has found little, that is as good as a failure.
    if (this.#isFirst && isNarrow(uplink)) this.#fail(now);
    else this.#become("tried", now);
  }

  /**
   * Whether a line carries more than a small video.
   * @param {Line} line
   * @param {number} now
   */
  #carries({ uplink }, now) {
    // Firefox has no estimate: there a small video that has done no harm for long has to do.
    return uplink ? uplink >= NEEDED : now - this.#since >= PROVEN_AFTER;
  }

  /**
   * Whether video takes from the audio.
   * @param {Line} line
   * @param {number} nacks since the last poll
   */
  #harms({ uplink, roundTrip, loss, video }, nacks) {
    const fresh = video && video.at > this.#reportAt ? video : null;
    const lost = Math.max(loss, fresh?.loss ?? 0);
    if (lost > LOSSY) return true;
    const queued = Math.max(roundTrip, fresh?.roundTrip ?? 0) - this.#path;
    const isStrained = lost > STRAINED_LOSS || nacks >= STRAINED_NACKS || queued > QUEUED;
    return isNarrow(uplink) && isStrained;
  }

  /**
   * @param {boolean} harms
   * @param {number} now
   * @returns {boolean} whether enough polls in a row agree that video is too much
   */
  #agree(harms, now) {
    this.#polls = harms ? this.#polls + 1 : 0;
    if (this.state === "tried") return harms;
    return this.#polls >= (now - this.#began < EARLY ? EARLY_POLLS : POLLS);
  }

  /** @param {number} now */
  #fail(now) {
    if (this.state === "sent" && now - this.#since > PROVEN_AFTER) this.#retryAfter = RETRY_AFTER;
    this.#nextTrial = now + this.#retryAfter;
    this.#retryAfter = Math.min(2 * this.#retryAfter, MAX_RETRY_AFTER);
    this.#become("paused", now);
    this.#isFirst = false;
    // The way may be another one, and longer: it is measured anew while there is audio alone.
    this.#path = Infinity;
  }

  /**
   * @param {VideoState} state
   * @param {number} now
   */
  #become(state, now) {
    this.state = state;
    this.#since = now;
    this.#polls = 0;
  }
}

/** @param {number} uplink */
function isNarrow(uplink) {
  return uplink > 0 && uplink < NEEDED;
}

/**
 * @param {Iterable<any>} reports of RTCPeerConnection.getStats
 * @returns {Line}
 */
export function readLine(reports) {
  /** @type {Line} */
  const line = { uplink: 0, roundTrip: 0, loss: 0, nacks: 0, video: null };
  for (const report of reports) {
    if (report.type === "candidate-pair" && report.nominated) {
      line.uplink = Math.max(line.uplink, report.availableOutgoingBitrate ?? 0);
      line.roundTrip = Math.max(line.roundTrip, report.currentRoundTripTime ?? 0);
    } else if (report.type === "outbound-rtp") {
      line.nacks += report.nackCount ?? 0;
    } else if (report.type === "remote-inbound-rtp") {
      const { timestamp: at, roundTripTime: roundTrip = 0, fractionLost: loss = 0 } = report;
      if (report.kind === "audio") line.loss = Math.max(line.loss, loss);
      else if (at > (line.video?.at ?? 0)) line.video = { at, roundTrip, loss };
    }
  }
  return line;
}
