/** How much goes through per second in both directions, with little data: it may be a prepaid bundle. */

import { _, decimalSign, fill } from "../shared/catalog.js";
import { timeoutFor } from "../shared/timeouts.js";

/** Sound and a picture of 360p need some 600 kbit/s, with a reserve for what else is going on. */
const FOR_PICTURE = 900;
/** Sound alone needs 50 kbit/s. */
const FOR_SOUND = 100;
const FIRST_BYTES = 128 * 1024;
const MOST_BYTES = 1024 * 1024;
/** A transfer that was over sooner says little: the next one is larger. */
const ENOUGH_MS = 700;
/** The first transfer begins slowly: each round trip brings at most twice as much as the one before. */
const PATIENCE = timeoutFor(12_000, 4);

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
    const figures = { down: megabits(down), up: megabits(up) };
    if (slowest >= FOR_PICTURE) {
      report.passed(fill(_("Fast enough: %(down)s down, %(up)s up (Mbit/s)."), figures));
    } else if (slowest >= FOR_SOUND) {
      report.warning(
        fill(
          _("Enough to speak; the picture may be switched off: %(down)s down, %(up)s up (Mbit/s)."),
          figures,
        ),
      );
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
  const until = performance.now() + PATIENCE;
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

/** @param {number} kilobits */
function megabits(kilobits) {
  return String(Math.round(kilobits / 100) / 10).replace(".", decimalSign());
}
