/** The times on a page by the clock of the device, where that can be trusted. */

import { _, fill } from "../catalog.js";
import { maybe, setText, show } from "../dom.js";
import { clockError, serverNow } from "./server-clock.js";
import { utcOffset, dateAndTime, inWords } from "./format.js";

const MINUTE = 60_000;

/**
 * The zone of this device. A zone without a place is none: it was never set, or the browser hides
 * it; Firefox does so by reporting the place that has UTC all year.
 * @returns {string} IANA name, or empty
 */
export function deviceZone() {
  const { timeZone = "" } = Intl.DateTimeFormat().resolvedOptions();
  const hidden =
    timeZone === "Atlantic/Reykjavik" && !navigator.languages?.some((tag) => /^is\b/.test(tag));
  return hidden || !/^(?!Etc\/)[^/]+\//.test(timeZone) ? "" : timeZone;
}

/**
 * Rewrite times by the zone of this device, unless its clock is wrong. The server's own text stays
 * where the zone is the same, since the server's rules count, and where both clocks agree. The catalog
 * must be loaded.
 * @param {string} root selector of the parts with times
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
export function offset(ahead) {
  const minutes = Math.abs(ahead);
  const sign = ahead < 0 ? "-" : "+";
  const clock = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  return minutes ? `UTC${sign}${clock}` : "UTC";
}

/** Warn of a wrong clock. The catalog must be loaded. */
export function warnOfClock() {
  const place = maybe("clock-off", HTMLElement);
  const off = clockError();
  show(place, off > 0);
  if (!place || !off) return;
  const sentence = _("The clock of this device is wrong by %(time)s. It is now %(now)s.");
  setText(place, fill(sentence, { time: inWords(off + 59_999), now: dateAndTime(serverNow()) }));
}
