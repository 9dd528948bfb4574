/**
 * Whether sound and picture find a way out of this network: two connections within the page meet
 * each other, and the server's relay, where there is one, is reached by UDP or at least by TCP. A
 * server without a relay may have a TURN server, which has to answer then.
 */

import { _, fill } from "../shared/catalog.js";
import { timeoutFor } from "../shared/timeouts.js";
import { tryRelay } from "./relay-path.js";

const CONNECT_WITHIN = 10_000;
/** By TLS over TCP, and asked twice: the first time a TURN server only says how to ask. */
const GATHER_WITHIN = timeoutFor(8_000, 5);

/**
 * @param {RTCIceServer[]} servers
 * @param {string} relayPath where the relay makes an offer; empty if there is no relay
 * @returns {import("./runner.js").Test}
 */
export function mediaPathTest(servers, relayPath) {
  return async (report) => {
    report.say(_("Looking for a way for sound and picture…"));
    const [meets, relay] = await Promise.all([
      loopback(servers, report.signal),
      wayToRelay(servers, relayPath, report.signal),
    ]);
    if (!meets) {
      return report.failed(
        _(
          "This browser or network blocks calls. Switch off a blocker of WebRTC, or try another network.",
        ),
      );
    }
    if (relayPath && !relay) {
      return report.warning(
        _("The path for sound and picture cannot be tested now. Please test again later."),
      );
    }
    if (relay && !relay.by) {
      return report.warning(
        _(
          "The relay cannot be reached from this network. Calls may fail; mobile data often works.",
        ),
      );
    }
    if (relay && relay.by !== "udp") {
      return report.warning(
        _("This network only lets calls through by TCP. They work, but may stutter."),
      );
    }
    return report.passed(
      relay?.time
        ? fill(_("Sound and picture find their way: to the server and back in %(time)s ms."), {
            time: relay.time,
          })
        : _("Sound and picture find their way."),
    );
  };
}

/**
 * @param {RTCIceServer[]} servers
 * @param {string} relayPath
 * @param {AbortSignal} signal
 * @returns {Promise<import("./relay-path.js").Way | null>} null if there is nothing to be reached,
 *   or it cannot be tried now
 */
async function wayToRelay(servers, relayPath, signal) {
  const way = relayPath ? await tryRelay(relayPath, servers, signal) : null;
  if (way || !servers.length) return way;
  const found = await reachable(servers, signal);
  return { by: found.has("udp") ? "udp" : ([...found][0] ?? "") };
}

/**
 * @param {RTCIceServer[]} iceServers
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether data went from one connection to the other
 */
async function loopback(iceServers, signal) {
  const [one, other] = [new RTCPeerConnection({ iceServers }), new RTCPeerConnection()];
  try {
    one.onicecandidate = ({ candidate }) => candidate && void other.addIceCandidate(candidate);
    other.onicecandidate = ({ candidate }) => candidate && void one.addIceCandidate(candidate);
    const channel = one.createDataChannel("test");
    const arrived = new Promise((resolve) => {
      other.ondatachannel = () => resolve(true);
      setTimeout(() => resolve(false), CONNECT_WITHIN);
      signal.addEventListener("abort", () => resolve(false));
    });
    channel.onopen = () => channel.send("test");
    await one.setLocalDescription();
    if (one.localDescription) await other.setRemoteDescription(one.localDescription);
    await other.setLocalDescription();
    if (other.localDescription) await one.setRemoteDescription(other.localDescription);
    return await /** @type {Promise<boolean>} */ (arrived);
  } finally {
    one.close();
    other.close();
  }
}

/**
 * @param {RTCIceServer[]} iceServers
 * @param {AbortSignal} signal
 * @returns {Promise<Set<string>>} the protocols by which a TURN server answered: udp, tcp, tls
 */
async function reachable(iceServers, signal) {
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
