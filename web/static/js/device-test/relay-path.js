/** Whether the server's relay is reachable: a connection with it that carries no media. */

import { timeoutFor } from "../shared/timeouts.js";

/**
 * @typedef {object} RelayPath
 * @property {string} by udp, tcp or tls; empty if the relay was not reached
 */

/** As long as a call waits for its connection with the relay. */
const CONNECT_WITHIN = timeoutFor(8_000, 4);

/**
 * @param {string} path where to get the relay's offer
 * @param {RTCIceServer[]} iceServers
 * @param {AbortSignal} signal
 * @returns {Promise<RelayPath | null>} null if the server cannot test it now
 */
export async function testRelay(path, iceServers, signal) {
  const offered = await ask(path);
  if (!offered) return null;
  const { sdp, address } = await offered.json();
  const connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  try {
    await connection.setRemoteDescription({ type: "offer", sdp });
    for (const transceiver of connection.getTransceivers()) transceiver.direction = "sendonly";
    await connection.setLocalDescription();
    if (!(await ask(address, { sdp: connection.localDescription?.sdp }))) return null;
    return (await connected(connection, signal)) ? await selectedPath(connection) : { by: "" };
  } finally {
    connection.close();
    void fetch(address, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

/**
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<Response | null>} null if it was refused or failed
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
 * @param {RTCPeerConnection} connection
 * @returns {Promise<RelayPath>}
 */
async function selectedPath(connection) {
  const stats = await connection.getStats();
  /** @type {any} */
  let pair;
  stats.forEach((report) => {
    // Firefox marks the selected pair itself. `nominated` is set late, or never.
    if (report.type === "candidate-pair" && report.selected) pair = report;
    if (report.type === "transport") pair ??= stats.get(report.selectedCandidatePairId);
  });
  const local = stats.get(pair?.localCandidateId);
  const by = local?.candidateType === "relay" ? local.relayProtocol : local?.protocol;
  return { by: by ?? "udp" };
}
