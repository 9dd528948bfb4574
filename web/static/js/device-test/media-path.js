/**
 * Whether there is a path for media out of this network: the server's relay, if there is one, is
 * reached by UDP or at least by TCP. Without a relay, the TURN server has to answer, if there is one.
 * Where neither is reached, two connections within the page tell whether the browser can call at all.
 */

import { _ } from "../shared/catalog.js";
import { timeoutFor } from "../shared/timeouts.js";
import { testRelay } from "./relay-path.js";

const CONNECT_WITHIN = 10_000;
/** TLS over TCP, and two requests: a TURN server answers the first one with its nonce (401). */
const GATHER_WITHIN = timeoutFor(8_000, 5);

/**
 * @param {RTCIceServer[]} servers
 * @param {string} relayPath where to get the relay's offer; empty if there is no relay
 * @returns {import("./runner.js").Test}
 */
export function mediaPathTest(servers, relayPath) {
  return async (report) => {
    report.say(_("Trying a call through this network…"));
    const [connects, relay] = await Promise.all([
      loopback(servers, report.signal),
      pathToRelay(servers, relayPath, report.signal),
    ]);
    // Without a route to the internet, Chromium may have no candidates but those of TURN.
    if (!connects && !relay?.by) {
      return report.failed(
        _(
          "This browser or network blocks calls. Turn off any extension that blocks calls, or try another network.",
        ),
      );
    }
    if (relayPath && !relay) {
      return report.warning(_("Calls cannot be tested right now. Please test again later."));
    }
    if (relay && !relay.by) {
      return report.warning(
        _("Calls may fail on this network. Try another one; mobile data often works."),
      );
    }
    if (relay && relay.by !== "udp") {
      return report.warning(_("Calls work on this network, but may stutter."));
    }
    return report.passed(_("Calls work on this network."));
  };
}

/**
 * @param {RTCIceServer[]} servers
 * @param {string} relayPath
 * @param {AbortSignal} signal
 * @returns {Promise<import("./relay-path.js").RelayPath | null>} null if there is nothing to
 *   reach, or it cannot be tested now
 */
async function pathToRelay(servers, relayPath, signal) {
  const way = relayPath ? await testRelay(relayPath, servers, signal) : null;
  if (way || !servers.length) return way;
  const found = await turnProtocols(servers, signal);
  return { by: found.has("udp") ? "udp" : ([...found][0] ?? "") };
}

/**
 * @param {RTCIceServer[]} iceServers
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether the two connections opened a data channel
 */
async function loopback(iceServers, signal) {
  const [offerer, answerer] = [new RTCPeerConnection({ iceServers }), new RTCPeerConnection()];
  try {
    offerer.onicecandidate = ({ candidate }) =>
      candidate && void answerer.addIceCandidate(candidate);
    answerer.onicecandidate = ({ candidate }) =>
      candidate && void offerer.addIceCandidate(candidate);
    const channel = offerer.createDataChannel("test");
    const arrived = new Promise((resolve) => {
      answerer.ondatachannel = () => resolve(true);
      setTimeout(() => resolve(false), CONNECT_WITHIN);
      signal.addEventListener("abort", () => resolve(false));
    });
    channel.onopen = () => channel.send("test");
    await offerer.setLocalDescription();
    if (offerer.localDescription) await answerer.setRemoteDescription(offerer.localDescription);
    await answerer.setLocalDescription();
    if (answerer.localDescription) await offerer.setRemoteDescription(answerer.localDescription);
    return await /** @type {Promise<boolean>} */ (arrived);
  } finally {
    offerer.close();
    answerer.close();
  }
}

/**
 * @param {RTCIceServer[]} iceServers
 * @param {AbortSignal} signal
 * @returns {Promise<Set<string>>} the protocols by which a TURN server answered: udp, tcp, tls
 */
async function turnProtocols(iceServers, signal) {
  const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  /** @type {Set<string>} */
  const found = new Set();
  try {
    const gathered = new Promise((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate?.candidate) found.add(/** @type {any} */ (candidate).relayProtocol ?? "udp");
        if (!candidate || found.has("udp")) resolve(undefined);
      };
      setTimeout(resolve, GATHER_WITHIN);
      signal.addEventListener("abort", resolve);
    });
    connection.createDataChannel("test");
    await connection.setLocalDescription();
    await gathered;
    return found;
  } finally {
    connection.close();
  }
}
