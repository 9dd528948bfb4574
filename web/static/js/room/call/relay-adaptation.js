/**
 * Adapts one connection with the relay to its link, by polling its stats: on a narrow uplink the
 * camera is sent in one encoding instead of two (`encoding-choice.js`), and on a lossy path received
 * video waits longer for retransmissions (`playout-delay.js`).
 */

import { EncodingChoice } from "../line/encoding-choice.js";
import { PlayoutDelay, setPlayoutDelay } from "../line/playout-delay.js";

/** @import { VideoStats } from "../line/playout-delay.js" */

/**
 * What matters of a connection's stats.
 * @typedef {object} LinkStats
 * @property {number} uplink the browser's bandwidth estimate in bits per second; 0 if unknown
 * @property {boolean} sendsVideo
 * @property {Map<string, VideoStats>} videos by mid: received video
 */

export const POLL_INTERVAL = 2_000;
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
