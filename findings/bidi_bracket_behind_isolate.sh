#!/usr/bin/env bash
# UAX #9, rule N0 c: a pair of brackets whose content runs against the paragraph takes the direction
# of the strong character before it. unicode-bidi, the Rust crate in python-bidi (and in Firefox),
# does not see that character when an isolate stands in between: Hebrew, LRM, an isolated "2", then
# "(", Hebrew, ")" in a left-to-right paragraph. The LRM makes the brackets left-to-right, so they
# should stay where they are; the crate takes the Hebrew letter before the LRM and reverses them.
# fpdf2's algorithm is correct. Without the isolate both agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-bidi==0.6.12 fpdf2==2.8.9
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version

from bidi import get_display
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection


def levels(text):
    paragraph = BidiParagraph(text, TextDirection.LTR, preserve_bn_chars=True)
    return [character.embedding_level for character in paragraph.characters]


print("python-bidi", version("python-bidi"), "fpdf2", version("fpdf2"))
for text, brackets, seen in (
    ("\u05d1\u200e\u20662\u2069(\u05d2)", [0, 0], ")\u05d2("),
    ("\u05d1\u200e(\u05d2)", [0, 0], "(\u05d2)"),
):
    found = levels(text)
    shown = get_display(text, base_dir="L")
    print(ascii(text), "levels of fpdf2", found, "order of python-bidi", ascii(shown))
    assert [found[-3], found[-1]] == brackets
    assert shown.endswith(seen)
END
