#!/usr/bin/env bash
# A form keeps what was filled in as appearances of its fields. PDFium draws them in a step of its own
# (FPDF_FFLDraw) and only for a document with a form environment: pypdfium2 draws a filled form empty,
# without an error or a warning, unless `init_forms()` is called before the first page is loaded. Called
# after that, it does not help for this page. A result sheet of a laboratory looks like a blank form.
# Seen with pypdfium2 5.15.2 (PDFium 159.0.8149.0) and pikepdf 10.18.0: three lines, as compared below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 pikepdf==10.18.0 pillow==13.0.0
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
from io import BytesIO

import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream

pdf, file = Pdf.new(), BytesIO()
page = pdf.add_blank_page(page_size=(100, 100))
value = Stream(pdf, b"1 0 0 rg 0 0 100 100 re f", Type=Name.XObject, Subtype=Name.Form)
value.BBox = Array([0, 0, 100, 100])
field = pdf.make_indirect(
    Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="result", V="positive", F=4,
        Rect=Array([0, 0, 100, 100]), AP=Dictionary(N=value),
    )
)
page.Annots = Array([field])
pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
pdf.save(file)


def center(page):
    return "red" if page.render().to_pil().convert("RGB").getpixel((50, 50)) == (255, 0, 0) else "empty"


plain = pypdfium2.PdfDocument(file.getvalue())
print("without init_forms:", center(plain[0]))
late = pypdfium2.PdfDocument(file.getvalue())
loaded = late[0]
late.init_forms()
print("init_forms after the page:", center(loaded))
first = pypdfium2.PdfDocument(file.getvalue())
first.init_forms()
print("init_forms first:", center(first[0]))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
without init_forms: empty
init_forms after the page: empty
init_forms first: red
EXPECTED
