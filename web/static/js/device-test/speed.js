/** The throughput in both directions, measured with little data: it may come off a prepaid plan. */

import { _ } from "../shared/catalog.js";
import { timeoutFor } from "../shared/timeouts.js";

/** Audio and 360p video need some 600 kbit/s, with a reserve for other traffic. */
const FOR_VIDEO = 900;
/** Audio alone needs 50 kbit/s. */
const FOR_AUDIO = 100;
const FIRST_BYTES = 128 * 1024;
const MOST_BYTES = 1024 * 1024;
/** A shorter transfer says little, and a larger one follows. */
const ENOUGH_MS = 700;
/** For TCP slow start: each round trip carries at most twice as much as the one before. */
const MEASURE_WITHIN = timeoutFor(12_000, 4);

/**
 * @param {{ download: string, upload: string }} addresses
 * @returns {import("./runner.js").Test}
 */
export function speedTest({ download, upload }) {
  return async (report) => {
    report.say(_("Measuring the speed…"));
    const down = await measure(report.signal, async (bytes, signal) => {
      const answer = await fetch(`${download}?bytes=${bytes}`, { cache: "no-store", signal });
      if (!answer.ok) throw new Error("refused");
      await answer.arrayBuffer();
    });
    const up = await measure(report.signal, async (bytes, signal) => {
      const answer = await fetch(upload, { method: "POST", body: noise(bytes), signal });
      if (!answer.ok) throw new Error("refused");
    });
    const slowest = Math.min(down, up);
    if (slowest >= FOR_VIDEO) {
      report.passed(_("Fast enough for video."));
    } else if (slowest >= FOR_AUDIO) {
      report.warning(_("Fast enough to speak. The picture may be turned off at times."));
    } else {
      report.failed(
        _("This connection is too slow for calls. Try another place or network; messages work."),
      );
    }
  };
}

/**
 * @param {AbortSignal} signal
 * @param {(bytes: number, signal: AbortSignal) => Promise<void>} transfer
 * @returns {Promise<number>} kilobits per second; 0 if nothing got through in time
 */
async function measure(signal, transfer) {
  let best = 0;
  const until = performance.now() + MEASURE_WITHIN;
  for (let bytes = FIRST_BYTES; bytes <= MOST_BYTES; bytes *= 4) {
    const started = performance.now();
    const aborting = new AbortController();
    const timer = setTimeout(() => aborting.abort(), Math.max(0, until - started));
    const abort = () => aborting.abort();
    signal.addEventListener("abort", abort);
    try {
      await transfer(bytes, aborting.signal);
    } catch {
      break;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
    const took = Math.max(1, performance.now() - started);
    best = Math.max(best, (bytes * 8) / took);
    if (took > ENOUGH_MS) break;
  }
  return best;
}

/** @param {number} bytes */
function noise(bytes) {
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  return new Blob(Array.from({ length: Math.ceil(bytes / block.length) }, () => block));
}
