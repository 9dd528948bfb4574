/**
 * Times as the reader expects them: their language, the zone of their device. Calendar, digits and
 * clock are the same in every language, and the same as the server writes (`web/moments.py`): an
 * appointment has one date and one hour.
 */

import { serverNow } from "./server-clock.js";

const HABITS = "u-ca-gregory-hc-h23-nu-latn";

/**
 * The page's language; where this browser has no words for it, the browser's own, then English.
 * @returns {string[]}
 */
export function locales() {
  const page = document.documentElement.lang || "en";
  const own = navigator.language.split("-u-")[0];
  return [page === "en" ? "en-150" : page, own, "en-150"].map((tag) => `${tag}-${HABITS}`);
}

/**
 * @param {number} at milliseconds since 1970
 * @returns {string} the time of day, with the date unless it is today
 */
export function timeOfDay(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date(serverNow()).toDateString();
  return new Intl.DateTimeFormat(locales(), {
    hour: "2-digit",
    minute: "2-digit",
    ...(today ? {} : { day: "numeric", month: "short" }),
  }).format(date);
}

/**
 * @param {number} at
 * @returns {string} weekday, date, time and zone
 */
export function dateAndTime(at) {
  return new Intl.DateTimeFormat(locales(), {
    weekday: "short",
    day: "numeric",
    month: "long",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(at);
}

/**
 * @param {number} duration milliseconds
 * @returns {string} in the largest fitting unit: "3 minutes"
 */
export function inWords(duration) {
  const minutes = Math.max(0, Math.floor(duration / 60_000));
  const [value, unit] =
    minutes >= 2880
      ? [Math.floor(minutes / 1440), "day"]
      : minutes >= 120
        ? [Math.floor(minutes / 60), "hour"]
        : [minutes, "minute"];
  return new Intl.NumberFormat(locales(), { style: "unit", unit, unitDisplay: "long" }).format(
    value,
  );
}
