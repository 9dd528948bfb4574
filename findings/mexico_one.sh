#!/usr/bin/env bash
# phonenumbers 9.0.43 (libphonenumber) reports TOO_LONG for a Mexican mobile number with the 1 that
# followed +52 until 2019, and strips neither that 1 nor the domestic 044 and 045, while it turns the
# equally old Argentine 15 into a 9. Address books are full of +52 1. Benin's 8-digit numbers (until
# November 2024) are TOO_SHORT; those of Cameroon (until 2014) and the eleven digits of Vietnam (until
# 2018) are possible but not valid: three different results for the same kind of change.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --quiet install phonenumbers==9.0.43
"$folder/env/bin/python" - <<'PYTHON'
import phonenumbers as pn

REASONS = {value: name for name, value in vars(pn.ValidationResult).items() if name.isupper()}
expected = {
    ("+52 1 55 1234 5678", None): ("+5215512345678", "TOO_LONG", False),
    ("044 55 1234 5678", "MX"): ("+520445512345678", "TOO_LONG", False),
    ("+52 55 1234 5678", None): ("+525512345678", "IS_POSSIBLE", True),
    ("011 15 2345 6789", "AR"): ("+5491123456789", "IS_POSSIBLE", True),
    ("+229 97 12 34 56", None): ("+22997123456", "TOO_SHORT", False),
    ("+237 77 12 34 56", None): ("+23777123456", "IS_POSSIBLE", False),
    ("+84 120 123 4567", None): ("+841201234567", "IS_POSSIBLE", False),
}
for (typed, region), answer in expected.items():
    number = pn.parse(typed, region)
    reason = REASONS[pn.is_possible_number_with_reason(number)]
    seen = (pn.format_number(number, pn.PhoneNumberFormat.E164), reason, pn.is_valid_number(number))
    print(f"phonenumbers {pn.__version__} {typed!r}: {seen}")
    assert seen == answer
PYTHON
