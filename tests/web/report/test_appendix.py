"""PDFs at the end of a report: pages come over, and whatever cannot be read is left out."""

from io import BytesIO

import pypdfium2
import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from tests.files import pdf, pixel
from tests.web.attachments.making_pdfs import plain, saved
from web.report import appendix as module
from web.report.appendix import Appendix

REPORT = pdf(1)


def locked(password: str, owner: str) -> bytes:
    writer = PdfWriter(clone_from=BytesIO(pdf(2)))
    writer.encrypt(password, owner, algorithm="AES-256")
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def form() -> bytes:
    """A form with one field, whose value is a red box."""
    writer = PdfWriter(clone_from=BytesIO(bytes(FPDF_PAGE)))
    drawn = StreamObject()
    drawn.set_data(b"1 0 0 rg 0 0 100 100 re f")
    box = ArrayObject([FloatObject(each) for each in (0, 0, 100, 100)])
    drawn.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): box,
        }
    )
    field = writer._add_object(
        DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Widget"),
                NameObject("/FT"): NameObject("/Tx"),
                NameObject("/T"): TextStringObject("result"),
                NameObject("/V"): TextStringObject("positive"),
                NameObject("/Rect"): box,
                NameObject("/AP"): DictionaryObject({NameObject("/N"): writer._add_object(drawn)}),
            }
        )
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([field])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/Fields"): ArrayObject([field])}
    )
    return written(writer)


def _blank() -> bytes:
    document = FPDF(unit="pt", format=(200, 200))
    document.add_page()
    return bytes(document.output())


FPDF_PAGE = _blank()


def test_pages_follow_in_order() -> None:
    appendix = Appendix()
    assert appendix.take("one.pdf", pdf(2))
    assert appendix.take("two.pdf", locked("", "owner"))
    whole = PdfReader(BytesIO(appendix.appended_to(REPORT)))
    assert len(whole.pages) == 1 + 2 + 2
    assert [entry["/Title"] for entry in whole.outline] == ["one.pdf", "two.pdf"]
    assert not whole.is_encrypted


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7\n", b"GIF89a" * 100, pdf(1)[:300], locked("secret", "owner"),
     written(PdfWriter())],
    ids=["empty", "only a head", "a picture", "cut", "locked", "without pages"],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out(content: bytes) -> None:
    appendix = Appendix()
    assert not appendix.take("bad.pdf", content)
    assert appendix.take("good.pdf", pdf(1))
    assert len(PdfReader(BytesIO(appendix.appended_to(REPORT))).pages) == 2


def test_what_stands_around_a_pdf_does_not_matter() -> None:
    appendix = Appendix()
    assert appendix.take("mail.pdf", b"x" * 900 + saved(plain(2)))
    assert appendix.take("scan.pdf", saved(plain(3)) + b"\x55" * 100_000)
    assert len(PdfReader(BytesIO(appendix.appended_to(REPORT))).pages) == 1 + 2 + 3


def test_a_report_without_any_is_left_as_it_is() -> None:
    assert Appendix().appended_to(REPORT) is REPORT


def test_what_grows_too_large_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that makes it is stopped while it writes."""
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    appendix = Appendix()
    assert not appendix.take("large.pdf", pdf(300))


def test_all_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALL_SECONDS", 1e-9)
    appendix = Appendix()
    assert appendix.take("first.pdf", pdf(1))
    assert not appendix.take("second.pdf", pdf(1))


def test_what_is_filled_into_a_form_is_seen() -> None:
    appendix = Appendix()
    assert appendix.take("result.pdf", form())
    document = pypdfium2.PdfDocument(appendix.appended_to(REPORT))
    document.init_forms()
    image = document[1].render(may_draw_forms=True).to_pil().convert("RGB")
    assert pixel(image, 50, 150) == (255, 0, 0)
