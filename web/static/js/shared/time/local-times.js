/** Times of a page by the clocks of the device, where those are to be believed. */

import { _, fill } from "../catalog.js";
import { maybe, setText, show } from "../dom.js";
import { clockError, serverNow } from "./server-clock.js";
import { utcOffset, dateAndTime, inWords } from "./format.js";

const MINUTE = 60_000;

/**
 * The zone of this device. Without a place it is none: nobody has set it, or the browser hides it;
 * Firefox does so behind the place that has UTC all year.
 * @returns {string} IANA name, or nothing
 */
export function deviceZone() {
  const { timeZone = "" } = Intl.DateTimeFormat().resolvedOptions();
  const hidden =
    timeZone === "Atlantic/Reykjavik" && !navigator.languages?.some((tag) => /^is\b/.test(tag));
  return hidden || !/^(?!Etc\/)[^/]+\//.test(timeZone) ? "" : timeZone;
}

/**
 * The server wrote these in the zone it knew; this device knows better where it is, unless its
 * clock says that nobody has set it up. What the server wrote stays where it is of the same zone, for
 * the server's rules count, and where the clocks of both show the same. The catalog must be there.
 * @param {string} root selector of what holds them
 */
export function showLocalTimes(root) {
  const zone = deviceZone();
  if (!zone || zone === document.body.dataset.zone || clockError()) return;
  for (const time of document.querySelectorAll(`${root} time`)) {
    const written = time.getAttribute("datetime") ?? "";
    const at = Date.parse(written);
    const ahead = utcOffset(at);
    if (!at || at + ahead === Date.parse(`${written.slice(0, 19)}Z`)) continue;
    setText(time, dateAndTime(at));
    const name = time.parentElement?.querySelector(".zone");
    if (name) setText(name, `(${offset(ahead / MINUTE)})`);
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

/** Whoever plans by a clock that is wrong is told so. The catalog must be there. */
export function warnOfClock() {
  const place = maybe("clock-off", HTMLElement);
  const off = clockError();
  show(place, off > 0);
  if (!place || !off) return;
  const sentence = _("The clock of this device is wrong by %(time)s. It is now %(now)s.");
  setText(place, fill(sentence, { time: inWords(off + 59_999), now: dateAndTime(serverNow()) }));
}
