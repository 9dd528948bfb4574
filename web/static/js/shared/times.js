/** Times as the reader expects them: their language, the zone of their device. */

/**
 * The page's language, always with the Gregorian calendar and 24 hours: an appointment has one
 * date and time, the same as in the notices.
 */
export function locale() {
  return `${document.documentElement.lang || "en"}-u-ca-gregory-hc-h23`;
}

/**
 * @param {number} at milliseconds since 1970
 * @returns {string} the time of day, with the date unless it is today
 */
export function timeOfDay(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale(), {
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
  return new Intl.DateTimeFormat(locale(), {
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
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(
    value,
  );
}
