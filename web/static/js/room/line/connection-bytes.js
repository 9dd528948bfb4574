/** What a connection of a call has used, both ways, with the headers of its packets. */

/** Bytes that a packet has below the transport: IPv4 and UDP. */
const HEADERS = 28;

/**
 * Bytes of one connection since it began.
 * @param {Iterable<any>} reports of RTCPeerConnection.getStats
 * @returns {number}
 */
export function bytesOf(reports) {
  const found = [...reports];
  const transports = found.filter(({ type }) => type === "transport");
  // Firefox has no transports. A pair that carries nothing has sent its checks.
  const counted = transports.length
    ? transports
    : found.filter(({ type }) => type === "candidate-pair");
  return counted.reduce((sum, report) => {
    const packets = (report.packetsSent ?? 0) + (report.packetsReceived ?? 0);
    return sum + (report.bytesSent ?? 0) + (report.bytesReceived ?? 0) + HEADERS * packets;
  }, 0);
}
