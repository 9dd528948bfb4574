/** Times of a page in the zone of the device, where that is to be believed. */

import { _, fill } from "./catalog.js";
import { maybe, setText, show } from "./dom.js";
import { clockIsOff, serverNow } from "./server-clock.js";
import { dateAndTime, inWords } from "./times.js";

/**
 * The zone of this device. Without a place it is none: nobody has set it, or the browser hides it;
 * Firefox does so behind the place that has UTC all year.
 * @returns {string} IANA name, or nothing
 */
export function ownZone() {
  const { timeZone = "" } = Intl.DateTimeFormat().resolvedOptions();
  const hidden =
    timeZone === "Atlantic/Reykjavik" && !navigator.languages?.some((tag) => /^is\b/.test(tag));
  return hidden || !/^(?!Etc\/)[^/]+\//.test(timeZone) ? "" : timeZone;
}

/**
 * The server wrote these in the zone it knew; this device knows better where it is, unless its
 * clock says that nobody has set it up.
 * @param {string} root selector of what holds them
 */
export function showLocalTimes(root) {
  if (!ownZone() || clockIsOff()) return;
  for (const time of document.querySelectorAll(`${root} time`)) {
    const at = Date.parse(time.getAttribute("datetime") ?? "");
    if (at) setText(time, dateAndTime(at));
  }
  for (const zone of document.querySelectorAll(`${root} .zone`)) zone.remove();
}

/** Whoever plans by a clock that is wrong is told so. The catalog must be there. */
export function warnOfClock() {
  const place = maybe("clock-off", HTMLElement);
  const off = clockIsOff();
  show(place, off > 0);
  if (!place || !off) return;
  const sentence = _("The clock of this device is wrong by %(time)s. It is now %(now)s.");
  setText(place, fill(sentence, { time: inWords(off + 59_999), now: dateAndTime(serverNow()) }));
}
