/**
 * What the pages write, for `tests/test_dates.py`: reads languages with their catalogs, zones and
 * moments from standard input, writes the words of each.
 */

import { readFileSync } from "node:fs";
import { useCatalog } from "../../web/static/js/shared/catalog.js";
import { dateAndTime, fullMoment, inWords, timeOfDay } from "../../web/static/js/shared/times.js";
import { clockIn } from "../../web/static/js/shared/zones.js";

/** Asking for a zone takes long: one moment of so many has to do. */
const EACH = 30;

const { languages, zones, moments, now, durations } = JSON.parse(readFileSync(0, "utf8"));
Date.now = () => now;

/**
 * @param {number} at
 * @param {string} zone
 */
function inFull(at, zone) {
  return fullMoment(at - new Date(at).getTimezoneOffset() * 60_000, zone);
}

/**
 * @param {string} zone
 * @returns {Record<string, string[]>}
 */
function inZone(zone) {
  process.env.TZ = zone;
  const some = moments.filter((/** @type {number} */ _, /** @type {number} */ i) => i % EACH === 0);
  return {
    page: moments.map((/** @type {number} */ at) => inFull(at, zone)),
    here: some.map(dateAndTime),
    form: some.map((/** @type {number} */ at) => clockIn(at, zone)),
    chat: some.map(timeOfDay),
  };
}

/** @type {Record<string, object>} */
const written = {};
for (const [language, catalog] of Object.entries(languages)) {
  useCatalog(/** @type {any} */ (catalog));
  written[language] = {
    zones: Object.fromEntries(zones.map((/** @type {string} */ zone) => [zone, inZone(zone)])),
    durations: durations.map(inWords),
  };
}
process.stdout.write(JSON.stringify(written));
