/** Whether signaling works: by WebSocket, and how fast the server answers by HTTP. */

import { _ } from "../shared/catalog.js";
import { diagnose } from "../signaling/diagnosis.js";
import { timeoutFor } from "../shared/timeouts.js";
import { socketAddress } from "../signaling/socket-address.js";

/** A new connection: TCP, two round trips for TLS, the upgrade. */
const SOCKET_ROUNDS = 4;
const SOCKET_WITHIN = 6_000;
const ANSWER_WITHIN = 15_000;
const TRIES = 5;
/** Round-trip milliseconds beyond which people start to talk over each other (ITU-T G.114). */
const SLOW = 400;

/**
 * @param {string} address that answers at once
 * @returns {import("./runner.js").Test}
 */
export function signalingTest(address) {
  return async (report) => {
    report.say(_("Checking the connection…"));
    const times = [];
    for (let index = 0; index < TRIES && !report.signal.aborted; index += 1) {
      const started = performance.now();
      // AbortSignal.timeout is not in Chrome before 103
      const giving = new AbortController();
      const timer = setTimeout(() => giving.abort(), ANSWER_WITHIN);
      const { signal } = giving;
      const answer = await fetch(address, { cache: "no-store", signal }).catch(() => null);
      clearTimeout(timer);
      if (answer?.ok) times.push(performance.now() - started);
    }
    if (!times.length) {
      return report.failed(
        _("There is no connection. Check whether this device is connected to the internet."),
      );
    }
    const median = Math.round(times.sort((one, other) => one - other)[times.length >> 1] ?? 0);
    if (!(await socketOpens(timeoutFor(SOCKET_WITHIN, SOCKET_ROUNDS, median), report.signal))) {
      const why = await diagnose();
      return report.failed(
        why?.text ??
          _("This network blocks live connections. Try another network, such as mobile data."),
      );
    }
    if (median > SLOW || times.length < TRIES) {
      return report.warning(
        _("The connection is slow. Move closer to the Wi-Fi router, or try another network."),
      );
    }
    return report.passed(_("The connection is fast."));
  };
}

/**
 * @param {number} within milliseconds
 * @param {AbortSignal} signal
 */
function socketOpens(within, signal) {
  return new Promise((resolve) => {
    const socket = new WebSocket(socketAddress());
    /** @param {boolean} opened */
    const end = (opened) => {
      resolve(opened);
      socket.close();
    };
    const timer = setTimeout(() => end(false), within);
    socket.onopen = () => end(true);
    socket.onerror = () => end(false);
    socket.onclose = () => clearTimeout(timer);
    signal.addEventListener("abort", () => end(false));
  });
}
