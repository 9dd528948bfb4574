#!/usr/bin/env bash
# The password of a PDF with AES-256 (revision 6) is prepared with SASLprep (ISO 32000-2, 7.6.4.3.3).
# pypdf prepares passwords both when setting and when opening. PDFium, the reader inside Chromium,
# does not: typed with combining accents (macOS) or a no-break space, the correct password is refused.
# Seen with pypdf 7.1.1 and pypdfium2 5.15.2: four lines, as compared below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdf==7.1.1 pypdfium2==5.15.2 cryptography==50.0.2
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
from io import BytesIO
from unicodedata import normalize

import pypdfium2
from pypdf import PdfReader, PdfWriter

for name, password, typed in (
    ("composed", "Sécurité élève", normalize("NFC", "Sécurité élève")),
    ("decomposed", "Sécurité élève", normalize("NFD", "Sécurité élève")),
    ("no-break space", "a\u00a0b", "a\u00a0b"),
    ("space in its place", "a\u00a0b", "a b"),
):
    writer, file = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(file)
    try:
        pypdfium2.PdfDocument(file.getvalue(), password=typed)
        pdfium = "opens"
    except pypdfium2.PdfiumError:
        pdfium = "refuses"
    pypdf = "opens" if PdfReader(BytesIO(file.getvalue())).decrypt(typed) else "refuses"
    print(f"{name}: pypdf {pypdf}, PDFium {pdfium}")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
composed: pypdf opens, PDFium opens
decomposed: pypdf opens, PDFium refuses
no-break space: pypdf opens, PDFium refuses
space in its place: pypdf opens, PDFium opens
EXPECTED
