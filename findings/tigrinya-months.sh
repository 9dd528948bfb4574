#!/usr/bin/env bash
# CLDR (46.1.0) names the Gregorian months in Tigrinya after Ethiopian ones that begin nine or ten days
# later: 7 December and 16 December are both "7 ታሕሳስ", and only the year tells which calendar is meant
# (2026 or 2019). A short date, without a year, can be read as another day. Amharic has different names
# for Gregorian months, and is safe.
#
# Way out: write the month as a number in Tigrinya.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
npm install --silent --no-audit --no-fund cldr-dates-full@46.1.0 cldr-cal-ethiopic-full@46.1.0
node - <<'NODE'
const read = (file, language, calendar) =>
  require(`${file}/main/${language}/ca-${calendar}.json`).main[language].dates.calendars[calendar]
    .months.format.wide;
let wrong = 0;
for (const [language, expected] of [["ti", 11], ["am", 0]]) {
  const gregorian = Object.values(read("cldr-dates-full", language, "gregorian"));
  const ethiopian = Object.values(read("cldr-cal-ethiopic-full", language, "ethiopic"));
  // Meskerem, the first Ethiopian month, begins in September
  const same = gregorian.filter((name, month) => ethiopian[(month + 4) % 12] === name).length;
  const [december, tahsas] = [gregorian[11], ethiopian[3]];
  console.log(`${language}: ${same} of 12; December ${december}, from 10 December ${tahsas}`);
  if (same !== expected) wrong = 1;
}
process.exit(wrong);
NODE
