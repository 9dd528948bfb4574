/**
 * What the pages write, for `tests/web/texts/test_dates.py`: reads catalogs, languages with zones, and moments
 * from standard input, writes the words of each.
 */

import { readFileSync } from "node:fs";

const { catalogs, places, moments, now, durations, ahead } = JSON.parse(readFileSync(0, "utf8"));
// Before the modules are there: they would take it for a clock that was set.
Date.now = () => now;
const { useCatalog } = await import("../../web/static/js/shared/catalog.js");
const { dateAndTime, inWords, timeOfDay } =
  await import("../../web/static/js/shared/time/format.js");

/** @type {Map<number, number>} */
let offsets = new Map();
Date.prototype.getTimezoneOffset = function () {
  return -Number(offsets.get(this.getTime()));
};

/** @type {Record<string, object>} */
const written = {};
for (const [language, zone] of places) {
  useCatalog(catalogs[language]);
  process.env.TZ = zone;
  offsets = new Map([now, ...moments].map((at, number) => [at, ahead[zone][number]]));
  written[`${language} ${zone}`] = {
    page: moments.map(dateAndTime),
    chat: moments.map(timeOfDay),
    durations: durations.map(inWords),
  };
}
process.stdout.write(JSON.stringify(written));
