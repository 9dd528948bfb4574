"""PDFs as printers, hospitals and forms make them, and PDFs that were made to hurt."""

import zlib
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import Any, Literal

import pikepdf
from fpdf import FPDF
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

RED = (200, 60, 40)
Revision = Literal[2, 3, 4, 6]
REVISIONS: tuple[Revision, ...] = (2, 3, 4, 6)
"How a PDF is locked with passwords (ISO 32000-2, table 21)."


def saved(pdf: Pdf, **options: Any) -> bytes:
    target = BytesIO()
    pdf.save(target, **options)
    return target.getvalue()


def plain(pages: int = 1, width: float = 200, height: float = 300, **keys: object) -> Pdf:
    """Pages that are RED on the left half."""
    pdf = Pdf.new()
    for _ in range(pages):
        page = pdf.add_blank_page(page_size=(width, height))
        page.Contents = Stream(pdf, red(0, 0, width / 2, height))
        for name, value in keys.items():
            page[f"/{name}"] = value
    return pdf


def box(*numbers: float) -> Array:
    """A rectangle."""
    return Array(numbers)


def red(left: float, bottom: float, width: float, height: float) -> bytes:
    """The operators of a RED rectangle."""
    color = " ".join(f"{part / 255:.4f}" for part in RED)
    return f"{color} rg {left} {bottom} {width} {height} re f".encode()


def encrypted(user: str, revision: Revision = 6) -> bytes:
    return saved(
        plain(2),
        encryption=pikepdf.Encryption(
            owner="owner", user=user, R=revision, aes=revision > 3, metadata=revision > 3
        ),
    )


def filled_form() -> bytes:
    """A form whose value is drawn by its widget alone, in RED over the whole page."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(200, 300))
    appearance = Stream(
        pdf, red(0, 0, 200, 300), Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 200, 300])
    )
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="result", V="positive", F=4,
            Rect=Array([0, 0, 200, 300]), AP=Dictionary(N=appearance), P=page.obj,
        )
    )  # fmt: skip
    page.Annots = Array([field])
    pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=Array([field])))
    return saved(pdf)


def with_scripts_and_signature() -> bytes:
    """What no reader of ours runs or checks: a script on opening, one of a page, a signature field."""
    pdf = plain()
    script = Dictionary(S=Name.JavaScript, JS="app.alert('hello')")
    pdf.Root.OpenAction = script
    pdf.pages[0].AA = Dictionary(O=script)
    signature = Dictionary(
        Type=Name.Sig,
        Filter=Name("/Adobe.PPKLite"),
        ByteRange=Array([0, 1, 2, 3]),
        Contents=pikepdf.String("x"),
    )
    field = pdf.make_indirect(
        Dictionary(FT=Name.Sig, T="signature", V=pdf.make_indirect(signature))
    )
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)
    return saved(pdf)


def with_attachment() -> bytes:
    pdf = plain()
    pdf.attachments["findings.txt"] = b"more"
    return saved(pdf)


def portfolio() -> bytes:
    pdf = plain()
    pdf.Root.Collection = Dictionary(Type=Name.Collection)
    return saved(pdf)


def dynamic_form() -> bytes:
    """An XFA form whose page says "Please wait" everywhere but in Acrobat."""
    pdf = plain()
    pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=Stream(pdf, b"<xdp:xdp/>"))
    pdf.Root.NeedsRendering = True
    return saved(pdf)


def for_a_certificate() -> bytes:
    """A PDF that only the owner of a key can open (ISO 32000-2, 7.6.5)."""
    data = saved(plain(), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    handler = b"/Encrypt << /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s4 /V 2 /Length 128 /Recipients [<00>] >> "
    place = data.rindex(b"trailer <<") + len(b"trailer <<")
    return data[:place] + b" " + handler + data[place:]


def updated(times: int) -> bytes:
    """A PDF with incremental updates, as signing programs append them."""
    data = saved(plain(), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    for number in range(times):
        start = data[data.rindex(b"startxref") :].split()[1].decode()
        place = len(data)
        data += f"\n900 0 obj\n({number})\nendobj\n".encode()
        table = len(data)
        root = data[data.index(b"/Root") :][: len(b"/Root 1 0 R")].decode()
        data += (
            f"xref\n900 1\n{place + 1:010} 00000 n \ntrailer << /Size 901 {root} /Prev {start} >>\n"
            f"startxref\n{table}\n%%EOF\n"
        ).encode()
    return data


def photo(width: int = 4960, height: int = 7016) -> bytes:
    """An A4 page that is one picture of 600 dpi in color, compressed without loss."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    image = Stream(
        pdf, zlib.compress(bytes(RED) * width * height, 1), Type=Name.XObject, Subtype=Name.Image,
        Width=width, Height=height, ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.FlateDecode,
    )  # fmt: skip
    page.Resources = Dictionary(XObject=Dictionary(Picture=image))
    page.Contents = Stream(pdf, b"595 0 0 842 0 0 cm /Picture Do")
    return saved(pdf)


def scan(pages: int) -> bytes:
    """What scanners send: a JPEG on each page, made by fpdf2."""
    pdf = FPDF(unit="pt", format=(200, 300))
    for _ in range(pages):
        pdf.add_page()
        pdf.image(Image.new("RGB", (100, 300), RED), x=0, y=0, w=100, h=300)
    return bytes(pdf.output())


def written(objects: Iterable[bytes], root: int = 1) -> bytes:
    """A PDF of objects 1, 2, ..., with a right table."""
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(places) + 1, table, len(places) + 1, root, len(data),
    )  # fmt: skip


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def without_pages() -> bytes:
    return written([CATALOG, b"<< /Type /Pages /Kids [] /Count 0 >>"])


def without_media_box() -> bytes:
    return written(
        [CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Page /Parent 2 0 R >>"]
    )


def tree_in_a_circle() -> bytes:
    """A page tree that contains itself."""
    return written(
        [
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
        ]
    )


def many_claimed_pages(count: int) -> bytes:
    """One page, and a count that says more."""
    return written(
        [
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % count,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] >>",
        ]
    )


def deep_tree(depth: int) -> bytes:
    """Pages within pages within pages."""
    inner = (
        b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (number - 1, number + 1)
        for number in range(3, depth)
    )
    return written(
        [
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            *inner,
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 200 300] >>" % (depth - 1),
        ]
    )


def form_in_a_circle() -> bytes:
    """A drawing that draws itself."""
    drawing = b"q /Again Do Q"
    return written(
        [
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents 4 0 R /Resources << /XObject << /Again 5 0 R >> >> >>",
            b"<< /Length %d >> stream\n%s\nendstream" % (len(drawing), drawing),
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 300] /Resources << /XObject << /Again 5 0 R >> >>"
            b" /Length %d >> stream\n%s\nendstream" % (len(drawing), drawing),
        ]
    )


def forms_in_forms(levels: int, times: int) -> bytes:
    """Drawings that draw others many times: `times` to the power of `levels` altogether."""
    drawing = b"/Next Do " * times
    forms = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 300] /Resources << /XObject << /Next %d 0 R >> >>"
        b" /Length %d >> stream\n%s\nendstream" % (number + 1, len(drawing), drawing)
        for number in range(5, 5 + levels)
    )
    last = red(0, 0, 100, 300)
    return written(
        [
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents 4 0 R /Resources << /XObject << /Next 5 0 R >> >> >>",
            b"<< /Length 8 >> stream\n/Next Do\nendstream",
            *forms,
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 300] /Length %d >> stream\n%s\nendstream"
            % (len(last), last),
        ]
    )


@cache
def inflating(megabytes: int, layers: int = 1) -> bytes:
    """Page content that is small as a file, and `megabytes` large as what is drawn."""
    megabyte = b" " * 2**20
    packing = zlib.compressobj(1)
    head = packing.compress(megabyte) + packing.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers back, so the same octets are the next megabyte too: packing
    # all of them would take seconds. The end has the checksum of all (RFC 1950, section 2.2).
    again = packing.compress(megabyte) + packing.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(megabytes):
        checksum = zlib.adler32(megabyte, checksum)
    content = head + again * (megabytes - 1) + packing.flush()[:-4] + checksum.to_bytes(4, "big")
    for _ in range(layers - 1):
        content = zlib.compress(content, 9)
    filters = b"/FlateDecode " * layers
    return written(
        [
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents 4 0 R >>",
            b"<< /Filter [%s] /Length %d >> stream\n%s\nendstream"
            % (filters, len(content), content),
        ]
    )
