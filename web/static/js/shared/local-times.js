/** Times of a page by the clocks of the device. */

import { setText } from "./dom.js";
import { aheadHere, dateAndTime } from "./times.js";

const MINUTE = 60_000;

/**
 * The server wrote these in the zone it knew; this device knows better where it is. What it wrote
 * stays where the clocks of both show the same. The catalog must be there.
 * @param {string} root selector of what holds them
 */
export function showLocalTimes(root) {
  for (const time of document.querySelectorAll(`${root} time`)) {
    const written = time.getAttribute("datetime") ?? "";
    const at = Date.parse(written);
    const ahead = aheadHere(at);
    if (!at || at + ahead === Date.parse(`${written.slice(0, 19)}Z`)) continue;
    setText(time, dateAndTime(at));
    const zone = time.parentElement?.querySelector(".zone");
    if (zone) setText(zone, `(${offset(ahead / MINUTE)})`);
  }
}

/**
 * @param {number} ahead minutes
 * @returns {string} UTC+3:00
 */
function offset(ahead) {
  const minutes = Math.abs(ahead);
  const sign = ahead < 0 ? "-" : "+";
  const clock = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  return minutes ? `UTC${sign}${clock}` : "UTC";
}
