/**
 * Polls the connections of a call: how good the worst of them is, in one of three words, and which
 * of them carry video.
 */

import { judge, readCounters } from "./quality.js";
import { limitsFor } from "./sending-limits.js";
import { readLine, VideoPause } from "./video-pause.js";
import { WholeStats } from "./whole-stats.js";

/**
 * @import { Limits } from "./sending-limits.js"
 * @import { Counters, Quality } from "./quality.js"
 * @import { VideoState } from "./video-pause.js"
 */

/**
 * @typedef {object} LineWatchOptions
 * @property {() => RTCPeerConnection[]} connections of the call
 * @property {() => boolean} sendsVideo whether there is video to send
 * @property {(connection: RTCPeerConnection, limits: Limits) => void} onLimits
 * @property {(connection: RTCPeerConnection, reports: any[]) => void} [onStats]
 * @property {(quality: Quality) => void} onQuality the worst quality changed
 * @property {() => void} onPause `isPaused` or `isNarrow` changed
 */

/** Milliseconds between two polls: video waits for the first, and a trial may cost audio. */
const INTERVALS = { unknown: 100, tried: 400, paused: 1_000, small: 1_000, sent: 1_000 };
/** Milliseconds between two looks at the quality: losses of a second are chance. */
const QUALITY_INTERVAL = 4_000;

/** Milliseconds within which a browser answers for a connection that lives. */
const STATS_WITHIN = 3_000;

export class LineWatch {
  /** @type {WeakMap<RTCPeerConnection, VideoPause>} */
  #pauses = new WeakMap();
  /** @type {WeakMap<RTCPeerConnection, WholeStats>} */
  #stats = new WeakMap();
  /** @type {WeakMap<RTCPeerConnection, Counters>} */
  #counters = new WeakMap();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isPolling = false;
  #isOn = false;
  #judgedAt = 0;
  /** @type {Quality | null} */
  quality = null;
  /** A line of this page is too narrow for its video, or may be. */
  isPaused = false;
  /** A line of this page is or may be too narrow for more than speech and a small video. */
  isNarrow = false;

  /** @param {LineWatchOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** @param {boolean} on */
  watch(on) {
    if (!on) {
      this.#isOn = this.isPaused = this.isNarrow = false;
      this.quality = null;
      clearTimeout(this.#timer);
      return;
    }
    const isNew = this.#connected().some((connection) => !this.#pauses.has(connection));
    if (!this.#isOn || isNew) this.#schedule(0);
    this.#isOn = true;
  }

  /** @param {number} delay milliseconds */
  #schedule(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), delay);
  }

  async #poll() {
    if (this.#isPolling) return;
    this.#isPolling = true;
    const now = performance.now();
    const judges = now - this.#judgedAt >= QUALITY_INTERVAL;
    if (judges) this.#judgedAt = now;
    const connected = this.#connected();
    try {
      const found = await Promise.all(connected.map((one) => this.#look(one, judges, now)));
      if (this.#isOn) {
        this.#judge(found);
        this.#followPause();
      }
    } catch (error) {
      console.warn("no stats of a connection", error);
    } finally {
      this.#isPolling = false;
      const intervals = connected.map((one) => INTERVALS[this.#stateOf(one)]);
      if (this.#isOn) this.#schedule(Math.min(INTERVALS.sent, ...intervals));
    }
  }

  #connected() {
    return this.options
      .connections()
      .filter(({ connectionState }) => connectionState === "connected");
  }

  /**
   * @param {RTCPeerConnection} connection
   * @returns {VideoState}
   */
  #stateOf(connection) {
    return this.#pauses.get(connection)?.state ?? "unknown";
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {boolean} judges
   * @param {number} now
   * @returns {Promise<Quality | null>}
   */
  async #look(connection, judges, now) {
    const pause = this.#pauses.get(connection) ?? new VideoPause();
    this.#pauses.set(connection, pause);
    const stats = await Promise.race([connection.getStats(), tooLate()]);
    if (!stats) return null;
    const whole = this.#stats.get(connection) ?? new WholeStats();
    this.#stats.set(connection, whole);
    const reports = whole.fill(stats.values());
    const { sendsVideo, onLimits, onStats } = this.options;
    onStats?.(connection, reports);
    if (pause.note(readLine(reports), sendsVideo(), now)) {
      onLimits(connection, limitsFor(pause.state));
    }
    if (!judges) return null;
    const counters = readCounters(reports);
    const before = this.#counters.get(connection);
    this.#counters.set(connection, counters);
    return before ? judge(before, counters) : null;
  }

  /** @param {(Quality | null)[]} found */
  #judge(found) {
    const worst = /** @type {const} */ (["poor", "fair", "good"]).find((quality) =>
      found.includes(quality),
    );
    if (!worst || worst === this.quality) return;
    this.quality = worst;
    this.options.onQuality(worst);
  }

  #followPause() {
    const { sendsVideo, onPause } = this.options;
    const states = this.#connected().map((connection) => this.#stateOf(connection));
    const isNarrow = states.some((state) => ["paused", "tried", "small"].includes(state));
    const isHeld = states.some((state) => ["paused", "tried"].includes(state));
    const isPaused = isHeld && sendsVideo();
    if (isPaused === this.isPaused && isNarrow === this.isNarrow) return;
    this.isPaused = isPaused;
    this.isNarrow = isNarrow;
    onPause();
  }
}

/**
 * Firefox may never answer for a connection that is closed meanwhile.
 * @returns {Promise<null>}
 */
function tooLate() {
  return new Promise((done) => setTimeout(() => done(null), STATS_WITHIN));
}
