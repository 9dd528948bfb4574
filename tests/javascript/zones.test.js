import assert from "node:assert/strict";
import { test } from "node:test";
import { clockIn, otherReading } from "../../web/static/js/shared/time/zones.js";

const WINTER = Date.UTC(2027, 0, 11, 13, 30);

test("a moment reads as the clocks of each zone show it", () => {
  assert.equal(clockIn(WINTER, "Europe/Zurich"), "2027-01-11 14:30");
  assert.equal(clockIn(WINTER, "Asia/Kathmandu"), "2027-01-11 19:15");
  assert.equal(clockIn(Date.UTC(2027, 0, 11, 23), "Europe/Zurich"), "2027-01-12 00:00");
  assert.equal(clockIn(WINTER, "Asia/Atlantis"), "");
});

test("only where the server's rules say another time is there one to tell", () => {
  const zurich = { "Europe/Zurich": "2027-01-11 14:30" };
  assert.equal(otherReading(WINTER, { ...zurich, "Asia/Atlantis": "2027-01-11 11:00" }), null);
  assert.deepEqual(otherReading(WINTER, { ...zurich, "America/New_York": "2027-01-11 09:30" }), {
    zone: "America/New York",
    time: "08:30",
  });
  // an hour that makes it another day is told with it
  assert.deepEqual(otherReading(WINTER, { "Pacific/Apia": "2027-01-11 23:30" }), {
    zone: "Pacific/Apia",
    time: "2027-01-12 02:30",
  });
});
