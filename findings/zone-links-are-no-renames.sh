#!/usr/bin/env bash
# To show a time zone under its current name, one might follow the links ("backward") in IANA's
# tzdata.zi: Europe/Kiev -> Europe/Kyiv, Asia/Calcutta -> Asia/Kolkata. But since 2022b links also merge
# zones that have had the same clock since 1970, and the comment that names the true successor
# ("#= Africa/Asmara") is not in tzdata.zi (PyPI's tzdata 2026.6, 2026f): Eritrea, Mali and Iceland
# become Kenya and Ivory Coast, and Europe/Oslo, which is no old name at all, becomes Europe/Berlin.
#
# CLDR's aliases (Babel 2.19.0, `get_global("zone_aliases")`) lead to the right place, and zone.tab says
# which names are in use; both are needed, because CLDR knows no name newer than itself.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip install --quiet tzdata==2026.6 babel==2.19.0
venv/bin/python - <<'PYTHON'
from importlib.resources import files

from babel.core import get_global

folder = files("tzdata") / "zoneinfo"
lines = (folder / "tzdata.zi").read_text().splitlines()
links = {line.split()[2]: line.split()[1] for line in lines if line.startswith("L ")}
used = {
    line.split("\t")[2]
    for line in (folder / "zone.tab").read_text().splitlines()
    if not line.startswith("#")
}
aliases = get_global("zone_aliases")
seen = {
    # name: (by tzdata.zi, by CLDR, in zone.tab)
    "Europe/Kiev": ("Europe/Kyiv", "Europe/Kyiv", False),
    "Africa/Asmera": ("Africa/Nairobi", "Africa/Asmara", False),
    "Africa/Timbuktu": ("Africa/Abidjan", "Africa/Bamako", False),
    "Iceland": ("Africa/Abidjan", "Atlantic/Reykjavik", False),
    "Europe/Oslo": ("Europe/Berlin", None, True),
}
print(lines[0])
for name, expected in seen.items():
    found = (links.get(name), aliases.get(name), name in used)
    print(f"{name}: tzdata.zi {found[0]}, CLDR {found[1]}, in use: {found[2]}")
    assert found == expected, expected
old = {name for name in links if name not in used and not name.startswith("Etc/")}
wrong = {name for name in old if name in aliases and aliases[name] in used
         and aliases[name] != links[name]}
print(f"{len(wrong)} old names lead to a place elsewhere: {sorted(wrong)}")
assert len(wrong) == 10
PYTHON
