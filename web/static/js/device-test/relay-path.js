/** Whether the server's relay is reached: a connection with it that is made and carries nothing. */

import { timeoutFor } from "../shared/timeouts.js";

/**
 * How something was reached.
 * @typedef {object} Way
 * @property {string} by udp, tcp or tls; empty if it was not reached
 * @property {number} [time] milliseconds there and back
 */

/** As long as a call waits before it counts a connection with the relay as failed. */
const CONNECT_WITHIN = timeoutFor(8_000, 4);

/**
 * @param {string} path where the relay makes an offer
 * @param {RTCIceServer[]} iceServers
 * @param {AbortSignal} signal
 * @returns {Promise<Way | null>} null if the server cannot try it now
 */
export async function tryRelay(path, iceServers, signal) {
  const offered = await ask(path);
  if (!offered) return null;
  const { sdp, address } = await offered.json();
  const connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  try {
    await connection.setRemoteDescription({ type: "offer", sdp });
    for (const line of connection.getTransceivers()) line.direction = "sendonly";
    await connection.setLocalDescription();
    if (!(await ask(address, { sdp: connection.localDescription?.sdp }))) return null;
    return (await connected(connection, signal)) ? await wayOf(connection) : { by: "" };
  } finally {
    connection.close();
    void fetch(address, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

/**
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<Response | null>} null if it was refused, or did not come
 */
async function ask(address, body = {}) {
  const answer = await fetch(address, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  }).catch(() => null);
  return answer?.ok ? answer : null;
}

/**
 * @param {RTCPeerConnection} connection
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>}
 */
function connected(connection, signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (connection.connectionState === "connected") resolve(true);
      if (connection.connectionState === "failed") resolve(false);
    };
    connection.onconnectionstatechange = look;
    look();
    setTimeout(() => resolve(false), CONNECT_WITHIN);
    signal.addEventListener("abort", () => resolve(false));
    if (signal.aborted) resolve(false);
  });
}

/**
 * The relay itself speaks UDP alone; a TURN server in between may be spoken to otherwise.
 * @param {RTCPeerConnection} connection
 * @returns {Promise<Way>}
 */
async function wayOf(connection) {
  const stats = await connection.getStats();
  /** @type {any} */
  let pair;
  stats.forEach((one) => {
    // Firefox names it in the pair itself. That it is nominated is said late, or never.
    if (one.type === "candidate-pair" && one.selected) pair = one;
    if (one.type === "transport") pair ??= stats.get(one.selectedCandidatePairId);
  });
  const local = stats.get(pair?.localCandidateId);
  const by = local?.candidateType === "relay" ? (local.relayProtocol ?? "udp") : "udp";
  const time = pair?.currentRoundTripTime;
  return time === undefined ? { by } : { by, time: Math.max(1, Math.round(time * 1000)) };
}
