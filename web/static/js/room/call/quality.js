/** How good the connection is, in three plain words, from what the browser counts. */

/** @typedef {"good" | "fair" | "poor"} Quality */

/**
 * What is counted since the call began; differences of two of them tell how it goes now.
 * @typedef {object} Counters
 * @property {number} received packets
 * @property {number} lost packets
 * @property {number} roundTrip seconds, 0 if unknown
 * @property {number} remoteLoss fraction of our packets that the other side misses
 */

/** Beyond these people start to repeat themselves (ITU-T G.114, G.107). */
const FAIR = { loss: 0.03, roundTrip: 0.35 };
const POOR = { loss: 0.1, roundTrip: 0.8 };

/**
 * @param {Counters} before
 * @param {Counters} now
 * @returns {Quality}
 */
export function judge(before, now) {
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  const loss = Math.max(received + lost > 0 ? lost / (received + lost) : 0, now.remoteLoss);
  if (loss > POOR.loss || now.roundTrip > POOR.roundTrip) return "poor";
  return loss > FAIR.loss || now.roundTrip > FAIR.roundTrip ? "fair" : "good";
}

/**
 * @param {Iterable<any>} reports of RTCPeerConnection.getStats
 * @returns {Counters}
 */
export function count(reports) {
  const counters = { received: 0, lost: 0, roundTrip: 0, remoteLoss: 0 };
  for (const report of reports) {
    if (report.type === "inbound-rtp") {
      counters.received += report.packetsReceived ?? 0;
      counters.lost += report.packetsLost ?? 0;
    } else if (report.type === "remote-inbound-rtp") {
      counters.remoteLoss = Math.max(counters.remoteLoss, report.fractionLost ?? 0);
    } else if (report.type === "candidate-pair" && report.nominated) {
      counters.roundTrip = Math.max(counters.roundTrip, report.currentRoundTripTime ?? 0);
    }
  }
  return counters;
}

const EVERY = 4_000;

/** Watches all connections of a call and tells when the worst of them changes. */
export class QualityWatch {
  /** @type {WeakMap<RTCPeerConnection, Counters>} */
  #last = new WeakMap();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {Quality | null} */
  current = null;

  /**
   * @param {() => RTCPeerConnection[]} connections
   * @param {(quality: Quality) => void} onChange
   */
  constructor(connections, onChange) {
    this.connections = connections;
    this.onChange = onChange;
  }

  /** @param {boolean} on */
  watch(on) {
    if (on && this.#timer === undefined) {
      this.#timer = setInterval(() => void this.#look(), EVERY);
    } else if (!on) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.current = null;
    }
  }

  async #look() {
    /** @type {Quality[]} */
    const found = [];
    for (const connection of this.connections()) {
      if (connection.connectionState !== "connected") continue;
      const counters = count((await connection.getStats()).values());
      const before = this.#last.get(connection);
      this.#last.set(connection, counters);
      if (before) found.push(judge(before, counters));
    }
    const worst = /** @type {const} */ (["poor", "fair", "good"]).find((one) =>
      found.includes(one),
    );
    if (!worst || worst === this.current) return;
    this.current = worst;
    this.onChange(worst);
  }
}
