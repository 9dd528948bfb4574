/**
 * Times as the reader expects them: in their language, by the clocks of their device. The words
 * come with the catalog and are the server's (`web/texts/date_words.py`): an appointment has one date and
 * one hour. Browsers are not asked for words: few know all of these languages, and some that say
 * they know one write "M12 7".
 */

import { dateWords, formOf } from "../catalog.js";
import { serverNow } from "./server-clock.js";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/**
 * How far this device's clocks are ahead of UTC.
 * @param {number} at milliseconds since 1970
 * @returns {number} milliseconds
 */
export const utcOffset = (at) => -new Date(at).getTimezoneOffset() * MINUTE;

/** IANA name. */
const zoneHere = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * @param {number} at milliseconds since 1970
 * @returns {string} the time of day, with the date unless it is today, and the year unless this
 */
export function timeOfDay(at) {
  const wall = at + utcOffset(at);
  const now = serverNow();
  const today = now + utcOffset(now);
  if (Math.floor(wall / DAY) === Math.floor(today / DAY)) return clock(wall);
  const thisYear = new Date(wall).getUTCFullYear() === new Date(today).getUTCFullYear();
  return joined(thisYear ? "without_year" : "with_year", wall);
}

/**
 * @param {number} at
 * @returns {string} weekday, date and time of day
 */
export function dateAndTime(at) {
  return joined("long", at + utcOffset(at));
}

/**
 * @param {number} duration milliseconds
 * @returns {string} in the largest fitting unit: "3 minutes"
 */
export function inWords(duration) {
  const minutes = Math.max(0, Math.floor(duration / MINUTE));
  const [value, unit] =
    minutes >= 2880
      ? [Math.floor(minutes / 1440), "day"]
      : minutes >= 120
        ? [Math.floor(minutes / 60), "hour"]
        : [minutes, "minute"];
  const forms = dateWords().units[unit] ?? [];
  return (forms[formOf(value)] ?? "%n").replace("%n", String(value));
}

/**
 * @param {"long" | "with_year" | "without_year"} pattern
 * @param {number} wall what the clocks show, as if it were UTC
 */
function joined(pattern, wall) {
  return `${day(pattern, wall)}${dateWords().comma} ${clock(wall)}`;
}

/** @param {number} wall */
function clock(wall) {
  const time = new Date(wall).toISOString().slice(11, 16);
  const period = dateWords().periods?.[Number(time.slice(0, 2))];
  return period ? `${time} ${period}` : time;
}

/**
 * @param {"long" | "with_year" | "without_year"} pattern
 * @param {number} wall
 */
function day(pattern, wall) {
  const words = dateWords();
  // Months have other names in some zones.
  const region = words.regions?.find(({ zones }) => zones.includes(zoneHere()));
  const names = { ...words, ...region };
  const date = new Date(wall);
  const month = date.getUTCMonth();
  /** @type {Record<string, () => string | number | undefined>} */
  const parts = {
    w: () => names.weekdays[date.getUTCDay()],
    d: () => date.getUTCDate(),
    m: () => names.months?.[month],
    n: () => month + 1,
    y: () => date.getUTCFullYear(),
    s: () => solarDay(wall, names),
  };
  return words[pattern].replace(/%(\w)/g, (_, part) => String(parts[part]?.()));
}

/**
 * The day of the Solar Hijri calendar: six months of 31 days, then such of 30.
 * @param {number} wall
 * @param {import("../catalog.js").DateWords} words
 */
function solarDay(wall, { nowruz, solar }) {
  /** @param {number} year */
  const newYear = (year) => Date.UTC(year, 2, 20 + Number(nowruz?.days[year - nowruz.from]));
  let year = new Date(wall).getUTCFullYear();
  if (wall < newYear(year)) year -= 1;
  const days = Math.floor((wall - newYear(year)) / DAY);
  const [month, day] =
    days < 186
      ? [Math.floor(days / 31), days % 31]
      : [6 + Math.floor((days - 186) / 30), (days - 186) % 30];
  return `${day + 1}\u00a0${solar?.[month]} ${year - 621}`.replace(/[0-9]/g, (digit) =>
    String.fromCharCode(0x6f0 + Number(digit)),
  );
}
