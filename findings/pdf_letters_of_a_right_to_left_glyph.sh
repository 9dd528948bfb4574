#!/usr/bin/env bash
# In which order may ToUnicode list the letters of one glyph that stands for several, in text that runs
# from right to left (a Hebrew letter with its point, an Arabic ligature)? PDFium reverses the line
# letter by letter, so the letters must be listed backwards to come out as written; pypdf keeps the
# letters of a code together, so there they must be listed forwards. No order suits both. (poppler
# 22.12 and pdf.js 4 behave like PDFium.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 pypdf==7.1.1
"$folder/venv/bin/python" - <<'END'
from importlib.metadata import version
from io import BytesIO

import pypdfium2
from pypdf import PdfReader

WRITTEN = "\u05e9\u05b8\u05dc\u05d5\u05dd"  # shin with its point qamats, lamed, vav, final mem


def document(first):
    """One line, drawn from left to right: mem, vav, lamed, and a glyph for shin with its point."""
    letters = {"A": "\u05dd", "B": "\u05d5", "C": "\u05dc", "D": first}
    rows = "".join(
        f"<{ord(code):02X}> <{text.encode('utf-16-be').hex()}>\n" for code, text in letters.items()
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /X def /CMapType 2 def 1 begincodespacerange <00> <FF> endcodespacerange\n"
        f"{len(letters)} beginbfchar\n{rows}endbfchar endcmap end end"
    )
    page = "BT /F 20 Tf 50 50 Td (ABCD) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R"
        "/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(page)}>>stream\n{page}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        f"<</Length {len(cmap)}>>stream\n{cmap}\nendstream",
    ]
    data, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    return data + (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(data)}\n%%EOF"
    ).encode()


def read(data):
    pdfium = pypdfium2.PdfDocument(data)[0].get_textpage().get_text_bounded().strip()
    return pdfium, PdfReader(BytesIO(data)).pages[0].extract_text().strip()


print("pypdfium2", version("pypdfium2"), "pypdf", version("pypdf"))
forwards, backwards = read(document("\u05e9\u05b8")), read(document("\u05b8\u05e9"))
print("listed forwards:  PDFium", ascii(forwards[0]), "pypdf", ascii(forwards[1]))
print("listed backwards: PDFium", ascii(backwards[0]), "pypdf", ascii(backwards[1]))
assert [text == WRITTEN for text in forwards] == [False, True]
assert [text == WRITTEN for text in backwards] == [True, False]
END
