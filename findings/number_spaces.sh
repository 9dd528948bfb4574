#!/usr/bin/env bash
# phonenumbers 9.0.43 (libphonenumber) accepts U+00A0 and U+3000 between the digits of a number as
# spaces, but rejects a number with any of the spaces that typography puts there: U+202F and U+2009
# (French groups of two), U+2007 (columns), U+2002 to U+200A, U+205F, and a middle dot. The matcher for
# free text finds no number there either. The library's own output never contains these characters;
# well-typeset web pages and PDFs do, and a person sees no difference.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --quiet install phonenumbers==9.0.43
"$folder/env/bin/python" - <<'PYTHON'
import phonenumbers as pn


def parsed(space: str) -> str:
    try:
        number = pn.parse(space.join(("+33", "6", "12", "34", "56", "78")))
    except pn.NumberParseException as error:
        return str(error)
    return pn.format_number(number, pn.PhoneNumberFormat.E164)


def found(space: str) -> list[str]:
    text = "Tel. " + space.join(("+33", "6", "12", "34", "56", "78"))
    return [pn.format_number(m.number, 0) for m in pn.PhoneNumberMatcher(text, None)]


refused = "(1) The string supplied did not seem to be a phone number."
for code in (0xA0, 0x3000, 0x202F, 0x2009, 0x2007, 0x2002, 0x200A, 0x205F, 0xB7):
    answers = f"parse {parsed(chr(code))}, finder {found(chr(code))}"
    print(f"phonenumbers {pn.__version__} U+{code:04X}: {answers}")
assert {parsed(chr(code)) for code in (0xA0, 0x3000)} == {"+33612345678"}
typographic = (0x202F, 0x2009, 0x2007, 0x2002, 0x200A, 0x205F, 0xB7)
assert {parsed(chr(code)) for code in typographic} == {refused}
assert not any(found(chr(code)) for code in typographic)
PYTHON
