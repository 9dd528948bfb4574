/** Whether messages reach the server and come back soon: by WebSocket, and how fast by HTTP. */

import { _, fill } from "../shared/catalog.js";
import { reason } from "../signaling/diagnosis.js";
import { timeoutFor } from "../shared/timeouts.js";
import { socketAddress } from "../signaling/socket-address.js";

/** A connection of its own: TCP, TLS in two rounds, the upgrade. */
const SOCKET_ROUNDS = 4;
const SOCKET_WITHIN = 6_000;
const ANSWER_WITHIN = 15_000;
const TRIES = 5;
/** Milliseconds there and back beyond which people begin to talk at the same time (ITU-T G.114). */
const SLOW = 400;

/**
 * @param {string} address that answers at once
 * @returns {import("./runner.js").Test}
 */
export function signalingTest(address) {
  return async (report) => {
    report.say(_("Asking the server…"));
    const times = [];
    for (let index = 0; index < TRIES && !report.signal.aborted; index += 1) {
      const started = performance.now();
      const answer = await fetch(address, {
        cache: "no-store",
        signal: AbortSignal.timeout(ANSWER_WITHIN),
      }).catch(() => null);
      if (answer?.ok) times.push(performance.now() - started);
    }
    if (!times.length) {
      return report.failed(_("The server does not answer. Check the connection of this device."));
    }
    const median = Math.round(times.sort((one, other) => one - other)[times.length >> 1] ?? 0);
    if (!(await socketOpens(timeoutFor(SOCKET_WITHIN, SOCKET_ROUNDS, median), report.signal))) {
      const why = await reason();
      return report.failed(
        why?.text ??
          _(
            "This network blocks live connections (WebSocket). Try another network, such as mobile data.",
          ),
      );
    }
    if (median > SLOW || times.length < TRIES) {
      return report.warning(
        fill(_("The server answers slowly (%(time)s ms). Move closer to the Wi-Fi."), {
          time: median,
        }),
      );
    }
    return report.passed(fill(_("The server answers within %(time)s ms."), { time: median }));
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
