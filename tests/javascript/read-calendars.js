/**
 * `node read-calendars.js FOLDER` reads each calendar of a folder with all JavaScript readers, and
 * prints what `tests/read_calendars.py` prints for its own.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ICAL from "ical.js";
import ical from "node-ical";

/** @param {string} text */
function byIcalJs(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const component = calendar.getFirstSubcomponent("vevent");
  if (!component) throw new Error("no event");
  const event = new ICAL.Event(component);
  for (const time of [event.startDate, event.endDate]) {
    if (time.zone === ICAL.Timezone.localTimezone) throw new Error("floats");
  }
  return {
    uid: event.uid,
    start: event.startDate.toJSDate(),
    end: event.endDate.toJSDate(),
    sequence: event.sequence,
    status: component.getFirstPropertyValue("status"),
    method: calendar.getFirstPropertyValue("method"),
    description: event.description,
  };
}

/** @param {string} text */
function byNodeIcal(text) {
  const found = Object.values(ical.sync.parseICS(text));
  /** @type {any} */
  const event = found.find((one) => one?.type === "VEVENT");
  return {
    uid: event.uid,
    start: event.start,
    end: event.end,
    sequence: Number(event.sequence),
    status: event.status,
    method: event.method,
    description: event.description,
  };
}

const [, , folder = "."] = process.argv;
/** @type {Record<string, Record<string, unknown>>} */
const told = { "ical.js": {}, "node-ical": {} };
for (const file of readdirSync(folder)) {
  const text = readFileSync(join(folder, file), "utf-8");
  for (const [name, read] of Object.entries({ "ical.js": byIcalJs, "node-ical": byNodeIcal })) {
    try {
      /** @type {any} */ (told[name])[file] = read(text);
    } catch (error) {
      /** @type {any} */ (told[name])[file] = { error: String(error) };
    }
  }
}
process.stdout.write(JSON.stringify(told));
