/** Clock times in zones: which moment a date and a time are, and how a moment reads elsewhere. */

import { fullMoment } from "./times.js";

const DAY = 24 * 3600_000;

/**
 * How far the clocks of a zone are ahead of UTC.
 * @param {number} at milliseconds since 1970
 * @param {string} zone IANA name
 * @returns {number} milliseconds
 */
function ahead(at, zone) {
  const parts = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  /** @param {string} type */
  const part = (type) => Number(parts.find((one) => one.type === type)?.value);
  const wall = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return wall - Math.floor(at / 1000) * 1000;
}

/**
 * The moments at which the clocks of `zone` show this: none if daylight saving skips it, two
 * (the earlier first) if they go back and show it again.
 * @param {string} date 2026-12-07
 * @param {string} time 14:30
 * @param {string} zone IANA name
 * @returns {number[]} milliseconds since 1970
 */
export function moments(date, time, zone) {
  const wall = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(wall)) return [];
  try {
    const offsets = new Set([wall - DAY, wall + DAY].map((at) => ahead(at, zone)));
    return [...offsets]
      .map((offset) => wall - offset)
      .filter((at) => at + ahead(at, zone) === wall)
      .sort((one, other) => one - other);
  } catch {
    // A zone that this browser does not know.
    return [];
  }
}

/**
 * @param {number} at
 * @param {string} zone
 * @returns {string} weekday, date and time of day there
 */
export function clockIn(at, zone) {
  try {
    return fullMoment(at + ahead(at, zone), zone);
  } catch {
    // A zone that this browser does not know.
    return `${fullMoment(at, "UTC")} UTC`;
  }
}

/**
 * All zones this browser knows, by place.
 * @returns {string[]}
 */
export function knownZones() {
  // Missing in older browsers: the zones of the page then have to do.
  return /** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [];
}
