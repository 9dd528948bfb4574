import assert from "node:assert/strict";
import { test } from "node:test";
import { matching } from "../../web/static/js/forms/zone-list.js";
import { clockIn, nextHalfHour, otherReading } from "../../web/static/js/shared/time/zones.js";

const WINTER = Date.UTC(2027, 0, 11, 13, 30);

test("a moment is shown in the local time of each zone", () => {
  assert.equal(clockIn(WINTER, "Europe/Zurich"), "2027-01-11 14:30");
  assert.equal(clockIn(WINTER, "Asia/Kathmandu"), "2027-01-11 19:15");
  assert.equal(clockIn(Date.UTC(2027, 0, 11, 23), "Europe/Zurich"), "2027-01-12 00:00");
  assert.equal(clockIn(WINTER, "Asia/Atlantis"), "");
});

test("a reading differs only where the server's rules give another time", () => {
  const zurich = { "Europe/Zurich": "2027-01-11 14:30" };
  assert.equal(otherReading(WINTER, { ...zurich, "Asia/Atlantis": "2027-01-11 11:00" }), null);
  assert.deepEqual(otherReading(WINTER, { ...zurich, "America/New_York": "2027-01-11 09:30" }), {
    zone: "America/New_York",
    time: "08:30",
  });
  // the date is included if it differs
  assert.deepEqual(otherReading(WINTER, { "Pacific/Apia": "2027-01-11 23:30" }), {
    zone: "Pacific/Apia",
    time: "2027-01-12 02:30",
  });
});

test("the next half hour is full by the clock of the zone", () => {
  const at = Date.parse("2026-12-07T14:37:12Z");
  assert.equal(nextHalfHour(at, "UTC"), "2026-12-07 15:00");
  assert.equal(nextHalfHour(Date.parse("2026-12-07T14:30:00Z"), "UTC"), "2026-12-07 15:00");
  assert.equal(nextHalfHour(at, "Asia/Kathmandu"), "2026-12-07 20:30");
  assert.equal(
    nextHalfHour(Date.parse("2027-03-28T00:40:00Z"), "Europe/Zurich"),
    "2027-03-28 03:00",
  );
  assert.equal(nextHalfHour(at, "Mars/Olympus"), "");
});

test("a place is found by any of its names, best match first", () => {
  /** @type {import("../../web/static/js/forms/zone-list.js").Place[]} */
  const places = [
    ["Asia/Bishkek", "Bishkek · Kyrgyzstan", "Bishkek Kyrgyzstan"],
    ["Europe/Kyiv", "Kyiv · Ukraine", "Kyiv Ukraine Kiev"],
    ["Europe/Zurich", "Zürich · Schweiz", "Zurich Switzerland"],
  ];
  const found = (/** @type {string} */ typed) => matching(places, typed).map(([zone]) => zone);
  assert.deepEqual(found("ky"), ["Europe/Kyiv", "Asia/Bishkek"]);
  assert.deepEqual(found("KIEV"), ["Europe/Kyiv"]);
  assert.deepEqual(found("zuri"), ["Europe/Zurich"]);
  assert.deepEqual(found("zürich"), ["Europe/Zurich"]);
  assert.deepEqual(found("atlantis"), []);
});
