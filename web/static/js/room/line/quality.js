/** The quality of the connections in one of three words, from their stats. */

/** @typedef {"good" | "fair" | "poor"} Quality */

/**
 * Totals since the connection began; the difference of two tells how it is now.
 * @typedef {object} Counters
 * @property {number} received packets
 * @property {number} lost packets
 * @property {number} roundTrip seconds, 0 if unknown
 * @property {number} remoteLoss fraction of our packets that the other side reports lost
 */

/** Beyond these, people start to repeat themselves (ITU-T G.114, G.107). */
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
export function readCounters(reports) {
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
