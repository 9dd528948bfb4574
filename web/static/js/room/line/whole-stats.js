/**
 * A connection's stats with what an engine leaves out, as far as its other reports tell it. Nothing tells
 * Chrome before 79 and Safari what the other side has lost: there the round trip and NACKs have to do.
 */

/** Seconds that stand for a round trip too short for the engine's clock: 0 means unknown. */
const SHORTEST = 0.001;

/**
 * @typedef {object} Loss of one stream, when it was reported last
 * @property {number} at
 * @property {number} lost packets since the stream began
 * @property {number} sent
 * @property {number} share
 */

/** Of one connection, whose reports it follows. */
export class WholeStats {
  /** @type {Map<number, Loss>} by SSRC */
  #losses = new Map();

  /**
   * @param {Iterable<any>} reports of RTCPeerConnection.getStats
   * @returns {any[]}
   */
  fill(reports) {
    // Safari before 14 says mediaType.
    const all = [...reports].map((one) =>
      one.mediaType && !one.kind ? { ...one, kind: one.mediaType } : one,
    );
    return all.map((report) => {
      if (report.type === "candidate-pair" && report.nominated) {
        return { ...report, currentRoundTripTime: roundTripOf(report, all) };
      }
      if (report.type === "remote-inbound-rtp" && report.fractionLost === undefined) {
        return { ...report, fractionLost: this.#share(report, all) };
      }
      return report;
    });
  }

  /**
   * Before Chrome 91: the share lost between the two latest reports of the other side.
   * @param {any} report
   * @param {any[]} all
   */
  #share({ ssrc, timestamp: at, packetsLost: lost = 0 }, all) {
    const before = this.#losses.get(ssrc);
    if (before && before.at >= at) return before.share;
    const own = all.find((one) => one.type === "outbound-rtp" && one.ssrc === ssrc);
    const sent = own?.packetsSent ?? 0;
    const since = sent - (before?.sent ?? 0);
    const gone = Math.max(0, lost - (before?.lost ?? 0));
    const share = since > 0 ? Math.min(1, gone / since) : 0;
    this.#losses.set(ssrc, { at, lost, sent, share });
    return share;
  }
}

/**
 * Firefox before 142 knows it from RTCP alone; of several streams the shortest, which waited least.
 * @param {any} pair
 * @param {any[]} all
 * @returns {number} seconds, 0 if unknown
 */
function roundTripOf(pair, all) {
  const { currentRoundTripTime: known, responsesReceived = 0 } = pair;
  if (known !== undefined) return known || (responsesReceived > 0 ? SHORTEST : 0);
  const told = all
    .filter(({ type, roundTripTime }) => type === "remote-inbound-rtp" && roundTripTime > 0)
    .map(({ roundTripTime }) => roundTripTime);
  return told.length ? Math.min(...told) : 0;
}
