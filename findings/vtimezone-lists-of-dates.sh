#!/usr/bin/env bash
# icalendar 7.3.2 `add_missing_timezones()`, unless given years, writes a VTIMEZONE from 1970 to 2038 in
# which each offset has one DTSTART and a list of RDATEs. That is valid (RFC 5545, 3.6.5), and
# icalendar itself, libical and khal read it correctly. ical.js 2.2.1 (the parser of Thunderbird and
# Nextcloud) and vobject 0.9.9 are an hour off for a third of the zones and dates tried: in Zurich in
# July, but not in London.
#
# Seen (start of an event at 14:30 local time):
#   Europe/Zurich 2027-07-05  icalendar 12:30Z  vobject 13:30Z  ical.js 13:30Z
# Way out: write DTSTART and DTEND in UTC, without a VTIMEZONE. That is also the only way to express
# which of the two repeated hours is meant.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip install --quiet icalendar==7.3.2 vobject==0.9.9 tzdata==2026.6 python-dateutil==4.0.0
npm install --silent --no-audit --no-fund ical.js@2.2.1 >/dev/null
cat >write.py <<'PYTHON'
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import vobject
from icalendar import Calendar, Event

day, zone = sys.argv[1:]
start = datetime.fromisoformat(f"{day}T14:30").replace(tzinfo=ZoneInfo(zone))
event, calendar = Event(), Calendar()
event.add("uid", "1@example.org")
event.add("dtstamp", datetime(2026, 11, 28, tzinfo=UTC))
event.add("dtstart", start)
calendar.add("version", "2.0")
calendar.add("prodid", "-//example//")
calendar.add_component(event)
calendar.add_missing_timezones()
octets = calendar.to_ical()
open("event.ics", "wb").write(octets)
[read] = Calendar.from_ical(octets).events
for moment in (read.start, vobject.readOne(octets.decode()).vevent.dtstart.value):
    print(f"{moment.astimezone(UTC):%H:%MZ}")
PYTHON
cat >read.mjs <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
const calendar = new ICAL.Component(ICAL.parse(readFileSync("event.ics", "utf-8")));
const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
console.log(`${event.startDate.toJSDate().toISOString().slice(11, 16)}Z`);
JAVASCRIPT
status=0
expect() {
  local said
  said="$(venv/bin/python write.py "$1" "$2" | tr '\n' ' ')$(node read.mjs)"
  echo "$2 $1: icalendar, vobject, ical.js say $said"
  [ "$said" = "$3" ] || { echo "  expected $3"; status=1; }
}
expect 2027-07-05 Europe/Zurich "12:30Z 13:30Z 13:30Z"
expect 2027-07-05 Europe/London "13:30Z 13:30Z 13:30Z"
exit "$status"
