/** Local times of zones by this browser's own rules. The server's rules are the ones that count. */

/**
 * The local time of a zone.
 * @param {number} at milliseconds since 1970
 * @param {string} zone IANA name
 * @returns {string} 2026-12-07 14:30; empty for a zone that this browser does not know
 */
export function clockIn(at, zone) {
  try {
    const parts = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    }).formatToParts(at);
    /** @param {string} type */
    const part = (type) => parts.find((each) => each.type === type)?.value;
    return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}`;
  } catch {
    return "";
  }
}

/**
 * Where this browser's rules differ from the server's.
 * @param {number} at
 * @param {Record<string, string>} readings zone -> 2026-12-07 14:30
 * @returns {{ zone: string, time: string } | null} the first such zone; the date only if it differs
 */
export function otherReading(at, readings) {
  for (const [zone, reading] of Object.entries(readings)) {
    const own = clockIn(at, zone);
    if (!own || own === reading) continue;
    const [date = "", time = ""] = own.split(" ");
    return { zone, time: reading.startsWith(date) ? time : own };
  }
  return null;
}

const QUARTER = 900_000;

/**
 * The next full half hour by the clock of a zone. Offsets are multiples of a quarter of an hour.
 * @param {number} now milliseconds since 1970
 * @param {string} zone
 * @returns {string} 2026-12-07 14:30; empty for a zone that this browser does not know
 */
export function nextHalfHour(now, zone) {
  for (let at = Math.floor(now / QUARTER) * QUARTER + QUARTER; ; at += QUARTER) {
    const reading = clockIn(at, zone);
    if (!reading || /[03]0$/.test(reading)) return reading;
  }
}
